/* SPDX-License-Identifier: MIT */
#include "core/base/control.h"

#include <time.h>

int chl_control_threads(const chl_control *control)
{
    return control && control->threads > 1 ? control->threads : 1;
}

bool chl_control_cancelled(const chl_control *control)
{
    return control && control->cancel && *control->cancel;
}

void chl_control_report(const chl_control *control, double fraction, const char *text)
{
    if (control && control->report) {
        control->report(control->ctx, fraction, text);
    }
}

chl_status chl_control_check(const chl_control *control, const char *what, chl_error *err)
{
    if (chl_control_cancelled(control)) {
        return chl_fail(err, CHL_ECANCELLED, "%s: interrupted", what);
    }
    return CHL_OK;
}

double chl_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}
