/* SPDX-License-Identifier: MIT
 *
 * A frame with the columns of its scores. Layer: core/model.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"
#include "core/model/model_private.h"

/* Replaces *frame by one with the column more. */
static chl_status add_column(chl_frame **frame, const char *name, chl_column *column,
                             chl_error *err)
{
    chl_frame *with = NULL;
    CHL_TRY(chl_frame_with(*frame, name, column, &with, err));
    chl_frame_release(*frame);
    *frame = with;
    return CHL_OK;
}

/* values[i × stride] for each row. */
static chl_status add_numbers(chl_frame **frame, const char *name, const double *values,
                              int stride, chl_error *err)
{
    chl_column *column = NULL;
    CHL_TRY(chl_column_new(CHL_F64, (*frame)->rows, false, &column, err));
    for (int64_t i = 0; i < column->length; i++) {
        column->values.f64[i] = values[i * stride];
    }
    chl_column_seal(column);
    chl_status status = add_column(frame, name, column, err);
    chl_column_release(column);
    return status;
}

static chl_status add_probability(const chl_model *model, int class, const double *p,
                                  chl_frame **frame, chl_error *err)
{
    chl_strbuf name = {0};
    chl_strbuf_printf(&name, "p_%s", model->classes.names[class]);
    chl_status status =
        name.failed ? chl_fail_memory(err)
                    : add_numbers(frame, name.data, p + class, model->outputs, err);
    chl_strbuf_reset(&name);
    return status;
}

/* The most probable class of each row. */
static chl_status add_class(const chl_model *model, const double *p, chl_frame **frame,
                            chl_error *err)
{
    int64_t rows = (*frame)->rows;
    int *index = chl_alloc((size_t)rows, sizeof *index);
    if (!index) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < rows; i++, p += model->outputs) {
        index[i] = 0;
        for (int c = 1; c < model->outputs; c++) {
            index[i] = p[c] > p[index[i]] ? c : index[i];
        }
    }
    chl_column *column = NULL;
    chl_status status = chl_classes_column(&model->classes, index, rows, &column, err);
    if (status == CHL_OK) {
        status = add_column(frame, "class", column, err);
    }
    chl_column_release(column);
    chl_free(index);
    return status;
}

/* p is used up. */
static chl_status add_scores(const chl_model *model, double *p, chl_frame **frame,
                             chl_error *err)
{
    if (model->outputs > 1) {
        for (int c = 0; c < model->outputs; c++) {
            CHL_TRY(add_probability(model, c, p, frame, err));
        }
        CHL_TRY(add_class(model, p, frame, err));
        if (!model->positive) {
            return CHL_OK;
        }
    }
    model_pick(model->outputs, model->is_positive, p, (*frame)->rows, p);
    return add_numbers(frame, "churn", p, 1, err);
}

chl_status chl_model_score_columns(const chl_model *model, const chl_frame *frame,
                                   const chl_control *control, chl_frame **out,
                                   chl_prep_unseen *unseen, chl_error *err)
{
    *out = NULL;
    double *p = chl_alloc((size_t)frame->rows, (size_t)model->outputs * sizeof *p);
    if (!p) {
        return chl_fail_memory(err);
    }
    chl_status status = chl_model_score(model, frame, control, p, unseen, err);
    if (status == CHL_OK) {
        *out = chl_frame_retain((chl_frame *)(uintptr_t)frame);
        status = add_scores(model, p, out, err);
        if (status != CHL_OK) {
            chl_frame_release(*out);
            *out = NULL;
        }
    }
    chl_free(p);
    return status;
}
