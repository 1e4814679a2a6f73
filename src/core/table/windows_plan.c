/* SPDX-License-Identifier: MIT */
#include "core/table/windows_plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/nearest.h"
#include "core/base/options.h"
#include "core/base/strbuf.h"
#include "core/data/times.h"

/* The option table as it stands, before names and times are looked at. */
typedef struct raw_options {
    const char *id, *time, *known;
    const json_t *cutoffs, *lookback, *outcome, *until, *value, *category, *levels;
    const json_t *population, *features, *customers, *sequence;
    double gap;
    int64_t buckets;
    int missing;
} raw_options;

static const char *const feature_names[] = {
    "recency", "tenure", "count", "active", "rate", "trend", "change",
    "gap",     "sum",    "mean",  "min",    "max",  "std",   "levels"};

const char *windows_feature_name(window_feature feature)
{
    return feature_names[feature];
}

static chl_status read_options(const json_t *options, raw_options *raw, chl_error *err)
{
    static const char *const missing[] = {"error", "skip", NULL};
    static const chl_option table[] = {
        {"id", CHL_OPT_STRING, offsetof(raw_options, id), 0, 0, NULL, 1},
        {"time", CHL_OPT_STRING, offsetof(raw_options, time), 0, 0, NULL, 1},
        {"known", CHL_OPT_STRING, offsetof(raw_options, known), 0, 0, NULL, 0},
        {"cutoffs", CHL_OPT_JSON, offsetof(raw_options, cutoffs), 0, 0, NULL, 1},
        {"lookback", CHL_OPT_JSON, offsetof(raw_options, lookback), 0, 0, NULL, 0},
        {"gap", CHL_OPT_DOUBLE, offsetof(raw_options, gap), 0, 36525, NULL, 0},
        {"outcome", CHL_OPT_JSON, offsetof(raw_options, outcome), 0, 0, NULL, 0},
        {"observed_until", CHL_OPT_JSON, offsetof(raw_options, until), 0, 0, NULL, 0},
        {"value", CHL_OPT_JSON, offsetof(raw_options, value), 0, 0, NULL, 0},
        {"category", CHL_OPT_JSON, offsetof(raw_options, category), 0, 0, NULL, 0},
        {"levels", CHL_OPT_JSON, offsetof(raw_options, levels), 0, 0, NULL, 0},
        {"population", CHL_OPT_JSON, offsetof(raw_options, population), 0, 0, NULL, 0},
        {"features", CHL_OPT_JSON, offsetof(raw_options, features), 0, 0, NULL, 0},
        {"customers", CHL_OPT_JSON, offsetof(raw_options, customers), 0, 0, NULL, 0},
        {"sequence", CHL_OPT_JSON, offsetof(raw_options, sequence), 0, 0, NULL, 0},
        {"buckets", CHL_OPT_INT, offsetof(raw_options, buckets), 2, WINDOWS_BUCKETS_MAX,
         NULL, 0},
        {"missing", CHL_OPT_CHOICE, offsetof(raw_options, missing), 0, 0, missing, 0},
        {NULL, 0, 0, 0, 0, NULL, 0}};
    *raw = (raw_options){.buckets = 4};
    return chl_options_read(options, "windows", table, raw, err);
}

/* ---- numbers of days, names ---- */

/* Days as a length in the clock's unit; fractions of a day only for timestamps. */
static chl_status length_of(const window_clock *clock, double days, const char *what,
                            int64_t *length, chl_error *err)
{
    double units = days * (double)clock->day;
    if (units != floor(units)) {
        return chl_fail(err, CHL_EINVAL,
                        "windows: option '%s': expected whole days because the times are "
                        "dates, got %g",
                        what, days);
    }
    *length = (int64_t)units;
    return CHL_OK;
}

/* A list of names, or one name. */
static chl_status read_names(const json_t *list, const char *what, const char **names,
                             int most, int *n, chl_error *err)
{
    bool none = !list || (json_is_object(list) && json_object_size(list) == 0);
    size_t count = none ? 0 : json_is_array(list) ? json_array_size(list) : 1;
    if (count > (size_t)most) {
        return chl_fail(err, CHL_EINVAL,
                        "windows: option '%s': expected at most %d names, got %zu", what,
                        most, count);
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_is_array(list) ? json_array_get(list, i) : list;
        if (!json_is_string(item)) {
            return chl_fail(err, CHL_ETYPE,
                            "windows: option '%s': expected names of columns, got %s",
                            what, chl_json_type_name(item));
        }
        names[i] = json_string_value(item);
        for (size_t k = 0; k < i; k++) {
            if (strcmp(names[i], names[k]) == 0) {
                return chl_fail(err, CHL_EINVAL,
                                "windows: option '%s': '%s' occurs twice", what,
                                names[i]);
            }
        }
    }
    *n = (int)count;
    return CHL_OK;
}

static chl_status add_lookback(windows_plan *plan, const json_t *item, chl_error *err)
{
    int k = plan->n_lookbacks;
    if (json_is_string(item) && strcmp(json_string_value(item), "all") == 0) {
        plan->lookbacks[k] = WINDOW_ALL;
        strcpy(plan->suffixes[k], "_all");
    } else if (json_is_number(item) && json_number_value(item) > 0 &&
               json_number_value(item) <= 36525) {
        char text[32];
        double days = json_number_value(item);
        CHL_TRY(length_of(&plan->clock, days, "lookback", &plan->lookbacks[k], err));
        chl_format_double(days, text);
        snprintf(plan->suffixes[k], sizeof plan->suffixes[k], "_%.20sd", text);
    } else {
        return chl_fail(err, CHL_EINVAL,
                        "windows: option 'lookback': item %d: expected a number of days "
                        "up to 36525 or \"all\"",
                        k + 1);
    }
    plan->n_lookbacks++;
    return CHL_OK;
}

static chl_status read_lookbacks(windows_plan *plan, const json_t *list, chl_error *err)
{
    json_t *usual = list ? NULL : json_pack("[i,i,s]", 30, 90, "all");
    const json_t *items = list ? list : usual;
    size_t n = json_is_array(items) ? json_array_size(items) : items ? 1 : 0;
    chl_status status = CHL_OK;
    if (!items) {
        status = chl_fail_memory(err);
    } else if (n < 1 || n > WINDOWS_LOOKBACKS_MAX) {
        status = chl_fail(err, CHL_EINVAL,
                          "windows: option 'lookback': expected 1 to %d look-backs, got "
                          "%zu",
                          (int)WINDOWS_LOOKBACKS_MAX, n);
    }
    for (size_t i = 0; status == CHL_OK && i < n; i++) {
        const json_t *item = json_is_array(items) ? json_array_get(items, i) : items;
        status = add_lookback(plan, item, err);
    }
    json_decref(usual);
    return status;
}

static chl_status read_features(windows_plan *plan, const json_t *list, chl_error *err)
{
    const char *names[FEATURES];
    int n = 0;
    CHL_TRY(read_names(list, "features", names, FEATURES, &n, err));
    for (int f = 0; f < FEATURES; f++) {
        plan->features[f] = list == NULL;
    }
    for (int i = 0; i < n; i++) {
        int f = 0;
        while (f < FEATURES && strcmp(feature_names[f], names[i]) != 0) {
            f++;
        }
        if (f == FEATURES) {
            return chl_fail_unknown(err, "windows", "feature", names[i], feature_names,
                                    FEATURES);
        }
        plan->features[f] = true;
    }
    return CHL_OK;
}

/* ---- nested tables ---- */

static chl_status read_population(windows_plan *plan, const json_t *population,
                                  chl_error *err)
{
    static const chl_option table[] = {
        {"within", CHL_OPT_DOUBLE, 0, 1e-9, 36525, NULL, 1}, {NULL, 0, 0, 0, 0, NULL, 0}};
    if (!population || (json_is_string(population) &&
                        strcmp(json_string_value(population), "seen") == 0)) {
        return CHL_OK;
    }
    if (!json_is_object(population)) {
        return chl_fail(err, CHL_ETYPE,
                        "windows: option 'population': expected \"seen\" or { within = "
                        "days }, got %s",
                        json_is_string(population) ? json_string_value(population)
                                                   : chl_json_type_name(population));
    }
    double days = 0;
    CHL_TRY(chl_options_read(population, "windows: population", table, &days, err));
    return length_of(&plan->clock, days, "population", &plan->active_within, err);
}

typedef struct raw_customers {
    const char *id, *start, *stop;
} raw_customers;

static chl_status read_customers(windows_plan *plan, const json_t *customers,
                                 const chl_frame *frame, chl_error *err)
{
    static const chl_option table[] = {
        {"id", CHL_OPT_STRING, offsetof(raw_customers, id), 0, 0, NULL, 0},
        {"start", CHL_OPT_STRING, offsetof(raw_customers, start), 0, 0, NULL, 0},
        {"stop", CHL_OPT_STRING, offsetof(raw_customers, stop), 0, 0, NULL, 0},
        {NULL, 0, 0, 0, 0, NULL, 0}};
    raw_customers raw = {.id = plan->id};
    CHL_TRY(chl_options_read(customers, "windows: customers", table, &raw, err));
    int index;
    CHL_TRY(chl_frame_index(frame, "windows: customers", raw.id, &index, err));
    const char *const spells[] = {raw.start, raw.stop};
    for (int i = 0; i < 2; i++) {
        if (!spells[i]) {
            continue;
        }
        const chl_column *times;
        CHL_TRY(chl_frame_times_like(frame, "windows: customers", spells[i],
                                     plan->clock.type, plan->time, &times, err));
    }
    plan->customer = raw.id;
    plan->start = raw.start;
    plan->stop = raw.stop;
    return CHL_OK;
}

typedef struct raw_outcome {
    int kind;
    const char *where, *name;
    double within;
    bool once;
} raw_outcome;

static chl_status read_outcome(windows_plan *plan, const json_t *outcome, double gap,
                               chl_error *err)
{
    static const char *const kinds[] = {"inactive", "event", "no_event", NULL};
    static const chl_option table[] = {
        {"kind", CHL_OPT_CHOICE, offsetof(raw_outcome, kind), 0, 0, kinds, 1},
        {"where", CHL_OPT_STRING, offsetof(raw_outcome, where), 0, 0, NULL, 0},
        {"name", CHL_OPT_STRING, offsetof(raw_outcome, name), 0, 0, NULL, 0},
        {"within", CHL_OPT_DOUBLE, offsetof(raw_outcome, within), 1e-9, 36525, NULL, 1},
        {"once", CHL_OPT_BOOL, offsetof(raw_outcome, once), 0, 0, NULL, 0},
        {NULL, 0, 0, 0, 0, NULL, 0}};
    raw_outcome raw = {.name = "churned"};
    if (!outcome) {
        return CHL_OK;
    }
    CHL_TRY(chl_options_read(outcome, "windows: outcome", table, &raw, err));
    bool inactive = raw.kind == 0;
    if (inactive != (raw.where == NULL)) {
        return chl_fail(err, CHL_EINVAL,
                        inactive ? "windows: outcome: 'where' goes with the kinds "
                                   "\"event\" and \"no_event\", not with \"inactive\""
                                 : "windows: outcome: expected a condition 'where' that "
                                   "tells the events apart");
    }
    if (raw.once && raw.kind != 1) {
        return chl_fail(err, CHL_EINVAL,
                        "windows: outcome: 'once' goes with the kind \"event\"");
    }
    window_outcome *to = &plan->outcome;
    int64_t within = 0;
    CHL_TRY(length_of(&plan->clock, gap, "gap", &to->from, err));
    CHL_TRY(length_of(&plan->clock, raw.within, "within", &within, err));
    to->kind = (outcome_kind)(raw.kind + 1);
    to->to = to->from + within;
    to->where = raw.where;
    to->name = raw.name;
    to->once = raw.once;
    return CHL_OK;
}

typedef struct raw_sequence {
    int64_t steps;
    const char *prefix;
    const json_t *times;
} raw_sequence;

/* Which times are told of each event; both unless some are named. */
static chl_status read_times(window_sequence *sequence, const json_t *list,
                             chl_error *err)
{
    static const char *const known[] = {"age", "gap"};
    const char *names[2];
    int n = 0;
    CHL_TRY(read_names(list, "sequence.times", names, 2, &n, err));
    sequence->age = sequence->gap = list == NULL;
    for (int i = 0; i < n; i++) {
        bool age = strcmp(names[i], known[0]) == 0;
        if (!age && strcmp(names[i], known[1]) != 0) {
            return chl_fail_unknown(err, "windows: sequence", "time", names[i], known, 2);
        }
        *(age ? &sequence->age : &sequence->gap) = true;
    }
    return CHL_OK;
}

static chl_status read_sequence(windows_plan *plan, const json_t *options, chl_error *err)
{
    static const chl_option table[] = {
        {"steps", CHL_OPT_INT, offsetof(raw_sequence, steps), 1, WINDOWS_STEPS_MAX, NULL,
         1},
        {"prefix", CHL_OPT_STRING, offsetof(raw_sequence, prefix), 0, 0, NULL, 0},
        {"times", CHL_OPT_JSON, offsetof(raw_sequence, times), 0, 0, NULL, 0},
        {NULL, 0, 0, 0, 0, NULL, 0}};
    raw_sequence raw = {.prefix = "seq"};
    window_sequence *sequence = &plan->sequence;
    if (!options) {
        return CHL_OK;
    }
    CHL_TRY(chl_options_read(options, "windows: sequence", table, &raw, err));
    if (raw.prefix[0] == 0 || strlen(raw.prefix) > WINDOWS_NAME_MAX) {
        return chl_fail(err, CHL_EINVAL,
                        "windows: sequence: option 'prefix': expected 1 to %d bytes",
                        (int)WINDOWS_NAME_MAX);
    }
    *sequence = (window_sequence){.steps = (int)raw.steps, .prefix = raw.prefix};
    CHL_TRY(read_times(sequence, raw.times, err));
    if (!sequence->age && !sequence->gap && plan->n_values + plan->n_categories == 0) {
        return chl_fail(err, CHL_EINVAL,
                        "windows: sequence: expected something to tell of each event: "
                        "times, a value or a category");
    }
    return CHL_OK;
}

static chl_status read_levels(windows_plan *plan, const json_t *levels, chl_error *err)
{
    if (levels && !json_is_object(levels)) {
        return chl_fail(err, CHL_ETYPE,
                        "windows: option 'levels': expected { column = { levels … } }, "
                        "got %s",
                        chl_json_type_name(levels));
    }
    const char *name;
    json_t *list;
    json_object_foreach ((json_t *)levels, name, list) {
        int k = 0;
        while (k < plan->n_categories && strcmp(plan->categories[k], name) != 0) {
            k++;
        }
        if (k == plan->n_categories) {
            return chl_fail_unknown(err, "windows: levels", "category", name,
                                    plan->categories, (size_t)plan->n_categories);
        }
        plan->levels[k] = list;
    }
    return CHL_OK;
}

/* ---- times ---- */

chl_status windows_parse_time(const window_clock *clock, const json_t *value,
                              const char *what, int64_t *time, chl_error *err)
{
    char where[64];
    snprintf(where, sizeof where, "windows: %s", what);
    if (!json_is_string(value)) {
        return chl_fail(err, CHL_ETYPE, "%s: expected the text of a date, got %s", where,
                        chl_json_type_name(value));
    }
    return chl_time_parse(clock->type, json_string_value(value), where, time, err);
}

static chl_status read_clock(windows_plan *plan, const chl_frame *events, chl_error *err)
{
    int index;
    const chl_column *times, *known;
    CHL_TRY(chl_frame_index(events, "windows: id", plan->id, &index, err));
    CHL_TRY(chl_frame_times(events, "windows: time", plan->time, &times, err));
    plan->clock = (window_clock){times->type, chl_time_day(times->type)};
    return plan->known ? chl_frame_times_like(events, "windows: known", plan->known,
                                              times->type, plan->time, &known, err)
                       : CHL_OK;
}

static chl_status fill_plan(windows_plan *plan, const raw_options *raw,
                            const chl_frame *events, const chl_frame *customers,
                            chl_error *err)
{
    CHL_TRY(read_clock(plan, events, err));
    CHL_TRY(windows_plan_cutoffs(plan, raw->cutoffs, err));
    CHL_TRY(read_lookbacks(plan, raw->lookback, err));
    CHL_TRY(read_names(raw->value, "value", plan->values, WINDOWS_VALUES_MAX,
                       &plan->n_values, err));
    CHL_TRY(read_names(raw->category, "category", plan->categories,
                       WINDOWS_CATEGORIES_MAX, &plan->n_categories, err));
    CHL_TRY(read_levels(plan, raw->levels, err));
    CHL_TRY(read_features(plan, raw->features, err));
    CHL_TRY(read_sequence(plan, raw->sequence, err));
    CHL_TRY(read_population(plan, raw->population, err));
    CHL_TRY(read_outcome(plan, raw->outcome, raw->gap, err));
    plan->outcome.last = INT64_MIN;
    if (raw->until) {
        CHL_TRY(windows_parse_time(&plan->clock, raw->until, "option 'observed_until'",
                                   &plan->outcome.last, err));
    }
    return customers ? read_customers(plan, raw->customers, customers, err) : CHL_OK;
}

chl_status windows_plan_init(windows_plan *plan, const chl_frame *events,
                             const chl_frame *customers, const json_t *options,
                             chl_error *err)
{
    raw_options raw;
    *plan = (windows_plan){0};
    CHL_TRY(read_options(options, &raw, err));
    plan->id = raw.id;
    plan->time = raw.time;
    plan->known = raw.known;
    plan->buckets = raw.buckets;
    plan->skip = raw.missing == 1;
    chl_status status = fill_plan(plan, &raw, events, customers, err);
    if (status != CHL_OK) {
        windows_plan_reset(plan);
    }
    return status;
}

void windows_plan_reset(windows_plan *plan)
{
    chl_free(plan->cutoffs);
    plan->cutoffs = NULL;
}
