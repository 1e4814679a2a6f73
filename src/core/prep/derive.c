/* SPDX-License-Identifier: MIT
 *
 * Step "derive": new columns from expressions over the columns before the step. Layer:
 * core/prep.
 *
 *   "columns": [["has_balance", "Balance > 0"], …]
 *
 * An expression sees one row alone: aggregates are refused, since a score must not depend
 * on its neighbours. Its result is a number (bool as 0/1), a text or a date; where it is
 * missing, the new cell is missing.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/expr/expr.h"
#include "core/prep/step.h"

typedef struct derived {
    const char *name; /* borrowed from the options */
    chl_expr *expr;
    int slot; /* once bound */
} derived;

typedef struct derive {
    chl_step base;
    const json_t *columns; /* borrowed option */
    derived *made;         /* [count] */
    int count;
    int *inputs; /* slots that some expression reads, once bound */
    const char **input_names;
    int n_inputs;
} derive;

static chl_status fail_derived(const derived *d, chl_error *err)
{
    return chl_error_prefix(err, "derive: '%s'", d->name);
}

static chl_status parse_one(const json_t *pair, derived *d, chl_error *err)
{
    const json_t *name = json_array_get(pair, 0);
    const char *text = json_string_value(json_array_get(pair, 1));
    d->name = json_string_value(name);
    if (!json_is_array(pair) || json_array_size(pair) != 2 || !d->name || !*d->name ||
        strlen(d->name) != json_string_length(name)) {
        return chl_fail(err, CHL_ETYPE, "derive: expected a name and an expression");
    }
    if (!text) {
        return chl_fail(err, CHL_ETYPE,
                        "derive: '%s': expected an expression as a string, got %s",
                        d->name, chl_json_type_name(json_array_get(pair, 1)));
    }
    if (chl_expr_parse(text, &d->expr, err) != CHL_OK) {
        return fail_derived(d, err);
    }
    const char *const *names;
    if (chl_expr_is_aggregate(d->expr)) {
        chl_fail(err, CHL_EINVAL,
                 "an aggregate looks at other rows: expected an "
                 "expression over one row");
        return fail_derived(d, err);
    }
    if (chl_expr_columns(d->expr, &names) == 0) {
        chl_fail(err, CHL_EINVAL, "expected an expression that reads a column");
        return fail_derived(d, err);
    }
    return CHL_OK;
}

static chl_status derive_parse(chl_step *step, const json_t *options, chl_error *err)
{
    static const chl_option table[] = {
        {.name = "step", .type = CHL_OPT_IGNORE},
        {.name = "columns",
         .type = CHL_OPT_JSON,
         .offset = offsetof(derive, columns),
         .required = 1},
        {.name = NULL},
    };
    enum { COUNT_MAX = 1 << 16 };
    derive *self = (derive *)step;
    CHL_TRY(chl_options_read(options, "derive", table, self, err));
    size_t n = json_array_size(self->columns);
    if (n == 0 || n > COUNT_MAX) {
        return chl_fail(err, CHL_EINVAL, "derive: expected names and expressions");
    }
    self->made = chl_calloc(n, sizeof *self->made);
    if (!self->made) {
        return chl_fail_memory(err);
    }
    self->count = (int)n;
    for (size_t i = 0; i < n; i++) {
        CHL_TRY(parse_one(json_array_get(self->columns, i), &self->made[i], err));
    }
    return CHL_OK;
}

/* ---- binding ---- */

static int expr_width(const derived *d)
{
    const char *const *names;
    return chl_expr_columns(d->expr, &names);
}

/* The slots that one expression reads, in slots[expr_width]. */
static chl_status find_inputs(const derived *d, chl_layout *layout, int *slots,
                              chl_error *err)
{
    const char *const *names;
    int n = chl_expr_columns(d->expr, &names);
    for (int k = 0; k < n; k++) {
        if (chl_layout_require(layout, "", names[k], &slots[k], err) != CHL_OK) {
            return fail_derived(d, err);
        }
        layout->slots[slots[k]].touched = true;
        layout->slots[slots[k]].exact = true;
    }
    return CHL_OK;
}

static void add_input(derive *self, const chl_layout *layout, int slot)
{
    for (int i = 0; i < self->n_inputs; i++) {
        if (self->inputs[i] == slot) {
            return;
        }
    }
    self->inputs[self->n_inputs] = slot;
    self->input_names[self->n_inputs++] = layout->slots[slot].name;
}

static chl_status collect_inputs(derive *self, chl_layout *layout, int *scratch,
                                 chl_error *err)
{
    self->n_inputs = 0;
    for (int i = 0; i < self->count; i++) {
        CHL_TRY(find_inputs(&self->made[i], layout, scratch, err));
        for (int k = 0; k < expr_width(&self->made[i]); k++) {
            add_input(self, layout, scratch[k]);
        }
    }
    return CHL_OK;
}

static chl_status result_type(const derived *d, const chl_frame *schema, chl_type *type,
                              chl_error *err)
{
    if (chl_expr_check(d->expr, schema, type, err) != CHL_OK) {
        return fail_derived(d, err);
    }
    if (*type == CHL_CATEGORY) {
        *type = CHL_STRING; /* its levels are known only with its rows */
    }
    return CHL_OK;
}

static chl_status add_columns(derive *self, chl_layout *layout, const chl_frame *schema,
                              int *scratch, chl_error *err)
{
    int before = layout->n;
    for (int i = 0; i < self->count; i++) {
        derived *d = &self->made[i];
        chl_type type;
        int lineage;
        CHL_TRY(result_type(d, schema, &type, err));
        CHL_TRY(find_inputs(d, layout, scratch, err));
        for (int k = 0; k < expr_width(d); k++) {
            if (scratch[k] >= before) {
                return chl_fail(err, CHL_ENAME,
                                "derive: '%s': '%s' is made in the same step: use a "
                                "second derive",
                                d->name, layout->slots[scratch[k]].name);
            }
        }
        CHL_TRY(chl_layout_join(layout, scratch, expr_width(d), &lineage, err));
        if (chl_layout_add(layout, d->name, type, lineage, &d->slot, err) != CHL_OK) {
            return chl_error_prefix(err, "derive");
        }
    }
    return CHL_OK;
}

static chl_status bind_inputs(derive *self, chl_layout *layout, int *scratch,
                              chl_error *err)
{
    chl_frame *schema = NULL;
    CHL_TRY(collect_inputs(self, layout, scratch, err));
    CHL_TRY(chl_layout_schema(layout, self->inputs, self->n_inputs, &schema, err));
    chl_status status = add_columns(self, layout, schema, scratch, err);
    chl_frame_release(schema);
    return status;
}

static chl_status derive_bind(chl_step *step, chl_layout *layout, chl_error *err)
{
    derive *self = (derive *)step;
    size_t width = 0;
    for (int i = 0; i < self->count; i++) {
        width += (size_t)expr_width(&self->made[i]);
    }
    chl_free(self->inputs);
    chl_free(self->input_names);
    self->inputs = chl_alloc(width, sizeof *self->inputs);
    self->input_names = chl_alloc(width, sizeof *self->input_names);
    int *scratch = chl_alloc(width, sizeof *scratch);
    chl_status status = self->inputs && self->input_names && scratch
                            ? bind_inputs(self, layout, scratch, err)
                            : chl_fail_memory(err);
    chl_free(scratch);
    return status;
}

/* ---- rows ---- */

/* A frame of the columns that the expressions read. */
static chl_status input_frame(const derive *self, const chl_work *work, chl_frame **out,
                              chl_error *err)
{
    *out = NULL;
    chl_column **columns = chl_calloc((size_t)self->n_inputs, sizeof *columns);
    chl_status status = columns ? CHL_OK : chl_fail_memory(err);
    for (int i = 0; i < self->n_inputs && status == CHL_OK; i++) {
        status = chl_work_column(work, self->inputs[i], &columns[i], err);
    }
    if (status == CHL_OK) {
        status = chl_frame_new(self->input_names, columns, self->n_inputs, out, err);
    }
    for (int i = 0; columns && i < self->n_inputs; i++) {
        chl_column_release(columns[i]);
    }
    chl_free(columns);
    return status;
}

static chl_status evaluate(const derived *d, const chl_frame *frame, chl_work *work,
                           const chl_layout *layout, chl_error *err)
{
    chl_column *column = NULL;
    if (chl_expr_eval(d->expr, frame, NULL, &column, err) != CHL_OK) {
        return fail_derived(d, err);
    }
    if (column->type == CHL_CATEGORY) {
        chl_column *text = NULL;
        chl_status status = chl_column_cast(column, CHL_STRING, &text, err);
        chl_column_release(column);
        CHL_TRY(status);
        column = text;
    }
    return chl_work_put(work, layout, d->slot, column, err);
}

static chl_status derive_apply(const chl_step *step, chl_work *work,
                               const chl_layout *layout, chl_error *err)
{
    const derive *self = (const derive *)step;
    chl_frame *frame = NULL;
    CHL_TRY(input_frame(self, work, &frame, err));
    chl_status status = CHL_OK;
    for (int i = 0; i < self->count && status == CHL_OK; i++) {
        status = evaluate(&self->made[i], frame, work, layout, err);
    }
    chl_frame_release(frame);
    return status;
}

static void derive_describe(const chl_step *step, chl_strbuf *out)
{
    const derive *self = (const derive *)step;
    for (int i = 0; i < self->count; i++) {
        chl_strbuf_printf(out, "%s%s = %s", i ? ", " : "", self->made[i].name,
                          chl_expr_text(self->made[i].expr));
    }
}

static void derive_reset(chl_step *step)
{
    derive *self = (derive *)step;
    for (int i = 0; i < self->count; i++) {
        chl_expr_release(self->made[i].expr);
    }
    chl_free(self->made);
    chl_free(self->inputs);
    chl_free(self->input_names);
}

const chl_step_class chl_step_derive = {
    .name = "derive",
    .size = sizeof(derive),
    .parse = derive_parse,
    .bind = derive_bind,
    .apply = derive_apply,
    .describe = derive_describe,
    .reset = derive_reset,
};
