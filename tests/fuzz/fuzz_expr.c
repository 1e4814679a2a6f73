/* SPDX-License-Identifier: MIT
 *
 * Expressions from arbitrary text: what parses prints, what was printed parses to the
 * same text and columns, and both run alike over a small frame of all types: by row, by
 * group, over groups in order. Some run over many rows, on one thread and on three, and
 * must give the same bytes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../c/expr_fixture.h"
#include "core/base/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition, const char *what, const char *text)
{
    if (!condition) {
        fprintf(stderr, "fuzz_expr: %s: %s\n", what, text);
        abort();
    }
}

/* The column's type and cells, for comparison. */
static void show(const chl_column *column, chl_strbuf *out)
{
    chl_strbuf_puts(out, chl_type_name(column->type));
    for (int64_t i = 0; i < column->length; i++) {
        chl_strbuf_puts(out, chl_column_valid(column, i) ? "|" : "|NA");
        if (chl_column_valid(column, i)) {
            chl_column_format(column, i, out);
        }
    }
}

enum { BY_ROW, BY_GROUP, OVER, OVER_BY_GROUP, MODES };

static chl_status evaluate(const chl_expr *expr, const chl_frame *frame, int mode,
                           const chl_over *over, const chl_control *control,
                           chl_column **out, chl_error *err)
{
    switch (mode) {
    case BY_ROW: return chl_expr_eval(expr, frame, control, out, err);
    case BY_GROUP:
        return chl_expr_aggregate(expr, frame, over->group, over->groups, control, out,
                                  err);
    case OVER: return chl_expr_eval_over(expr, frame, over, control, out, err);
    default: return chl_expr_aggregate_over(expr, frame, over, control, out, err);
    }
}

/* Evaluates and shows the result, or the status when it fails. */
static void run(const chl_expr *expr, const chl_frame *frame, int mode,
                const chl_over *over, chl_strbuf *out)
{
    chl_column *column;
    chl_error err = {0};
    chl_type type = CHL_F64;
    chl_status checked = chl_expr_check(expr, frame, &type, &err);
    chl_status status = evaluate(expr, frame, mode, over, NULL, &column, &err);
    if (status != CHL_OK) {
        require(!column && err.message[0], "a failure without a message",
                chl_expr_text(expr));
        chl_strbuf_printf(out, "status %d", (int)status);
        return;
    }
    require(mode >= OVER || checked == CHL_OK, "check and eval differ",
            chl_expr_text(expr));
    require(checked != CHL_OK || type == column->type, "check and eval differ",
            chl_expr_text(expr));
    show(column, out);
    chl_column_release(column);
}

/* Groups by Country, in order of Since, which falls in odd inputs. */
static void order(chl_over *over, const chl_frame *frame, bool falling)
{
    static const char *const key = "Country", *const by[] = {"Since", "Age"};
    const bool descending[] = {falling, false};
    if (chl_over_init(over, frame, &key, 1, by, descending, 2, NULL, NULL) != CHL_OK) {
        abort();
    }
}

static void compare(const chl_expr *a, const chl_expr *b, const chl_frame *frame)
{
    chl_over over;
    order(&over, frame, strlen(chl_expr_text(a)) % 2);
    for (int mode = 0; mode < MODES; mode++) {
        chl_strbuf left = {0}, right = {0};
        run(a, frame, mode, &over, &left);
        run(b, frame, mode, &over, &right);
        require(left.data && right.data && strcmp(left.data, right.data) == 0,
                "the printed text runs differently", chl_expr_text(b));
        chl_strbuf_reset(&left);
        chl_strbuf_reset(&right);
    }
    chl_over_reset(&over);
}

static bool same_bytes(const chl_column *a, const chl_column *b)
{
    size_t n = (size_t)a->length + (a->type == CHL_STRING);
    if (a->type != b->type || a->length != b->length || a->nulls != b->nulls ||
        memcmp(a->values.any, b->values.any, n * chl_type_size(a->type)) != 0) {
        return false;
    }
    size_t bytes = a->type == CHL_STRING ? (size_t)a->values.offsets[a->length] : 0;
    if (bytes && memcmp(a->bytes, b->bytes, bytes) != 0) {
        return false;
    }
    for (int64_t i = 0; i < a->length; i++) {
        if (chl_column_valid(a, i) != chl_column_valid(b, i)) {
            return false;
        }
    }
    return true;
}

/* Many rows on one thread and on three. */
static void run_threads(const chl_expr *expr, const chl_frame *frame)
{
    const chl_control one = {.threads = 1}, three = {.threads = 3};
    static chl_over overs[2];
    bool falling = strlen(chl_expr_text(expr)) % 2;
    if (!overs[falling].order) {
        order(&overs[falling], frame, falling);
    }
    const chl_over over = overs[falling];
    for (int mode = 0; mode < MODES; mode++) {
        chl_column *left, *right;
        chl_status status = evaluate(expr, frame, mode, &over, &one, &left, NULL);
        require(evaluate(expr, frame, mode, &over, &three, &right, NULL) == status &&
                    (status != CHL_OK || same_bytes(left, right)),
                "threads change the result", chl_expr_text(expr));
        chl_column_release(left);
        chl_column_release(right);
    }
}

/* The small frame's rows again and again, more than one task's. */
static chl_frame *repeat(const chl_frame *frame)
{
    enum { ROWS = 70001 };
    chl_frame *many = NULL;
    int64_t *rows = malloc(ROWS * sizeof *rows);
    for (int64_t i = 0; rows && i < ROWS; i++) {
        rows[i] = (i * 7 + i / 11) % FIXTURE_ROWS;
    }
    if (!rows || chl_frame_take(frame, rows, ROWS, NULL, &many, NULL) != CHL_OK) {
        abort();
    }
    free(rows);
    return many;
}

static void check_round_trip(const chl_expr *expr, const chl_frame *frame)
{
    chl_strbuf once = {0}, twice = {0};
    chl_expr *again;
    chl_error err = {0};
    chl_expr_print(expr, &once);
    require(once.data && !once.failed, "nothing printed", chl_expr_text(expr));
    if (chl_expr_parse(once.data, &again, &err) != CHL_OK) {
        /* spaces may carry the canonical text over the limit */
        require(once.length > 64 * 1024, err.message, once.data);
        chl_strbuf_reset(&once);
        return;
    }
    chl_expr_print(again, &twice);
    require(strcmp(once.data, twice.data) == 0, "printed twice differs", once.data);
    const char *const *left, *const *right;
    int n = chl_expr_columns(expr, &left);
    require(n == chl_expr_columns(again, &right), "columns differ", once.data);
    for (int i = 0; i < n; i++) {
        require(strcmp(left[i], right[i]) == 0, "columns differ", once.data);
    }
    compare(expr, again, frame);
    chl_expr_release(again);
    chl_strbuf_reset(&once);
    chl_strbuf_reset(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    chl_frame *frame = fixture_frame();
    char *text = malloc(size + 1);
    if (!frame || !text) {
        abort();
    }
    memcpy(text, data, size);
    text[size] = '\0';
    chl_expr *expr;
    chl_error err = {0};
    if (chl_expr_parse(text, &expr, &err) == CHL_OK) {
        check_round_trip(expr, frame);
        if (size % 16 == 0 && size < 512) {
            static chl_frame *many; /* made once: it takes longer than most inputs */
            many = many ? many : repeat(frame);
            run_threads(expr, many);
        }
    } else {
        require(!expr && err.message[0], "a failure without a message", text);
    }
    chl_expr_release(expr);
    free(text);
    chl_frame_release(frame);
    return 0;
}
