/* SPDX-License-Identifier: MIT
 *
 * Nets with several heads: a model scores one of them, and keeps the whole nets for what
 * the others say. Layer: core/model.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/model/model_private.h"

chl_status model_part_keep(model_part *part, chl_net *const *nets, int n,
                           const char *where, chl_error *err)
{
    if (part->held > part->members || n != part->members) {
        return chl_fail(err, CHL_EINVAL, "%s: expected %d whole nets, got %d", where,
                        part->held > part->members ? 0 : part->members, n);
    }
    CHL_TRY(model_check_nets(part->prep, nets, n, where, err));
    chl_net **grown = chl_alloc(2 * (size_t)n, sizeof *grown);
    if (!grown) {
        return chl_fail_memory(err);
    }
    memcpy(grown, part->nets, (size_t)n * sizeof *grown);
    memcpy(grown + n, nets, (size_t)n * sizeof *grown);
    chl_free(part->nets);
    part->nets = grown;
    part->held = 2 * n;
    return CHL_OK;
}

chl_status chl_model_keep_heads(chl_model *model, chl_net *const *nets, int n,
                                chl_error *err)
{
    if (model->part_count != 1) {
        return chl_fail(err, CHL_EINVAL, "heads: expected a model of one part, got %d",
                        model->part_count);
    }
    CHL_TRY(model_part_keep(model->parts[0], nets, n, "heads", err));
    chl_free(model->text); /* what a bundle said of the model holds no longer */
    model->text = NULL;
    return CHL_OK;
}

int chl_model_head_outputs(const chl_model *model)
{
    const model_part *part = model->parts[0];
    bool kept = model->part_count == 1 && part->held > part->members;
    return kept ? chl_net_outputs(part->nets[part->members]) : 0;
}

static chl_status add_nets(const model_part *part, const chl_matrix *x, int64_t numbers,
                           double *one, double *out, chl_error *err)
{
    for (int m = part->members; m < part->held; m++) {
        CHL_TRY(chl_net_predict(part->nets[m], x->data, x->rows, one, err));
        for (int64_t i = 0; i < numbers; i++) {
            out[i] += one[i] / part->members;
        }
    }
    return CHL_OK;
}

chl_status chl_model_predict_heads(const chl_model *model, const chl_frame *frame,
                                   double *out, chl_error *err)
{
    const model_part *part = model->parts[0];
    int outputs = chl_model_head_outputs(model);
    if (outputs == 0) {
        return chl_fail(err, CHL_EINVAL,
                        "heads: expected a model whose nets were trained with several "
                        "heads");
    }
    chl_matrix x;
    CHL_TRY(chl_prep_transform(part->prep, frame, &x, NULL, err));
    int64_t numbers = x.rows * outputs;
    double *one = chl_alloc((size_t)numbers, sizeof *one);
    chl_status status = one ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        memset(out, 0, (size_t)numbers * sizeof *out);
        status = add_nets(part, &x, numbers, one, out, err);
    }
    chl_free(one);
    chl_matrix_reset(&x);
    return status;
}
