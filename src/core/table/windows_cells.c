/* SPDX-License-Identifier: MIT */
#include "core/table/windows_cells.h"

#include <math.h>

/* The events of one customer that lie before the cut-off t. */
typedef struct past {
    const windows_plan *plan;
    const windows_events *events;
    int64_t begin, end; /* events before t, visible or not */
    int64_t t;
    int64_t first; /* the first visible event, -1 = none */
    double days;   /* from the first visible event to t */
} past;

static bool visible(const windows_events *events, int64_t i, int64_t t)
{
    return !events->known || events->known[i] < t;
}

/* The first of begin … end - 1 whose time is not before `time`. */
static int64_t lower_bound(const int64_t *times, int64_t begin, int64_t end, int64_t time)
{
    while (begin < end) {
        int64_t middle = begin + (end - begin) / 2;
        if (times[middle] < time) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    return begin;
}

/* The first event at or after t - length, of "all" the first there is. */
static int64_t window_start(const past *p, int64_t length)
{
    return length == WINDOW_ALL
               ? p->begin
               : lower_bound(p->events->time, p->begin, p->end, p->t - length);
}

/* ---- sums ---- */

/* A compensated sum (Neumaier 1974). */
typedef struct sum {
    double total, rest;
} sum;

static void sum_add(sum *s, double x)
{
    double total = s->total + x;
    s->rest +=
        fabs(s->total) >= fabs(x) ? (s->total - total) + x : (x - total) + s->total;
    s->total = total;
}

static double sum_value(const sum *s)
{
    return s->total + s->rest;
}

/* Mean and variance as they come (Welford 1962). */
typedef struct moments {
    int64_t n;
    double mean, squares;
} moments;

static void moments_add(moments *m, double x)
{
    double distance = x - m->mean;
    m->n++;
    m->mean += distance / (double)m->n;
    m->squares += distance * (x - m->mean);
}

static double moments_std(const moments *m)
{
    return m->n > 1 ? sqrt(m->squares / (double)(m->n - 1)) : (double)NAN;
}

/* ---- buckets ---- */

/* Which of `buckets` equal parts of `length` the position is in: 0 ≤ position < length.
 */
static int64_t bucket_of(int64_t position, int64_t length, int64_t buckets)
{
    if (length <= INT64_MAX / buckets) {
        return position * buckets / length;
    }
    int64_t bucket = position / (length / buckets);
    return bucket < buckets ? bucket : buckets - 1;
}

/* The least-squares slope of totals over bucket numbers 0 … B-1, from the sum of all and
 * the sum weighted by bucket number. */
static double slope(double weighted, double total, int64_t buckets)
{
    double b = (double)buckets;
    return (weighted - (b - 1) / 2 * total) / (b * (b * b - 1) / 12);
}

static double percent_change(double now, double before)
{
    return before == 0 ? (double)NAN : 100 * (now - before) / fabs(before);
}

/* ---- one look-back ---- */

typedef struct lookback {
    int64_t length;        /* units, or WINDOW_ALL */
    int64_t start;         /* first event */
    int64_t from, width;   /* what the buckets divide: [from, from + width) */
    double exposure;       /* days */
    double exposure_whole; /* days touched, for active */
} lookback;

static lookback make_lookback(const past *p, int64_t length)
{
    int64_t day = p->plan->clock.day;
    lookback w = {.length = length, .start = window_start(p, length)};
    if (p->first < 0) {
        w.exposure = w.exposure_whole = 1;
        return w;
    }
    int64_t age = p->t - p->events->time[p->first]; /* > 0 */
    double most = length == WINDOW_ALL ? HUGE_VAL : (double)length / (double)day;
    w.from = length == WINDOW_ALL ? p->events->time[p->first] : p->t - length;
    w.width = p->t - w.from;
    w.exposure = fmin(most, fmax(p->days, 1));
    w.exposure_whole = fmin(ceil(most), (double)((age - 1) / day + 1));
    return w;
}

/* How many events, on how many days, how far apart. */
static void common_cells(const past *p, const lookback *w, double *cells)
{
    const windows_events *events = p->events;
    int64_t day = p->plan->clock.day, n = 0, days = 0, last_day = -1, last = 0;
    int64_t buckets = p->plan->buckets;
    double weighted = 0;
    moments gaps = {0};
    for (int64_t i = w->start; i < p->end; i++) {
        if (!visible(events, i, p->t)) {
            continue;
        }
        int64_t time = events->time[i], day_back = (p->t - 1 - time) / day;
        days += day_back != last_day;
        last_day = day_back;
        if (n++ > 0) {
            moments_add(&gaps, (double)(time - last) / (double)day);
        }
        last = time;
        weighted += (double)bucket_of(time - w->from, w->width, buckets);
    }
    cells[CELL_COUNT] = (double)n;
    cells[CELL_ACTIVE] = (double)days / w->exposure_whole;
    cells[CELL_RATE] = 30 * (double)n / w->exposure;
    cells[CELL_TREND] = slope(weighted, (double)n, buckets);
    cells[CELL_GAP_MEAN] = gaps.n > 0 ? gaps.mean : (double)NAN;
    cells[CELL_GAP_STD] = moments_std(&gaps);
}

static void value_cells(const past *p, const lookback *w, const double *values,
                        double *cells)
{
    sum total = {0}, weighted = {0};
    moments all = {0};
    double least = HUGE_VAL, most = -HUGE_VAL;
    int64_t buckets = p->plan->buckets;
    for (int64_t i = w->start; i < p->end; i++) {
        double x = values[i];
        if (isnan(x) || !visible(p->events, i, p->t)) {
            continue;
        }
        int64_t position = p->events->time[i] - w->from;
        sum_add(&total, x);
        sum_add(&weighted, x * (double)bucket_of(position, w->width, buckets));
        moments_add(&all, x);
        least = x < least ? x : least;
        most = x > most ? x : most;
    }
    double s = sum_value(&total);
    cells[CELL_SUM] = s;
    cells[CELL_MEAN] = all.n > 0 ? s / (double)all.n : (double)NAN;
    cells[CELL_MIN] = all.n > 0 ? least : (double)NAN;
    cells[CELL_MAX] = all.n > 0 ? most : (double)NAN;
    cells[CELL_STD] = moments_std(&all);
    cells[CELL_VALUE_RATE] = 30 * s / w->exposure;
    cells[CELL_VALUE_TREND] = slope(sum_value(&weighted), s, buckets);
}

static void level_cells(const past *p, const lookback *w, double *cells)
{
    const windows_events *events = p->events;
    for (int k = 0; k < p->plan->n_categories; k++) {
        int count = events->levels[k].count;
        for (int slot = 0; slot < count; slot++) {
            cells[slot] = 0;
        }
        for (int64_t i = w->start; i < p->end; i++) {
            int32_t slot = events->slots[k][i];
            if (slot >= 0 && visible(events, i, p->t)) {
                cells[slot]++;
            }
        }
        cells += count;
    }
}

/* Against the look-back of the same length before it. */
static void change_cells(const past *p, const lookback *w, double *cells)
{
    const windows_events *events = p->events;
    bool all = w->length == WINDOW_ALL;
    int64_t n = 0, start = all ? w->start
                               : lower_bound(events->time, p->begin, w->start,
                                             p->t - 2 * w->length);
    for (int64_t i = start; i < w->start; i++) {
        n += visible(events, i, p->t);
    }
    cells[CELL_CHANGE] = percent_change(cells[CELL_COUNT], (double)n);
    for (int k = 0; k < p->plan->n_values; k++) {
        double *of_value = cells + COMMON_CELLS + k * VALUE_CELLS;
        sum before = {0};
        for (int64_t i = start; i < w->start; i++) {
            if (!isnan(events->values[k][i]) && visible(events, i, p->t)) {
                sum_add(&before, events->values[k][i]);
            }
        }
        of_value[CELL_VALUE_CHANGE] =
            percent_change(of_value[CELL_SUM], sum_value(&before));
    }
}

/* ---- rows ---- */

static past make_past(const windows_plan *plan, const windows_events *events,
                      int64_t customer, int64_t t)
{
    past p = {.plan = plan, .events = events, .t = t, .first = -1};
    p.begin = events->first[customer];
    p.end = lower_bound(events->time, p.begin, events->end[customer], t);
    for (int64_t i = p.begin; i < p.end && p.first < 0; i++) {
        p.first = visible(events, i, t) ? i : -1;
    }
    if (p.first >= 0) {
        p.days = (double)(t - events->time[p.first]) / (double)plan->clock.day;
    }
    return p;
}

/* The visible event before i, -1 = none. */
static int64_t visible_before(const past *p, int64_t i)
{
    for (i--; i >= p->begin && !visible(p->events, i, p->t); i--) {
    }
    return i >= p->begin ? i : -1;
}

static int64_t last_visible(const past *p)
{
    return visible_before(p, p->end);
}

/* ---- the last events ---- */

static void step_cells(const past *p, int64_t i, int64_t before, double *cells)
{
    const windows_events *events = p->events;
    double day = (double)p->plan->clock.day;
    if (p->plan->sequence.age) {
        *cells++ = (double)(p->t - events->time[i]) / day;
    }
    if (p->plan->sequence.gap) {
        *cells++ = before < 0 ? (double)NAN
                              : (double)(events->time[i] - events->time[before]) / day;
    }
    for (int v = 0; v < p->plan->n_values; v++) {
        *cells++ = events->values[v][i];
    }
    for (int k = 0; k < p->plan->n_categories; k++) {
        for (int slot = 0; slot < events->levels[k].count; slot++) {
            *cells++ = events->slots[k][i] == slot;
        }
    }
}

static void sequence_cells(const past *p, int64_t last, double *cells)
{
    int channels = windows_channels(p->plan, p->events), n = 0;
    double *of_step = cells + 1;
    for (int64_t i = last; i >= 0 && n < p->plan->sequence.steps; n++) {
        int64_t before = visible_before(p, i);
        step_cells(p, i, before, of_step);
        of_step += channels;
        i = before;
    }
    cells[0] = n;
    const double *end = cells + windows_sequence_cells(p->plan, p->events);
    while (of_step < end) {
        *of_step++ = (double)NAN;
    }
}

void windows_cells(const windows_plan *plan, const windows_events *events,
                   int64_t customer, int64_t t, double *cells)
{
    past p = make_past(plan, events, customer, t);
    int64_t last = last_visible(&p);
    double day = (double)plan->clock.day;
    cells[CELL_RECENCY] = last < 0 ? (double)NAN : (double)(t - events->time[last]) / day;
    cells[CELL_TENURE] = p.first < 0 ? (double)NAN : p.days;
    double *of_window = cells + ROW_CELLS;
    for (int k = 0; k < plan->n_lookbacks; k++) {
        lookback w = make_lookback(&p, plan->lookbacks[k]);
        common_cells(&p, &w, of_window);
        for (int v = 0; v < plan->n_values; v++) {
            value_cells(&p, &w, events->values[v],
                        of_window + COMMON_CELLS + v * VALUE_CELLS);
        }
        level_cells(&p, &w, of_window + COMMON_CELLS + plan->n_values * VALUE_CELLS);
        change_cells(&p, &w, of_window);
        of_window += windows_lookback_cells(plan, events);
    }
    if (plan->sequence.steps > 0) {
        sequence_cells(&p, last, of_window);
    }
}

/* ---- who, and what became of them ---- */

static bool is_outcome(const windows_events *events, int64_t i)
{
    return !events->outcome || events->outcome[i];
}

static bool is_enrolled(const windows_events *events, int64_t customer, int64_t t)
{
    int64_t s = events->first_spell[customer];
    while (s < events->end_spell[customer] &&
           !(events->start[s] <= t && t < events->stop[s])) {
        s++;
    }
    return s < events->end_spell[customer];
}

bool windows_in_population(const windows_plan *plan, const windows_events *events,
                           int64_t customer, int64_t t)
{
    past p = make_past(plan, events, customer, t);
    if (events->first_spell && !is_enrolled(events, customer, t)) {
        return false;
    }
    if (!events->first_spell && p.first < 0) {
        return false;
    }
    if (plan->active_within > 0) {
        int64_t last = last_visible(&p);
        if (last < 0 || events->time[last] < t - plan->active_within) {
            return false;
        }
    }
    for (int64_t i = p.begin; plan->outcome.once && i < p.end; i++) {
        if (is_outcome(events, i) && visible(events, i, t)) {
            return false;
        }
    }
    return true;
}

int windows_label(const windows_plan *plan, const windows_events *events,
                  int64_t customer, int64_t t)
{
    const window_outcome *outcome = &plan->outcome;
    int64_t begin = events->first[customer], end = events->end[customer];
    if (t + outcome->to - 1 > outcome->last) {
        return -1;
    }
    int64_t i = lower_bound(events->time, begin, end, t + outcome->from);
    for (int64_t k = begin; outcome->once && k < i; k++) {
        if (is_outcome(events, k)) {
            return -1; /* it happened already, unknown at t or in the gap */
        }
    }
    while (i < end && events->time[i] < t + outcome->to && !is_outcome(events, i)) {
        i++;
    }
    bool happened = i < end && events->time[i] < t + outcome->to;
    return happened == (outcome->kind == OUTCOME_EVENT);
}
