/* SPDX-License-Identifier: MIT
 *
 * The cells of a CSV column as a typed column; without a declared type, the first that
 * all present cells fit. Layer: core/io.
 */
#include <math.h>

#include "core/data/builder.h"
#include "core/data/calendar.h"
#include "core/io/csv_cells.h"
#include "core/data/text.h"

enum { LEVELS_MAX = 50, LARGE = 1000 }; /* when text becomes a category */

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

/* Of text without spaces around it. */
static bool is_na_word(const csv_na *na, const char *text, size_t length)
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

/* ---- one cell into one type ---- */

/* "007" and "+49 …" are codes or telephone numbers; integers beyond 64 bits would lose
 * digits. */
static bool reads_as_number(const char *text, size_t length)
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

static bool parse_declared_i64(const char *text, size_t length, int64_t *value)
{
    double number;
    if (chl_parse_i64(text, length, value)) {
        return true;
    }
    /* "5.0", as tools write integers of a column with gaps */
    if (!chl_parse_f64(text, length, &number) || !(fabs(number) < 0x1p53)) {
        return false;
    }
    *value = (int64_t)number;
    return (double)*value == number;
}

static bool parse_declared_bool(const char *text, size_t length, bool *value)
{
    if (length == 1 && (text[0] == '0' || text[0] == '1')) {
        *value = text[0] == '1';
        return true;
    }
    return chl_parse_bool(text, length, value);
}

static bool store_time(chl_column *column, int64_t i, const chl_time_format *format,
                       const char *text, size_t length)
{
    int64_t micros;
    if (!format && column->type == CHL_DATE) {
        return chl_date_parse(text, length, &column->values.days[i]);
    }
    if (!format) {
        return chl_timestamp_parse(text, length, &column->values.micros[i]);
    }
    if (!chl_time_format_read(format, text, length, &micros)) {
        return false;
    }
    if (column->type == CHL_DATE) {
        column->values.days[i] = chl_days_of_micros(micros);
    } else {
        column->values.micros[i] = micros;
    }
    return true;
}

/* Stores the trimmed text as row i; false when it does not fit the column's type. */
static bool store_cell(chl_column *column, int64_t i, const char *text, size_t length,
                       const chl_time_format *format, bool infer)
{
    bool truth;
    switch (column->type) {
    case CHL_I64: {
        int64_t *at = &column->values.i64[i];
        if (!infer) {
            return parse_declared_i64(text, length, at);
        }
        return chl_parse_i64(text, length, at) && reads_as_number(text, length) &&
               !(length == 2 && text[0] == '-' && text[1] == '0');
    }
    case CHL_F64:
        return chl_parse_f64(text, length, &column->values.f64[i]) &&
               (!infer || reads_as_number(text, length));
    case CHL_BOOL:
        if (!(infer ? chl_parse_bool : parse_declared_bool)(text, length, &truth)) {
            return false;
        }
        column->values.boolean[i] = truth;
        return true;
    default: return store_time(column, i, format, text, length);
    }
}

/* ---- columns of values ---- */

/* Fills the column; stops at the first cell that does not fit, whose row it returns, or
 * -1. */
static int64_t fill_values(const csv_cells *cells, const csv_na *na, bool infer,
                           chl_column *column, csv_cell *bad)
{
    const unsigned char *at = cells->bytes;
    for (int64_t i = 0; i < column->length; i++) {
        csv_cell cell;
        at = csv_cells_next(at, &cell);
        chl_trim(&cell.text, &cell.length);
        if (is_na_word(na, cell.text, cell.length)) {
            chl_column_set_null(column, i);
        } else if (!store_cell(column, i, cell.text, cell.length, cells->format, infer)) {
            *bad = cell;
            return i;
        }
    }
    return -1;
}

/* *out stays NULL when a cell does not fit: then *bad_row and *bad tell which one. */
static chl_status try_values(const csv_cells *cells, int64_t rows, const csv_na *na,
                             chl_type type, bool infer, chl_column **out,
                             int64_t *bad_row, csv_cell *bad, chl_error *err)
{
    chl_column *column = NULL;
    CHL_TRY(chl_column_new(type, rows, true, &column, err));
    *bad_row = fill_values(cells, na, infer, column, bad);
    if (*bad_row >= 0) {
        chl_column_release(column);
        return CHL_OK;
    }
    chl_column_seal(column);
    *out = column;
    return CHL_OK;
}

/* ---- columns of text ---- */

/* Blank and NA cells are missing; in declared text columns quotes protect a cell. */
static bool is_missing_text(const csv_na *na, const csv_cell *cell, bool infer)
{
    const char *text = cell->text;
    size_t length = cell->length;
    if (cell->quoted && !infer) {
        return false;
    }
    if (length > na->longest && (unsigned char)text[0] > ' ' &&
        (unsigned char)text[length - 1] > ' ') {
        return false;
    }
    chl_trim(&text, &length);
    return is_na_word(na, text, length);
}

/* Appends every cell. With levels_max ≥ 0 it gives up, *fits = false, when there are more
 * levels. */
static chl_status append_texts(const csv_cells *cells, int64_t rows, const csv_na *na,
                               bool infer, int64_t levels_max, chl_builder *builder,
                               bool *fits, chl_error *err)
{
    const unsigned char *at = cells->bytes;
    *fits = true;
    for (int64_t i = 0; i < rows && *fits; i++) {
        csv_cell cell;
        at = csv_cells_next(at, &cell);
        if (is_missing_text(na, &cell, infer)) {
            CHL_TRY(chl_builder_null(builder, err));
            continue;
        }
        CHL_TRY(chl_builder_text(builder, cell.text, cell.length, err));
        if (levels_max >= 0 && chl_levels_count(builder->levels) > levels_max) {
            *fits = false;
        }
    }
    return CHL_OK;
}

static chl_status make_texts(const csv_cells *cells, int64_t rows, const csv_na *na,
                             chl_type type, bool infer, int64_t levels_max,
                             chl_column **out, chl_error *err)
{
    chl_builder builder;
    bool fits = false;
    CHL_TRY(chl_builder_init(&builder, type, NULL, err));
    chl_status status =
        append_texts(cells, rows, na, infer, levels_max, &builder, &fits, err);
    if (status == CHL_OK && fits) {
        status = chl_builder_finish(&builder, out, err);
    }
    chl_builder_reset(&builder);
    return status;
}

int64_t chl_category_limit(int64_t rows)
{
    int64_t limit = rows >= LARGE ? rows / 10 : rows / 2;
    return limit < LEVELS_MAX ? limit : LEVELS_MAX;
}

static chl_status infer_column(const csv_cells *cells, int64_t rows, const csv_na *na,
                               chl_column **out, chl_error *err)
{
    static const chl_type candidates[] = {CHL_I64, CHL_F64, CHL_BOOL, CHL_DATE,
                                          CHL_TIMESTAMP};
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0] && !*out; i++) {
        int64_t bad_row;
        csv_cell bad;
        CHL_TRY(
            try_values(cells, rows, na, candidates[i], true, out, &bad_row, &bad, err));
    }
    if (!*out) {
        CHL_TRY(make_texts(cells, rows, na, CHL_CATEGORY, true, chl_category_limit(rows),
                           out, err));
    }
    return *out ? CHL_OK : make_texts(cells, rows, na, CHL_STRING, true, -1, out, err);
}

static chl_status fail_cell(const csv_cells *cells, chl_type type, const csv_cell *bad,
                            chl_error *err)
{
    char shown[CHL_EXCERPT];
    chl_excerpt(bad->text, bad->length, shown);
    if (!cells->format) {
        return chl_fail(err, CHL_EPARSE, "expected %s, got \"%s\"",
                        chl_type_expected(type), shown);
    }
    int64_t example;
    chl_strbuf text = {0};
    (void)chl_timestamp_parse("2026-11-22 10:00:00", 19, &example);
    chl_time_format_write(cells->format, example, &text);
    chl_fail(err, CHL_EPARSE, "expected a %s like \"%s\", got \"%s\"",
             chl_type_name(type), text.data ? text.data : "", shown);
    chl_strbuf_reset(&text);
    return CHL_EPARSE;
}

chl_status csv_cells_column(const csv_cells *cells, int64_t rows, const csv_na *na,
                            int type, chl_column **out, int64_t *bad_row, chl_error *err)
{
    *out = NULL;
    *bad_row = -1;
    if (type < 0) {
        return infer_column(cells, rows, na, out, err);
    }
    if (type == CHL_STRING || type == CHL_CATEGORY) {
        return make_texts(cells, rows, na, (chl_type)type, false, -1, out, err);
    }
    csv_cell bad;
    CHL_TRY(try_values(cells, rows, na, (chl_type)type, false, out, bad_row, &bad, err));
    if (*bad_row >= 0) {
        return fail_cell(cells, (chl_type)type, &bad, err);
    }
    return CHL_OK;
}
