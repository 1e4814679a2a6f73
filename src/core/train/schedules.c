/* SPDX-License-Identifier: MIT
 *
 * Learning rate schedules that act after an epoch, and the options of all. Layer:
 * core/train. Those that act at each step are in timed.c.
 */
#include <math.h>
#include <string.h>

#include "core/base/nearest.h"
#include "core/base/options.h"
#include "core/train/monitor.h"

static const double SMALLEST_CHANGE = 1e-8; /* PyTorch's eps */
static const char *const schedule_names[] = {"reduce_lr", "step",     "exponential",
                                             "warm_up",   "cosine",   "one_cycle",
                                             "coslog4",   "flat_cos", NULL};

#define TYPE                                                                             \
    {                                                                                    \
        "type", CHL_OPT_CHOICE, offsetof(chl_schedule, type), 0, 0, schedule_names, 1    \
    }
#define FIELD(name, type, low, high)                                                     \
    {                                                                                    \
#name, type, offsetof(chl_schedule, name), low, high, NULL, 0                    \
    }

static const chl_option reduce_options[] = {
    TYPE,
    {"monitor", CHL_OPT_STRING, offsetof(chl_schedule, monitor.name), 0, 0, NULL, 0},
    FIELD(factor, CHL_OPT_DOUBLE, 1e-6, 0.999999),
    FIELD(patience, CHL_OPT_INT, 0, 1e9),
    FIELD(cooldown, CHL_OPT_INT, 0, 1e9),
    FIELD(min_lr, CHL_OPT_DOUBLE, 0, 1e3),
    FIELD(threshold, CHL_OPT_DOUBLE, 0, 1),
    {0}};
static const chl_option step_options[] = {
    TYPE,
    {"every", CHL_OPT_INT, offsetof(chl_schedule, every), 1, 1e9, NULL, 1},
    FIELD(factor, CHL_OPT_DOUBLE, 1e-6, 1e6),
    {0}};
static const chl_option exponential_options[] = {
    TYPE, FIELD(factor, CHL_OPT_DOUBLE, 1e-6, 1e6), {0}};
static const chl_option warm_up_options[] = {
    TYPE, FIELD(share, CHL_OPT_DOUBLE, 0, 1), {0}};
static const chl_option cosine_options[] = {
    TYPE, FIELD(lowest, CHL_OPT_DOUBLE, 0, 1), {0}};
static const chl_option one_cycle_options[] = {TYPE,
                                               FIELD(share, CHL_OPT_DOUBLE, 0.001, 0.999),
                                               FIELD(start, CHL_OPT_DOUBLE, 0, 1),
                                               FIELD(finish, CHL_OPT_DOUBLE, 0, 1),
                                               {0}};
static const chl_option no_options[] = {TYPE, {0}};

/* By type: what messages call it, its options, its defaults. */
static const struct {
    const char *where;
    const chl_option *options;
    chl_schedule defaults;
} kinds[] = {
    [CHL_REDUCE_LR] = {"reduce_lr",
                       reduce_options,
                       {.factor = 0.5, .patience = 5, .threshold = 1e-4}},
    [CHL_STEP_LR] = {"step_lr", step_options, {.factor = 0.5}},
    [CHL_EXPONENTIAL_LR] = {"exponential_lr", exponential_options, {.factor = 0.95}},
    [CHL_WARM_UP] = {"warm_up", warm_up_options, {.share = 0.05}},
    [CHL_COSINE] = {"cosine", cosine_options, {.lowest = 0}},
    [CHL_ONE_CYCLE] = {"one_cycle",
                       one_cycle_options,
                       {.share = 0.3, .start = 0.04, .finish = 4e-6}},
    [CHL_COSLOG4] = {"coslog4", no_options, {.factor = 1}},
    [CHL_FLAT_COS] = {"flat_cos", no_options, {.factor = 1}},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static chl_status read_schedule(const json_t *json, chl_schedule *s, chl_error *err)
{
    const char *name = json_string_value(json_object_get(json, "type"));
    int type = CHL_REDUCE_LR;
    while (name && type < KINDS && strcmp(name, schedule_names[type]) != 0) {
        type++;
    }
    if (type == KINDS) {
        return chl_fail_unknown(err, "schedules", "type", name, schedule_names, KINDS);
    }
    *s = kinds[type].defaults;
    s->best = NAN;
    CHL_TRY(chl_options_read(json, kinds[type].where, kinds[type].options, s, err));
    return chl_monitor_read(&s->monitor, kinds[type].where, err);
}

chl_status chl_schedules_read(const json_t *json, chl_schedules *s, chl_error *err)
{
    *s = (chl_schedules){0};
    if (!json || json_is_null(json)) {
        return CHL_OK;
    }
    size_t n = json_array_size(json);
    if (!json_is_array(json) || n > CHL_SCHEDULES_MAX) {
        return chl_fail(err, CHL_ETYPE,
                        "train: option 'schedules': expected a list of up to %d, got %s",
                        CHL_SCHEDULES_MAX, n ? "more" : chl_json_type_name(json));
    }
    for (size_t i = 0; i < n; i++) {
        CHL_TRY(read_schedule(json_array_get(json, i), &s->list[i], err));
    }
    s->count = (int)n;
    return CHL_OK;
}

static bool is_better(const chl_schedule *s, double value)
{
    if (isnan(s->best)) {
        return true;
    }
    return chl_monitor_higher(&s->monitor) ? value > s->best * (1 + s->threshold)
                                           : value < s->best * (1 - s->threshold);
}

static double update_plateau(chl_schedule *s, const chl_epoch *epoch, double lr)
{
    double value = chl_monitor_value(&s->monitor, epoch);
    if (is_better(s, value)) {
        s->best = value;
        s->bad = 0;
    } else {
        s->bad++;
    }
    if (s->cooling > 0) {
        s->cooling--;
        s->bad = 0;
    }
    if (s->bad <= s->patience) {
        return lr;
    }
    s->cooling = s->cooldown;
    s->bad = 0;
    double reduced = fmax(lr * s->factor, s->min_lr);
    return lr - reduced > SMALLEST_CHANGE ? reduced : lr;
}

double chl_schedules_update(chl_schedules *s, const chl_epoch *epoch, double lr)
{
    for (int i = 0; i < s->count; i++) {
        chl_schedule *one = &s->list[i];
        if (one->type == CHL_REDUCE_LR) {
            lr = update_plateau(one, epoch, lr);
        } else if (one->type == CHL_EXPONENTIAL_LR ||
                   (one->type == CHL_STEP_LR && epoch->epoch % one->every == 0)) {
            lr *= one->factor;
        }
    }
    return lr;
}
