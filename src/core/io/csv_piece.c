/* SPDX-License-Identifier: MIT */
#include "core/io/csv_piece.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/data/calendar.h"
#include "core/data/text.h"
#include "core/io/bytes.h"

/* ---- missing ---- */

void csv_na_init(csv_na *na, const chl_csv_options *options)
{
    static const char *const usual[] = {"NA",   "N/A",  "NaN", "nan",
                                        "null", "NULL", "None"};
    *na = (csv_na){.words = usual, .count = sizeof usual / sizeof usual[0]};
    if (options && options->na) {
        na->words = options->na;
        na->count = options->na_count;
    }
    for (int i = 0; i < na->count; i++) {
        size_t length = strlen(na->words[i]);
        na->longest = length > na->longest ? length : na->longest;
        na->first[(unsigned char)na->words[i][0]] = true;
    }
}

bool csv_na_match(const csv_na *na, const char *text, size_t length)
{
    if (length == 0) {
        return true;
    }
    if (!na->first[(unsigned char)text[0]] || length > na->longest) {
        return false;
    }
    for (int i = 0; i < na->count; i++) {
        if (strlen(na->words[i]) == length && memcmp(na->words[i], text, length) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- kinds ---- */

static bool is_text(int kind)
{
    return kind == CHL_STRING || kind == CHL_CATEGORY;
}

static bool are(int a, int b, chl_type x, chl_type y)
{
    return (a == (int)x && b == (int)y) || (a == (int)y && b == (int)x);
}

int csv_kind_join(int a, int b)
{
    if (a == b || b == CSV_NOTHING) {
        return a;
    }
    if (a == CSV_NOTHING) {
        return b;
    }
    if (are(a, b, CHL_I64, CHL_F64)) {
        return CHL_F64;
    }
    if (are(a, b, CHL_DATE, CHL_TIMESTAMP)) {
        return CHL_TIMESTAMP;
    }
    return a == CHL_STRING || b == CHL_STRING ? CHL_STRING : CHL_CATEGORY;
}

/* ---- one cell into one type ---- */

/* Eight bytes of which the first n (1 … 8) count, as digits: false when some is none. */
static inline bool read_digits(const char *text, size_t n, uint64_t *value)
{
    const uint64_t zeros = UINT64_C(0x3030303030303030);
    uint64_t word = chl_load8(text);
    unsigned shift = 8 * (8 - (unsigned)n);
    if (shift) {
        word = word << shift | zeros >> (64 - shift);
    }
    const uint64_t high = UINT64_C(0xf0f0f0f0f0f0f0f0);
    if ((word & high) != zeros ||
        ((word + UINT64_C(0x0606060606060606)) & high) != zeros) {
        return false;
    }
    word -= zeros;
    word = word * 10 + (word >> 8); /* pairs in every second byte */
    const uint64_t mask = UINT64_C(0x000000ff000000ff);
    *value = ((word & mask) * UINT64_C(0x000f424000000064) +
              ((word >> 16) & mask) * UINT64_C(0x0000271000000001)) >>
             32;
    return true;
}

/* As chl_parse_i64; reads up to 8 bytes beyond the cell. */
static inline bool read_i64(const char *text, size_t n, int64_t *value)
{
    bool negative = text[0] == '-';
    const char *digits = text + negative;
    n -= negative;
    uint64_t high, low = 0;
    if (n - 1 > 15) {
        return chl_parse_i64(text, n + negative, value);
    }
    if (n <= 8) {
        if (!read_digits(digits, n, &high)) {
            return false;
        }
    } else {
        if (!read_digits(digits, n - 8, &high) || !read_digits(digits + n - 8, 8, &low)) {
            return false;
        }
        high *= 100000000;
    }
    int64_t sum = (int64_t)(high + low);
    *value = negative ? -sum : sum;
    return true;
}

/* Up to 18 digits in portions of eight. */
static inline bool read_decimals(const char *text, size_t n, uint64_t *value)
{
    static const uint64_t powers[] = {1,      10,      100,      1000,     10000,
                                      100000, 1000000, 10000000, 100000000};
    uint64_t sum = 0, part;
    while (n > 8) {
        if (!read_digits(text, 8, &part)) {
            return false;
        }
        sum = sum * powers[8] + part;
        text += 8;
        n -= 8;
    }
    if (!read_digits(text, n, &part)) {
        return false;
    }
    *value = sum * powers[n] + part;
    return true;
}

/* As chl_parse_f64, faster for one to seven digits before the point and up to 18
 * in all; reads up to 8 bytes beyond the cell. */
static inline bool read_f64(const char *text, size_t n, double *value)
{
    const char *digits = text + (text[0] == '-');
    size_t length = n - (text[0] == '-');
    uint64_t whole, part = 0;
    uint64_t differs = chl_load8(digits) ^ UINT64_C(0x2e2e2e2e2e2e2e2e); /* '.' */
    uint64_t points = (differs - UINT64_C(0x0101010101010101)) & ~differs &
                      UINT64_C(0x8080808080808080);
    size_t before = points ? chl_lowest_bit(points) / 8 : 8;
    before = before < length ? before : length;
    size_t after = before < length ? length - before - 1 : 0;
    static const double tens[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
    if (before == 0 || (before == 8 && length > 8) || (before < length && after == 0) ||
        before + after > 18 || !read_digits(digits, before, &whole)) {
        return chl_parse_f64(text, n, value);
    }
    if (after && !read_decimals(digits + before + 1, after, &part)) {
        return chl_parse_f64(text, n, value);
    }
    double result;
    if (after <= 8) {
        result = ((double)whole * tens[after] + (double)part) / tens[after];
    } else {
        for (size_t i = 0; i < after; i++) {
            whole *= 10;
        }
        if (!chl_decimal_to_f64(whole + part, -(int)after, &result)) {
            return chl_parse_f64(text, n, value);
        }
    }
    *value = text[0] == '-' ? -result : result;
    return true;
}

/* "007" and "+49 …" are codes or telephone numbers; integers beyond 64 bits would lose
 * digits. */
static inline bool reads_as_number(const char *text, size_t length)
{
    const char *digits = text + (text[0] == '-');
    size_t n = length - (text[0] == '-');
    if (text[0] == '+' ||
        (n > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9')) {
        return false;
    }
    if (n < 19) {
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        if (digits[i] < '0' || digits[i] > '9') {
            return true;
        }
    }
    int64_t value;
    return chl_parse_i64(text, length, &value);
}

static inline bool infer_i64(const char *text, size_t n, int64_t *value)
{
    return read_i64(text, n, value) && reads_as_number(text, n) &&
           !(n == 2 && text[0] == '-' && text[1] == '0');
}

static inline bool infer_f64(const char *text, size_t n, double *value)
{
    return read_f64(text, n, value) && reads_as_number(text, n);
}

static bool declared_i64(const char *text, size_t n, int64_t *value)
{
    double number;
    if (chl_parse_i64(text, n, value)) {
        return true;
    }
    /* "5.0", as tools write integers of a column with gaps */
    if (!chl_parse_f64(text, n, &number) || !(fabs(number) < 0x1p53)) {
        return false;
    }
    *value = (int64_t)number;
    return (double)*value == number;
}

static bool declared_bool(const char *text, size_t n, bool *value)
{
    if (n == 1 && (text[0] == '0' || text[0] == '1')) {
        *value = text[0] == '1';
        return true;
    }
    return chl_parse_bool(text, n, value);
}

static bool read_date(const csv_field *f, const char *text, size_t n, int32_t *days)
{
    int64_t micros;
    if (!f->format) {
        return chl_date_parse(text, n, days);
    }
    if (!chl_time_format_read(f->format, text, n, &micros)) {
        return false;
    }
    *days = chl_days_of_micros(micros);
    return true;
}

static bool read_timestamp(const csv_field *f, const char *text, size_t n,
                           int64_t *micros)
{
    return f->format ? chl_time_format_read(f->format, text, n, micros)
                     : chl_timestamp_parse(text, n, micros);
}

/* The first type that the text fits. */
static int classify(const csv_cell *cell)
{
    int64_t i64;
    double f64;
    bool truth;
    int32_t days;
    if (infer_i64(cell->text, cell->length, &i64)) {
        return CHL_I64;
    }
    if (infer_f64(cell->text, cell->length, &f64)) {
        return CHL_F64;
    }
    if (chl_parse_bool(cell->text, cell->length, &truth)) {
        return CHL_BOOL;
    }
    if (chl_date_parse(cell->text, cell->length, &days)) {
        return CHL_DATE;
    }
    return chl_timestamp_parse(cell->text, cell->length, &i64) ? CHL_TIMESTAMP
                                                               : CHL_CATEGORY;
}

/* ---- columns of values ---- */

/* Fills rows from `from` on; stops at the first cell that does not fit and returns its
 * row, or the number of rows. `read` sees text, n and `at`, the address of the value. */
#define DEFINE_FILL(name, ctype, read)                                                   \
    static int64_t name(csv_piece *p, const csv_view *v, const csv_field *f,             \
                        const csv_na *na, int64_t from)                                  \
    {                                                                                    \
        ctype *values = p->values;                                                       \
        (void)f;                                                                         \
        for (int64_t i = from; i < v->rows; i++) {                                       \
            csv_cell cell = csv_cell_value(v, i);                                        \
            const char *text = cell.text;                                                \
            size_t n = cell.length;                                                      \
            ctype *at = &values[i];                                                      \
            if (n == 0 ||                                                                \
                (na->first[(unsigned char)text[0]] && csv_na_match(na, text, n))) {      \
                *at = 0;                                                                 \
                p->missing[i] = 1;                                                       \
                p->any_missing = true;                                                   \
            } else if (!(read)) {                                                        \
                return i;                                                                \
            }                                                                            \
        }                                                                                \
        return v->rows;                                                                  \
    }

static inline bool infer_bool(const char *text, size_t n, uint8_t *at)
{
    bool truth = false;
    bool fits = chl_parse_bool(text, n, &truth);
    *at = truth;
    return fits;
}

static inline bool store_declared_bool(const char *text, size_t n, uint8_t *at)
{
    bool truth = false;
    bool fits = declared_bool(text, n, &truth);
    *at = truth;
    return fits;
}

DEFINE_FILL(fill_infer_i64, int64_t, infer_i64(text, n, at))
DEFINE_FILL(fill_infer_f64, double, infer_f64(text, n, at))
DEFINE_FILL(fill_infer_bool, uint8_t, infer_bool(text, n, at))
DEFINE_FILL(fill_i64, int64_t, declared_i64(text, n, at))
DEFINE_FILL(fill_f64, double, read_f64(text, n, at))
DEFINE_FILL(fill_bool, uint8_t, store_declared_bool(text, n, at))
DEFINE_FILL(fill_date, int32_t, read_date(f, text, n, at))
DEFINE_FILL(fill_timestamp, int64_t, read_timestamp(f, text, n, at))
DEFINE_FILL(fill_nothing, uint8_t, false)

static int64_t fill_values(csv_piece *p, const csv_view *v, const csv_field *f,
                           const csv_na *na, int64_t from)
{
    bool infer = f->type < 0;
    switch (p->kind) {
    case CHL_I64: return (infer ? fill_infer_i64 : fill_i64)(p, v, f, na, from);
    case CHL_F64: return (infer ? fill_infer_f64 : fill_f64)(p, v, f, na, from);
    case CHL_BOOL: return (infer ? fill_infer_bool : fill_bool)(p, v, f, na, from);
    case CHL_DATE: return fill_date(p, v, f, na, from);
    case CHL_TIMESTAMP: return fill_timestamp(p, v, f, na, from);
    default: return fill_nothing(p, v, f, na, from);
    }
}

static chl_status make_room(csv_piece *p, int64_t rows, chl_error *err)
{
    void *values = chl_grow(p->values, &p->values_room, (size_t)rows + 1, 8);
    p->values = values ? values : p->values;
    uint8_t *missing = chl_grow(p->missing, &p->missing_room, (size_t)rows + 1, 1);
    p->missing = missing ? missing : p->missing;
    if (!values || !missing) {
        return chl_fail_memory(err);
    }
    memset(missing, 0, (size_t)rows);
    p->any_missing = false;
    return CHL_OK;
}

/* The rows so far fit `kind` as well. Returns the row to go on from. */
static int64_t widen(csv_piece *p, int kind, int64_t row)
{
    int before = p->kind;
    p->kind = kind;
    if (before == CHL_I64 && kind == CHL_F64) {
        int64_t *from = p->values;
        double *to = p->values;
        for (int64_t i = 0; i < row; i++) {
            to[i] = (double)from[i];
        }
        return row;
    }
    if (before == CSV_NOTHING) {
        memset(p->values, 0, (size_t)row * 8);
        return row;
    }
    return 0;
}

/* ---- the whole ---- */

static chl_status fill_text(csv_piece *p, const csv_view *v, const csv_field *f,
                            const csv_na *na, chl_error *err)
{
    bool declared = f->type >= 0, fits = true;
    bool protect = declared && !f->fixed;
    CHL_TRY(make_room(p, v->rows, err));
    if (p->kind == CHL_CATEGORY) {
        CHL_TRY(csv_piece_codes(p, v, protect, na, declared ? -1 : CSV_LEVELS_MAX, &fits,
                                err));
    }
    if (!fits) {
        p->kind = CHL_STRING;
        CHL_TRY(make_room(p, v->rows, err));
    }
    return p->kind == CHL_STRING ? csv_piece_strings(p, v, protect, na, err) : CHL_OK;
}

static chl_status fill_inferred(csv_piece *p, const csv_view *v, csv_field *f,
                                const csv_na *na, chl_error *err)
{
    p->kind = atomic_load_explicit(&f->hint, memory_order_relaxed);
    int64_t row = 0;
    while (!is_text(p->kind)) {
        row = fill_values(p, v, f, na, row);
        if (row == v->rows) {
            return CHL_OK;
        }
        csv_cell cell = csv_cell_value(v, row);
        row = widen(p, csv_kind_join(p->kind, classify(&cell)), row);
        if (row == 0) {
            CHL_TRY(make_room(p, v->rows, err));
        }
    }
    return fill_text(p, v, f, na, err);
}

static chl_status fail_cell(const csv_field *f, const csv_cell *bad, chl_error *err)
{
    char shown[CHL_EXCERPT];
    chl_type type = (chl_type)f->type;
    chl_excerpt(bad->text, bad->length, shown);
    if (!f->format) {
        return chl_fail(err, CHL_EPARSE, "expected %s%s, got \"%s\"",
                        chl_type_expected(type), f->fixed ? " as in the rows before" : "",
                        shown);
    }
    int64_t example;
    chl_strbuf text = {0};
    (void)chl_timestamp_parse("2026-11-22 10:00:00", 19, &example);
    chl_time_format_write(f->format, example, &text);
    chl_fail(err, CHL_EPARSE, "expected a %s like \"%s\", got \"%s\"",
             chl_type_name(type), text.data ? text.data : "", shown);
    chl_strbuf_reset(&text);
    return CHL_EPARSE;
}

chl_status csv_piece_fill(csv_piece *piece, const csv_view *view, csv_field *field,
                          const csv_na *na, int64_t *bad_row, chl_error *err)
{
    *bad_row = -1;
    CHL_TRY(make_room(piece, view->rows, err));
    if (field->type < 0) {
        return fill_inferred(piece, view, field, na, err);
    }
    piece->kind = field->type;
    if (is_text(field->type)) {
        return fill_text(piece, view, field, na, err);
    }
    int64_t row = fill_values(piece, view, field, na, 0);
    if (row == view->rows) {
        return CHL_OK;
    }
    *bad_row = row;
    csv_cell cell;
    CHL_TRY(csv_cell_text(view, row, &piece->plain, &piece->plain_room, &cell, err));
    chl_trim(&cell.text, &cell.length);
    return fail_cell(field, &cell, err);
}

void csv_piece_reset(csv_piece *piece)
{
    chl_free(piece->values);
    chl_free(piece->missing);
    chl_free(piece->bytes);
    chl_free(piece->seen);
    chl_free(piece->map);
    chl_free(piece->plain);
    chl_levels_release(piece->levels);
    *piece = (csv_piece){0};
}

void csv_piece_forget(csv_piece *piece)
{
    chl_free(piece->seen);
    chl_levels_release(piece->levels);
    piece->seen = NULL;
    piece->levels = NULL;
    piece->mapped = 0;
}
