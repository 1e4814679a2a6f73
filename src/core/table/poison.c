/* SPDX-License-Identifier: MIT */
#include "core/table/poison.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/base/strbuf.h"
#include "core/data/times.h"

enum {
    ADDED_MIN = 64,   /* events that are added at least */
    DAYS_AFTER = 120, /* times lie up to so many days behind t */
    DAYS_BEFORE = 60  /* and those of late-known events so many before */
};

/* The rows of the altered log. */
typedef struct rows {
    int64_t n;
    int64_t *source; /* [n] the row that gives the id */
    int64_t *donor;  /* [n] the row that gives the other values; = source: untouched */
    int64_t *time, *known;
} rows;

typedef struct work {
    const chl_frame *events;
    const chl_column *time, *known; /* known may be NULL */
    int64_t cutoff, day;
    chl_rng rng;
    rows rows;
} work;

static bool is_known(const work *w, int64_t row)
{
    const chl_column *const columns[] = {w->time, w->known};
    for (int k = 0; k < 2; k++) {
        if (columns[k] && chl_column_valid(columns[k], row) &&
            chl_column_time(columns[k], row) >= w->cutoff) {
            return false;
        }
    }
    return true;
}

/* t, or up to some days behind it. */
static int64_t later(work *w)
{
    return w->cutoff + (int64_t)chl_rng_below(&w->rng, DAYS_AFTER) * w->day;
}

static int64_t earlier(work *w)
{
    return w->cutoff - (1 + (int64_t)chl_rng_below(&w->rng, DAYS_BEFORE)) * w->day;
}

static void add_row(work *w, int64_t source, int64_t donor, int64_t time, int64_t known)
{
    rows *r = &w->rows;
    r->source[r->n] = source;
    r->donor[r->n] = donor;
    r->time[r->n] = time;
    r->known[r->n] = known;
    r->n++;
}

/* Another row than `row`, where there is one: equal rows mean an untouched one. */
static int64_t other_row(work *w, int64_t row)
{
    int64_t n = w->events->rows;
    int64_t donor = (int64_t)chl_rng_below(&w->rng, (uint64_t)n);
    return donor == row ? (row + 1) % n : donor;
}

static void add_altered(work *w, int64_t row)
{
    bool happened = w->known && (!chl_column_valid(w->time, row) ||
                                 chl_column_time(w->time, row) < w->cutoff);
    int64_t time = happened ? earlier(w) : later(w), known = later(w);
    add_row(w, row, other_row(w, row), time, happened || known > time ? known : time);
}

static void fill_rows(work *w, chl_poison_mode mode)
{
    int64_t n = w->events->rows, unseen = 0;
    for (int64_t i = 0; i < n; i++) {
        if (is_known(w, i)) {
            add_row(
                w, i, i, chl_column_valid(w->time, i) ? chl_column_time(w->time, i) : 0,
                w->known && chl_column_valid(w->known, i) ? chl_column_time(w->known, i)
                                                          : 0);
        } else if (mode == CHL_POISON_ALTER) {
            unseen++;
            if (chl_rng_below(&w->rng, 4) != 0) {
                add_altered(w, i);
            }
        }
    }
    int64_t added = mode == CHL_POISON_REMOVE || n == 0 ? 0
                    : unseen > ADDED_MIN                ? unseen
                                                        : ADDED_MIN;
    for (int64_t k = 0; k < added; k++) {
        int64_t row = (int64_t)chl_rng_below(&w->rng, (uint64_t)n);
        bool happened = w->known && chl_rng_below(&w->rng, 2) == 0;
        int64_t time = k == 0 ? w->cutoff : happened ? earlier(w) : later(w);
        int64_t known = later(w);
        add_row(w, row, other_row(w, row), time, known > time ? known : time);
    }
}

/* ---- columns ---- */

/* Numbers go where no honest value is. */
static void disturb(work *w, chl_column *c)
{
    for (int64_t i = 0; i < w->rows.n; i++) {
        if (w->rows.donor[i] == w->rows.source[i] || !chl_column_valid(c, i)) {
            continue;
        }
        switch (c->type) {
        case CHL_F64:
            c->values.f64[i] =
                10 * c->values.f64[i] + 1000 * (chl_rng_uniform(&w->rng) - 0.5);
            break;
        case CHL_I64:
            c->values.i64[i] = (int64_t)chl_rng_below(&w->rng, 200001) - 100000;
            break;
        case CHL_BOOL: c->values.boolean[i] = chl_rng_below(&w->rng, 2) == 0; break;
        case CHL_CATEGORY:
        case CHL_STRING:
        case CHL_DATE:
        case CHL_TIMESTAMP: break; /* those of the donor */
        }
    }
    chl_column_seal(c);
}

static chl_status make_times(const work *w, const chl_column *old, const int64_t *times,
                             chl_column **out, chl_error *err)
{
    chl_column *c;
    CHL_TRY(chl_column_new(old->type, w->rows.n, true, &c, err));
    for (int64_t i = 0; i < w->rows.n; i++) {
        chl_column_set_time(c, i, times[i]);
        if (w->rows.donor[i] == w->rows.source[i] &&
            !chl_column_valid(old, w->rows.source[i])) {
            chl_column_set_null(c, i);
        }
    }
    chl_column_seal(c);
    *out = c;
    return CHL_OK;
}

static chl_status make_column(work *w, const chl_column *old, bool id, chl_column **out,
                              chl_error *err)
{
    const rows *r = &w->rows;
    if (old == w->time || old == w->known) {
        return make_times(w, old, old == w->time ? r->time : r->known, out, err);
    }
    CHL_TRY(chl_column_take(old, id ? r->source : r->donor, r->n, out, err));
    if (!id) {
        disturb(w, *out);
    }
    return CHL_OK;
}

static chl_status make_frame(work *w, const chl_poison *poison, const char **names,
                             chl_column **columns, chl_frame **out, chl_error *err)
{
    const chl_frame *events = w->events;
    chl_status status = CHL_OK;
    int n = 0;
    for (; n < events->columns && status == CHL_OK; n++) {
        const chl_field *field = &events->fields[n];
        names[n] = field->name;
        status = make_column(w, field->column, strcmp(field->name, poison->id) == 0,
                             &columns[n], err);
    }
    chl_frame *made = NULL;
    if (status == CHL_OK) {
        status = chl_frame_new(names, columns, n, &made, err);
    }
    for (int k = 0; k < n; k++) {
        chl_column_release(columns[k]);
    }
    if (status == CHL_OK) {
        status = chl_frame_copy_roles(events, made, err);
    }
    if (status != CHL_OK) {
        chl_frame_release(made);
        return status;
    }
    *out = made;
    return CHL_OK;
}

/* ---- checks ---- */

static chl_status check_columns(work *w, const chl_poison *poison, chl_error *err)
{
    int id;
    CHL_TRY(chl_frame_index(w->events, "poison: id", poison->id, &id, err));
    CHL_TRY(chl_frame_times(w->events, "poison: time", poison->time, &w->time, err));
    chl_type type = w->time->type;
    w->day = chl_time_day(type);
    CHL_TRY(chl_time_parse(type, poison->cutoff, "poison: cutoff", &w->cutoff, err));
    return poison->known ? chl_frame_times_like(w->events, "poison: known", poison->known,
                                                type, poison->time, &w->known, err)
                         : CHL_OK;
}

static chl_status alter(work *w, const chl_poison *poison, chl_frame **out,
                        chl_error *err)
{
    const char **names = chl_alloc((size_t)w->events->columns, sizeof *names);
    chl_column **columns = chl_calloc((size_t)w->events->columns, sizeof *columns);
    chl_status status = names && columns ? make_frame(w, poison, names, columns, out, err)
                                         : chl_fail_memory(err);
    chl_free(names);
    chl_free((void *)columns);
    return status;
}

chl_status chl_poison_events(const chl_frame *events, const chl_poison *poison,
                             const chl_control *control, chl_frame **out, chl_error *err)
{
    work w = {.events = events};
    *out = NULL;
    CHL_TRY(chl_control_check(control, "poison", err));
    CHL_TRY(check_columns(&w, poison, err));
    chl_rng_init(&w.rng, poison->seed, CHL_RNG_GENERAL, (uint64_t)w.cutoff);
    size_t room = 2 * (size_t)events->rows + ADDED_MIN;
    int64_t *block = chl_alloc(room, 4 * sizeof *block);
    if (!block) {
        return chl_fail_memory(err);
    }
    w.rows = (rows){0, block, block + room, block + 2 * room, block + 3 * room};
    fill_rows(&w, poison->mode);
    chl_status status = alter(&w, poison, out, err);
    chl_free(block);
    return status;
}

/* ---- comparing ---- */

static bool is_number(chl_type type)
{
    return chl_type_numeric(type) || chl_type_is_time(type);
}

static bool same_number(double x, double y, double tolerance)
{
    return fabs(x - y) <= tolerance * fmax(1, fmax(fabs(x), fabs(y)));
}

static bool same_text(const chl_column *a, const chl_column *b, int64_t row,
                      chl_strbuf text[2])
{
    text[0].length = text[1].length = 0;
    chl_column_format(a, row, &text[0]);
    chl_column_format(b, row, &text[1]);
    return text[0].length == text[1].length &&
           (text[0].length == 0 ||
            memcmp(text[0].data, text[1].data, text[0].length) == 0);
}

chl_status chl_column_compare(const chl_column *a, const chl_column *b, double tolerance,
                              int64_t *differing, int64_t *first, chl_error *err)
{
    bool numbers = is_number(a->type) && is_number(b->type);
    chl_strbuf text[2] = {{0}, {0}};
    *differing = 0;
    *first = -1;
    if (a->length != b->length) {
        return chl_fail(err, CHL_EINVAL, "compare: expected %lld rows, got %lld",
                        (long long)a->length, (long long)b->length);
    }
    for (int64_t i = 0; i < a->length; i++) {
        bool valid = chl_column_valid(a, i);
        bool same = valid == chl_column_valid(b, i);
        if (same && valid) {
            same = numbers ? same_number(chl_column_number(a, i), chl_column_number(b, i),
                                         tolerance)
                           : same_text(a, b, i, text);
        }
        if (!same) {
            *first = *differing == 0 ? i : *first;
            (*differing)++;
        }
    }
    bool failed = text[0].failed || text[1].failed;
    chl_strbuf_reset(&text[0]);
    chl_strbuf_reset(&text[1]);
    return failed ? chl_fail_memory(err) : CHL_OK;
}
