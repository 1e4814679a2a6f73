/* SPDX-License-Identifier: MIT
 *
 * A part of a model: a fitted prep and an ensemble of nets. Layer: core/model.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/model/model_private.h"

chl_status model_check_nets(const chl_prep *prep, chl_net *const *nets, int n,
                            const char *where, chl_error *err)
{
    int encoded = chl_prep_encoded_count(prep), outputs = chl_net_outputs(nets[0]);
    for (int i = 0; i < n; i++) {
        if (chl_net_inputs(nets[i]) != encoded) {
            return chl_fail(err, CHL_EINVAL,
                            "%s: net %d: expected %d inputs as the prep gives, got %d",
                            where, i + 1, encoded, chl_net_inputs(nets[i]));
        }
        if (chl_net_outputs(nets[i]) != outputs) {
            return chl_fail(err, CHL_EINVAL,
                            "%s: net %d: expected %d outputs as in the first, got %d",
                            where, i + 1, outputs, chl_net_outputs(nets[i]));
        }
    }
    return CHL_OK;
}

static chl_status check_fit(const chl_prep *prep, chl_net *const *nets, int n,
                            const char *where, chl_error *err)
{
    if (!chl_prep_fitted(prep)) {
        return chl_fail(err, CHL_EINVAL, "%s: prep: expected a fitted one", where);
    }
    if (n < 1) {
        return chl_fail(err, CHL_EINVAL, "%s: nets: expected at least one", where);
    }
    return model_check_nets(prep, nets, n, where, err);
}

chl_status model_part_new(chl_prep *prep, chl_net *const *nets, int n, const char *where,
                          model_part **out, chl_error *err)
{
    *out = NULL;
    CHL_TRY(check_fit(prep, nets, n, where, err));
    model_part *part = chl_calloc(1, sizeof *part);
    chl_net **own = chl_alloc((size_t)n, sizeof *own);
    if (!part || !own) {
        chl_free(part);
        chl_free(own);
        return chl_fail_memory(err);
    }
    memcpy(own, nets, (size_t)n * sizeof *own);
    atomic_init(&part->refs, 1);
    part->prep = prep;
    part->nets = own;
    part->members = part->held = n;
    *out = part;
    return CHL_OK;
}

model_part *model_part_retain(model_part *part)
{
    atomic_fetch_add(&part->refs, 1);
    return part;
}

void model_part_release(model_part *part)
{
    if (!part || atomic_fetch_sub(&part->refs, 1) != 1) {
        return;
    }
    for (int i = 0; i < part->held; i++) {
        chl_net_free(part->nets[i]);
    }
    chl_free(part->nets);
    chl_prep_free(part->prep);
    chl_free(part);
}

int model_part_outputs(const model_part *part)
{
    return chl_net_outputs(part->nets[0]);
}

chl_status model_part_mean(const model_part *part, double *p, int64_t n, int64_t first,
                           chl_error *err)
{
    int outputs = model_part_outputs(part);
    for (int64_t i = 0; i < n * outputs; i++) {
        p[i] /= part->members;
        if (!(p[i] >= 0 && p[i] <= 1)) {
            return chl_fail(err, CHL_ENUMERIC,
                            "score: row %lld: expected a probability, got %g (does the "
                            "net end in a %s?)",
                            (long long)(first + i / outputs + 1), p[i],
                            outputs == 1 ? "sigmoid" : "softmax");
        }
    }
    return CHL_OK;
}

chl_status model_part_sum(const model_part *part, const double *x, int64_t n, double *p,
                          chl_error *err)
{
    int64_t numbers = n * model_part_outputs(part);
    CHL_TRY(chl_net_predict(part->nets[0], x, n, p, err));
    if (part->members == 1) {
        return CHL_OK;
    }
    double *member = chl_alloc((size_t)numbers, sizeof *member);
    chl_status status = member ? CHL_OK : chl_fail_memory(err);
    for (int i = 1; i < part->members && status == CHL_OK; i++) {
        status = chl_net_predict(part->nets[i], x, n, member, err);
        for (int64_t k = 0; status == CHL_OK && k < numbers; k++) {
            p[k] += member[k];
        }
    }
    chl_free(member);
    return status;
}
