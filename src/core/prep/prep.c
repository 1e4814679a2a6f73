/* SPDX-License-Identifier: MIT */
#include "core/prep/prep_private.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/prep/work.h"

enum { STEPS_MAX = 1000 };

chl_status chl_prep_new(chl_prep **out, chl_error *err)
{
    *out = chl_calloc(1, sizeof **out);
    return *out ? CHL_OK : chl_fail_memory(err);
}

void chl_prep_free(chl_prep *prep)
{
    if (prep) {
        for (size_t i = 0; i < prep->n; i++) {
            chl_step_free(prep->steps[i]);
        }
        chl_free(prep->steps);
        chl_raws_reset(&prep->raws);
        chl_layout_reset(&prep->layout);
        chl_free(prep->encoded);
        chl_free(prep);
    }
}

bool chl_prep_fitted(const chl_prep *prep)
{
    return prep->fitted;
}

chl_status chl_prep_add(chl_prep *prep, const json_t *step, chl_error *err)
{
    if (prep->fitted) {
        return chl_fail(err, CHL_EINVAL,
                        "prep: it is fitted: expected its steps before (clone it to add "
                        "more)");
    }
    if (prep->n >= STEPS_MAX) {
        return chl_fail(err, CHL_EINVAL, "prep: more than %d steps", STEPS_MAX);
    }
    chl_step **grown =
        chl_grow(prep->steps, &prep->capacity, prep->n + 1, sizeof(chl_step *));
    if (!grown) {
        return chl_fail_memory(err);
    }
    prep->steps = grown;
    CHL_TRY(chl_step_new(step, &prep->steps[prep->n], err));
    prep->n++;
    return CHL_OK;
}

chl_status chl_prep_clone_unfitted(const chl_prep *prep, chl_prep **out, chl_error *err)
{
    *out = NULL;
    chl_prep *clone = NULL;
    CHL_TRY(chl_prep_new(&clone, err));
    for (size_t i = 0; i < prep->n; i++) {
        chl_status status = chl_prep_add(clone, prep->steps[i]->options, err);
        if (status != CHL_OK) {
            chl_prep_free(clone);
            return status;
        }
    }
    *out = clone;
    return CHL_OK;
}

/* ---- the end of the steps ---- */

static chl_status check_encoded(const chl_slot *slot, chl_error *err)
{
    switch (chl_layout_kind(slot->type)) {
    case CHL_TAKES_TEXT:
        return chl_fail(
            err, CHL_ETYPE,
            "fit: column '%s' is text (%s) and no step encodes it: add onehot "
            "or target_encode, or drop it",
            slot->name, chl_type_name(slot->type));
    case CHL_TAKES_DATES:
        return chl_fail(err, CHL_ETYPE,
                        "fit: column '%s' is a %s: derive a number from it "
                        "(days_between, year …), then drop it",
                        slot->name, chl_type_name(slot->type));
    default: return CHL_OK;
    }
}

/* Collects the living slots as the encoded columns. */
static chl_status finish(chl_prep *prep, chl_error *err)
{
    prep->n_encoded = 0;
    prep->encoded = chl_alloc((size_t)prep->layout.n, sizeof *prep->encoded);
    if (!prep->encoded) {
        return chl_fail_memory(err);
    }
    for (int i = 0; i < prep->layout.n; i++) {
        if (prep->layout.slots[i].alive) {
            CHL_TRY(check_encoded(&prep->layout.slots[i], err));
            prep->encoded[prep->n_encoded++] = i;
        }
    }
    if (prep->n_encoded == 0) {
        return chl_fail(err, CHL_EINVAL, "fit: the steps leave no column");
    }
    prep->fitted = true;
    return CHL_OK;
}

chl_status chl_prep_bind(chl_prep *prep, chl_error *err)
{
    chl_layout_reset(&prep->layout);
    chl_free(prep->encoded);
    prep->encoded = NULL;
    CHL_TRY(chl_raws_bind(&prep->raws, &prep->layout, err));
    for (size_t i = 0; i < prep->n; i++) {
        CHL_TRY(chl_step_bind(prep->steps[i], &prep->layout, err));
    }
    return finish(prep, err);
}

/* ---- matrix ---- */

static chl_status fail_cell(const chl_prep *prep, const chl_work *work, int j,
                            int64_t row, chl_error *err)
{
    const char *name = prep->layout.slots[prep->encoded[j]].name;
    if (isnan(work->cells[prep->encoded[j]].numbers[row])) {
        return chl_fail(err, CHL_ENUMERIC,
                        "%s: column '%s': row %lld: the value is missing and no impute "
                        "step after it fills it in",
                        work->where, name, (long long)row + 1);
    }
    return chl_fail(err, CHL_ENUMERIC,
                    "%s: column '%s': row %lld: the value is too large", work->where,
                    name, (long long)row + 1);
}

static chl_status check_cells(const chl_prep *prep, const chl_work *work, chl_error *err)
{
    for (int j = 0; j < prep->n_encoded; j++) {
        const double *x = work->cells[prep->encoded[j]].numbers;
        bool finite = true;
        for (int64_t row = 0; row < work->rows; row++) {
            finite &= x[row] - x[row] == 0; /* false for NaN and Inf */
        }
        for (int64_t row = 0; !finite && row < work->rows; row++) {
            if (!isfinite(x[row])) {
                return fail_cell(prep, work, j, row, err);
            }
        }
    }
    return CHL_OK;
}

/* Columns to rows, some rows at a time so that both sides stay in the cache. */
static chl_status assemble(const chl_prep *prep, const chl_work *work, chl_matrix *x,
                           chl_error *err)
{
    enum { BLOCK = 64 };
    CHL_TRY(check_cells(prep, work, err));
    CHL_TRY(chl_matrix_init(x, work->rows, prep->n_encoded, err));
    for (int64_t start = 0; start < work->rows; start += BLOCK) {
        int64_t end = start + BLOCK < work->rows ? start + BLOCK : work->rows;
        for (int j = 0; j < prep->n_encoded; j++) {
            const double *from = work->cells[prep->encoded[j]].numbers;
            for (int64_t row = start; row < end; row++) {
                x->data[row * x->cols + j] = from[row];
            }
        }
    }
    return CHL_OK;
}

/* ---- fitting ---- */

/* Raw columns that were dropped before anything read them are no raw columns: they leave
 * the drop steps, too. */
static void forget_untouched(chl_prep *prep, bool *keep)
{
    for (int i = 0; i < prep->raws.n; i++) {
        const chl_slot *slot = &prep->layout.slots[i];
        keep[i] = slot->alive || slot->touched;
    }
    for (size_t s = 0; s < prep->n; s++) {
        chl_step *step = prep->steps[s];
        int kept = 0;
        for (int i = 0; step->class == &chl_step_drop && i < step->n; i++) {
            int slot = step->slots[i];
            if (slot < prep->raws.n && !keep[slot]) {
                chl_free(step->names[i]);
            } else {
                step->names[kept++] = step->names[i];
            }
        }
        step->n = step->class == &chl_step_drop ? kept : step->n;
    }
    chl_raws_filter(&prep->raws, keep);
}

static chl_status prune(chl_prep *prep, chl_error *err)
{
    bool *keep = chl_alloc((size_t)prep->raws.n, sizeof *keep);
    if (!keep) {
        return chl_fail_memory(err);
    }
    int before = prep->raws.n;
    forget_untouched(prep, keep);
    chl_free(keep);
    return prep->raws.n < before ? chl_prep_bind(prep, err) : CHL_OK;
}

static chl_status fit_steps(chl_prep *prep, const chl_frame *train, chl_work *work,
                            chl_matrix *x, chl_error *err)
{
    CHL_TRY(chl_work_init(work, train->rows, "fit", err));
    CHL_TRY(chl_work_extend(work, &prep->layout, err));
    CHL_TRY(chl_raws_read(&prep->raws, &prep->layout, train, work, err));
    chl_fit fit = {.layout = &prep->layout, .work = work, .frame = train};
    for (size_t i = 0; i < prep->n; i++) {
        CHL_TRY(chl_step_fit(prep->steps[i], &fit, err));
    }
    CHL_TRY(finish(prep, err));
    return assemble(prep, work, x, err);
}

static chl_status fit_trial(chl_prep *trial, const chl_frame *train, chl_matrix *x,
                            chl_error *err)
{
    chl_work work = {0};
    CHL_TRY(chl_raws_from_frame(train, &trial->raws, err));
    CHL_TRY(chl_raws_bind(&trial->raws, &trial->layout, err));
    chl_status status = fit_steps(trial, train, &work, x, err);
    chl_work_reset(&work);
    return status == CHL_OK ? prune(trial, err) : status;
}

chl_status chl_prep_fit_transform(chl_prep *prep, const chl_frame *train, chl_matrix *x,
                                  chl_error *err)
{
    *x = (chl_matrix){0};
    if (train->rows == 0) {
        return chl_fail(err, CHL_EINVAL, "fit: the training frame has no rows");
    }
    chl_prep *trial = NULL; /* so that a failed fit leaves the prep as it was */
    CHL_TRY(chl_prep_clone_unfitted(prep, &trial, err));
    chl_status status = fit_trial(trial, train, x, err);
    if (status == CHL_OK) {
        chl_prep old = *prep;
        *prep = *trial;
        *trial = old;
    } else {
        chl_matrix_reset(x);
    }
    chl_prep_free(trial);
    return status;
}

/* ---- rows ---- */

static chl_status run(const chl_prep *prep, const chl_frame *frame, chl_work *work,
                      chl_matrix *x, chl_error *err)
{
    CHL_TRY(chl_work_init(work, frame->rows, "score", err));
    CHL_TRY(chl_work_extend(work, &prep->layout, err));
    CHL_TRY(chl_raws_read(&prep->raws, &prep->layout, frame, work, err));
    for (size_t i = 0; i < prep->n; i++) {
        const chl_step *step = prep->steps[i];
        if (step->class->apply) {
            CHL_TRY(step->class->apply(step, work, &prep->layout, err));
        }
    }
    return assemble(prep, work, x, err);
}

chl_status chl_prep_transform(const chl_prep *prep, const chl_frame *frame, chl_matrix *x,
                              chl_prep_unseen *unseen, chl_error *err)
{
    *x = (chl_matrix){0};
    if (unseen) {
        unseen->cells = 0;
    }
    if (!prep->fitted) {
        return chl_fail(err, CHL_EINVAL, "score: the prep is not fitted");
    }
    chl_work work = {0};
    chl_status status = run(prep, frame, &work, x, err);
    if (status == CHL_OK && unseen) {
        unseen->cells = work.unseen;
    }
    chl_work_reset(&work);
    return status;
}

/* ---- what it knows ---- */

int chl_prep_raw_count(const chl_prep *prep)
{
    return prep->raws.n;
}

const char *chl_prep_raw_name(const chl_prep *prep, int i)
{
    return prep->raws.list[i].name;
}

chl_type chl_prep_raw_type(const chl_prep *prep, int i)
{
    return prep->raws.list[i].type;
}

int chl_prep_encoded_count(const chl_prep *prep)
{
    return prep->n_encoded;
}

const char *chl_prep_encoded_name(const chl_prep *prep, int j)
{
    return prep->layout.slots[prep->encoded[j]].name;
}

bool chl_prep_depends(const chl_prep *prep, int j, int i)
{
    int lineage = prep->layout.slots[prep->encoded[j]].lineage;
    const chl_lineage *from = &prep->layout.lineages[lineage];
    for (int k = 0; k < from->n; k++) {
        if (from->raws[k] == i) {
            return true;
        }
    }
    return false;
}

int chl_prep_nominal(const chl_prep *prep, int j)
{
    return prep->layout.slots[prep->encoded[j]].nominal;
}

chl_status chl_prep_schema(const chl_prep *prep, chl_frame **out, chl_error *err)
{
    int *slots = chl_alloc((size_t)prep->raws.n, sizeof *slots);
    *out = NULL;
    if (!slots) {
        return chl_fail_memory(err);
    }
    for (int i = 0; i < prep->raws.n; i++) {
        slots[i] = i;
    }
    chl_layout layout = {0};
    chl_status status = chl_raws_bind(&prep->raws, &layout, err);
    if (status == CHL_OK) {
        status = chl_layout_schema(&layout, slots, prep->raws.n, out, err);
    }
    chl_layout_reset(&layout);
    chl_free(slots);
    return status;
}

/* ---- words ---- */

chl_status chl_prep_describe(const chl_prep *prep, chl_strbuf *out, chl_error *err)
{
    if (prep->fitted) {
        chl_strbuf_printf(out, "prep: fitted, %d raw columns -> %d encoded", prep->raws.n,
                          prep->n_encoded);
    } else {
        chl_strbuf_printf(out, "prep: not fitted, %zu step%s", prep->n,
                          prep->n == 1 ? "" : "s");
    }
    for (size_t i = 0; i < prep->n; i++) {
        const chl_step *step = prep->steps[i];
        chl_strbuf_printf(out, "\n%3zu %-14s ", i + 1, step->class->name);
        step->class->describe(step, out);
    }
    return out->failed ? chl_fail_memory(err) : CHL_OK;
}
