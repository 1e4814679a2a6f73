/* SPDX-License-Identifier: MIT
 *
 * Expressions from arbitrary text: what parses prints, what was printed parses to the
 * same text and columns, and both run alike over a small frame of all types, by row and
 * by group.
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

/* Evaluates and shows the result, or the status when it fails. */
static void run(const chl_expr *expr, const chl_frame *frame, const int64_t *group,
                chl_strbuf *out)
{
    chl_column *column;
    chl_error err = {0};
    chl_type type = CHL_F64;
    chl_status checked = chl_expr_check(expr, frame, &type, &err);
    chl_status status =
        group ? chl_expr_aggregate(expr, frame, group, 3, NULL, &column, &err)
              : chl_expr_eval(expr, frame, NULL, &column, &err);
    if (status != CHL_OK) {
        require(!column && err.message[0], "a failure without a message",
                chl_expr_text(expr));
        chl_strbuf_printf(out, "status %d", (int)status);
        return;
    }
    require(checked == CHL_OK && type == column->type, "check and eval differ",
            chl_expr_text(expr));
    show(column, out);
    chl_column_release(column);
}

static void compare(const chl_expr *a, const chl_expr *b, const chl_frame *frame)
{
    static const int64_t group[FIXTURE_ROWS] = {0, 1, 1, 0, 1}; /* group 2 is empty */
    const int64_t *const modes[] = {NULL, group};
    for (int i = 0; i < 2; i++) {
        chl_strbuf left = {0}, right = {0};
        run(a, frame, modes[i], &left);
        run(b, frame, modes[i], &right);
        require(left.data && right.data && strcmp(left.data, right.data) == 0,
                "the printed text runs differently", chl_expr_text(b));
        chl_strbuf_reset(&left);
        chl_strbuf_reset(&right);
    }
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
    } else {
        require(!expr && err.message[0], "a failure without a message", text);
    }
    chl_expr_release(expr);
    free(text);
    chl_frame_release(frame);
    return 0;
}
