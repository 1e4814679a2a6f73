/* SPDX-License-Identifier: MIT
 *
 * Early stopping and the figures it can watch. Layer: core/nn.
 */
#include <math.h>

#include "core/base/options.h"
#include "core/nn/monitor.h"

const char *const chl_monitor_names[] = {"val_loss", "val_auc", "loss", NULL};

double chl_monitor_value(int monitor, const chl_epoch *epoch)
{
    switch (monitor) {
    case CHL_VAL_LOSS: return epoch->val_loss;
    case CHL_VAL_AUC: return epoch->val_auc;
    default: return epoch->loss;
    }
}

bool chl_monitor_higher(int monitor)
{
    return monitor == CHL_VAL_AUC;
}

chl_status chl_monitor_check(int monitor, const char *where, bool has_valid,
                             chl_error *err)
{
    if (monitor == CHL_LOSS || has_valid) {
        return CHL_OK;
    }
    return chl_fail(err, CHL_EINVAL,
                    "%s: monitor '%s': expected a validation set, got none", where,
                    chl_monitor_names[monitor]);
}

static const chl_option early_stop_options[] = {
    {"type", CHL_OPT_IGNORE, 0, 0, 0, NULL, 0},
    {"monitor", CHL_OPT_CHOICE, offsetof(chl_early_stop, monitor), 0, 0,
     chl_monitor_names, 0},
    {"patience", CHL_OPT_INT, offsetof(chl_early_stop, patience), 1, 1e9, NULL, 0},
    {"restore", CHL_OPT_BOOL, offsetof(chl_early_stop, restore), 0, 0, NULL, 0},
    {"min_delta", CHL_OPT_DOUBLE, offsetof(chl_early_stop, min_delta), 0, 1e9, NULL, 0},
    {0}};

chl_status chl_early_stop_read(const json_t *json, chl_early_stop *s, chl_error *err)
{
    *s = (chl_early_stop){
        .on = json && !json_is_null(json), .patience = 10, .restore = true, .best = NAN};
    return s->on ? chl_options_read(json, "early_stop", early_stop_options, s, err)
                 : CHL_OK;
}

bool chl_early_stop_update(chl_early_stop *s, const chl_epoch *epoch, bool *best)
{
    double value = chl_monitor_value(s->monitor, epoch);
    double gain = chl_monitor_higher(s->monitor) ? value - s->best : s->best - value;
    *best = isnan(s->best) || gain > s->min_delta;
    if (*best) {
        s->best = value;
        s->best_epoch = epoch->epoch;
        s->waited = 0;
        return false;
    }
    return ++s->waited >= s->patience;
}
