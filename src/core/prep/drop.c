/* SPDX-License-Identifier: MIT
 *
 * Step "drop": leaves columns out, typically dates and names that a derive step has used.
 * Layer: core/prep. A raw column that nothing read before it was dropped is not asked for
 * at scoring.
 */
#include "core/base/options.h"
#include "core/prep/step.h"

typedef struct drop {
    chl_step base;
    const json_t *columns; /* borrowed option */
} drop;

static chl_status drop_parse(chl_step *step, const json_t *options, chl_error *err)
{
    static const chl_option table[] = {
        {.name = "step", .type = CHL_OPT_IGNORE},
        {.name = "columns",
         .type = CHL_OPT_JSON,
         .offset = offsetof(drop, columns),
         .required = 1},
        {.name = NULL},
    };
    return chl_options_read(options, "drop", table, step, err);
}

static chl_status drop_bind(chl_step *step, chl_layout *layout, chl_error *err)
{
    (void)err;
    for (int i = 0; i < step->n; i++) {
        layout->slots[step->slots[i]].alive = false;
    }
    return CHL_OK;
}

static void drop_describe(const chl_step *step, chl_strbuf *out)
{
    chl_step_describe_columns(step, out);
}

const chl_step_class chl_step_drop = {
    .name = "drop",
    .size = sizeof(drop),
    .takes = CHL_TAKES_NUMBERS | CHL_TAKES_TEXT | CHL_TAKES_DATES,
    .parse = drop_parse,
    .bind = drop_bind,
    .describe = drop_describe,
};
