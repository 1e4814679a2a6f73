/* SPDX-License-Identifier: MIT
 *
 * Early stopping and the figures it can watch. Layer: core/train.
 */
#include <math.h>
#include <string.h>

#include "core/base/nearest.h"
#include "core/base/options.h"
#include "core/train/monitor.h"

static const char PREFIX[] = "val_loss_"; /* of a head's own loss */

chl_status chl_monitor_read(chl_monitor *m, const char *where, chl_error *err)
{
    static const char *const names[] = {"val_loss", "val_auc", "loss"};
    m->figure = CHL_VAL_LOSS;
    for (int i = 0; m->name && i < 3; i++) {
        if (strcmp(m->name, names[i]) == 0) {
            m->figure = i;
            return CHL_OK;
        }
    }
    if (m->name && strncmp(m->name, PREFIX, sizeof PREFIX - 1) == 0) {
        m->figure = CHL_VAL_HEAD;
        return CHL_OK;
    }
    return m->name ? chl_fail_unknown(err, where, "monitor", m->name, names, 3) : CHL_OK;
}

static chl_status find_head(chl_monitor *m, const chl_net *net, const char *where,
                            chl_error *err)
{
    const char *names[CHL_HEADS_MAX], *wanted = m->name + sizeof PREFIX - 1;
    for (int h = 0; h < chl_net_heads(net); h++) {
        names[h] = chl_net_head_name(net, h);
        if (strcmp(names[h], wanted) == 0) {
            m->head = h;
            return CHL_OK;
        }
    }
    return chl_fail_unknown(err, where, "head of the monitor", wanted, names,
                            (size_t)chl_net_heads(net));
}

chl_status chl_monitor_bind(chl_monitor *m, const chl_net *net, const char *where,
                            bool has_valid, chl_error *err)
{
    if (m->figure != CHL_LOSS && !has_valid) {
        return chl_fail(err, CHL_EINVAL,
                        "%s: monitor '%s': expected a validation set, got none", where,
                        m->name ? m->name : "val_loss");
    }
    return m->figure == CHL_VAL_HEAD ? find_head(m, net, where, err) : CHL_OK;
}

double chl_monitor_value(const chl_monitor *m, const chl_epoch *epoch)
{
    switch (m->figure) {
    case CHL_VAL_LOSS: return epoch->val_loss;
    case CHL_VAL_AUC: return epoch->val_auc;
    case CHL_VAL_HEAD: return epoch->heads ? epoch->val_head[m->head] : epoch->val_loss;
    default: return epoch->loss;
    }
}

bool chl_monitor_higher(const chl_monitor *m)
{
    return m->figure == CHL_VAL_AUC;
}

static const chl_option early_stop_options[] = {
    {"type", CHL_OPT_IGNORE, 0, 0, 0, NULL, 0},
    {"monitor", CHL_OPT_STRING, offsetof(chl_early_stop, monitor.name), 0, 0, NULL, 0},
    {"patience", CHL_OPT_INT, offsetof(chl_early_stop, patience), 1, 1e9, NULL, 0},
    {"restore", CHL_OPT_BOOL, offsetof(chl_early_stop, restore), 0, 0, NULL, 0},
    {"min_delta", CHL_OPT_DOUBLE, offsetof(chl_early_stop, min_delta), 0, 1e9, NULL, 0},
    {0}};

chl_status chl_early_stop_read(const json_t *json, chl_early_stop *s, chl_error *err)
{
    *s = (chl_early_stop){
        .on = json && !json_is_null(json), .patience = 10, .restore = true, .best = NAN};
    if (s->on) {
        CHL_TRY(chl_options_read(json, "early_stop", early_stop_options, s, err));
    }
    return chl_monitor_read(&s->monitor, "early_stop", err);
}

bool chl_early_stop_update(chl_early_stop *s, const chl_epoch *epoch, bool *best)
{
    double value = chl_monitor_value(&s->monitor, epoch);
    double gain = chl_monitor_higher(&s->monitor) ? value - s->best : s->best - value;
    *best = isnan(s->best) || gain > s->min_delta;
    if (*best) {
        s->best = value;
        s->best_epoch = epoch->epoch;
        s->waited = 0;
        return false;
    }
    return ++s->waited >= s->patience;
}
