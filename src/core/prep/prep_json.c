/* SPDX-License-Identifier: MIT
 *
 * A prep as JSON: {"steps": [{"step": …, options …, "state": {…}}, …], "raw": [{"name",
 * "type", "levels"}, …]}; "state" and "raw" only when it is fitted. Layer: core/prep.
 * Layout, lineage and encoded names are not stored: binding makes them again, with all
 * its checks.
 */
#include "core/prep/prep_private.h"

static chl_status steps_to_json(const chl_prep *prep, json_t *list, chl_error *err)
{
    for (size_t i = 0; i < prep->n; i++) {
        json_t *step = NULL;
        CHL_TRY(chl_step_to_json(prep->steps[i], prep->fitted, &step, err));
        if (json_array_append_new(list, step) != 0) {
            return chl_fail_memory(err);
        }
    }
    return CHL_OK;
}

chl_status chl_prep_to_json(const chl_prep *prep, json_t **out, chl_error *err)
{
    json_t *json = json_pack("{s:[]}", "steps");
    chl_status status = json ? steps_to_json(prep, json_object_get(json, "steps"), err)
                             : chl_fail_memory(err);
    if (status == CHL_OK && prep->fitted) {
        json_t *raw = NULL;
        status = chl_raws_to_json(&prep->raws, &raw, err);
        if (status == CHL_OK && json_object_set_new(json, "raw", raw) != 0) {
            status = chl_fail_memory(err);
        }
    }
    if (status != CHL_OK) {
        json_decref(json);
        json = NULL;
    }
    *out = json;
    return status;
}

static chl_status read_json(const json_t *json, chl_prep *prep, chl_error *err)
{
    const json_t *steps = json_object_get(json, "steps");
    const json_t *raw = json_object_get(json, "raw");
    if (!json_is_array(steps)) {
        return chl_fail(err, CHL_EFORMAT, "expected a list of steps");
    }
    for (size_t i = 0; i < json_array_size(steps); i++) {
        CHL_TRY(chl_prep_add(prep, json_array_get(steps, i), err));
        if (raw) {
            CHL_TRY(chl_step_load(prep->steps[i], json_array_get(steps, i), err));
        }
    }
    if (!raw) {
        return CHL_OK;
    }
    CHL_TRY(chl_raws_from_json(raw, &prep->raws, err));
    return chl_prep_bind(prep, err);
}

chl_status chl_prep_from_json(const json_t *json, chl_prep **out, chl_error *err)
{
    *out = NULL;
    chl_prep *prep = NULL;
    CHL_TRY(chl_prep_new(&prep, err));
    chl_status status = read_json(json, prep, err);
    if (status != CHL_OK) {
        chl_prep_free(prep);
        return status == CHL_ENOMEM ? status : chl_error_prefix(err, "prep");
    }
    *out = prep;
    return CHL_OK;
}
