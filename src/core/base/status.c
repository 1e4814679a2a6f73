/* SPDX-License-Identifier: MIT */
#include "core/base/status.h"

#include <stdio.h>
#include <string.h>

chl_status chl_vfail(chl_error *err, chl_status code, const char *fmt, va_list args)
{
    if (err) {
        err->code = code;
        vsnprintf(err->message, sizeof err->message, fmt, args);
    }
    return code;
}

chl_status chl_fail(chl_error *err, chl_status code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    chl_vfail(err, code, fmt, args);
    va_end(args);
    return code;
}

chl_status chl_fail_memory(chl_error *err)
{
    return chl_fail(err, CHL_ENOMEM, "out of memory");
}

chl_status chl_error_prefix(chl_error *err, const char *fmt, ...)
{
    if (!err) {
        return CHL_EINVAL;
    }
    char old[CHL_MESSAGE_MAX];
    memcpy(old, err->message, sizeof old);
    va_list args;
    va_start(args, fmt);
    int used = vsnprintf(err->message, sizeof err->message, fmt, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof err->message) {
        snprintf(err->message + used, sizeof err->message - (size_t)used, ": %s", old);
    }
    return err->code;
}

void chl_error_reset(chl_error *err)
{
    if (err) {
        err->code = CHL_OK;
        err->message[0] = '\0';
    }
}
