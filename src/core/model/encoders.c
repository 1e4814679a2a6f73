/* SPDX-License-Identifier: MIT
 *
 * Which parts of a model encode rows alike: those of one fold have equal preps, though
 * each has its own. Layer: core/model.
 */
#include "core/base/alloc.h"
#include "core/model/model_private.h"

static chl_status compare(json_t **preps, model_part *const *parts, int n, int *encoder,
                          chl_error *err)
{
    for (int i = 0; i < n; i++) {
        CHL_TRY(chl_prep_to_json(parts[i]->prep, &preps[i], err));
        int j = 0;
        while (j < i && !(encoder[j] == j && json_equal(preps[j], preps[i]))) {
            j++;
        }
        encoder[i] = j;
    }
    return CHL_OK;
}

chl_status model_find_encoders(model_part *const *parts, int n, int *encoder,
                               chl_error *err)
{
    encoder[0] = 0;
    if (n == 1) {
        return CHL_OK;
    }
    json_t **preps = chl_calloc((size_t)n, sizeof(json_t *));
    chl_status status =
        preps ? compare(preps, parts, n, encoder, err) : chl_fail_memory(err);
    for (int i = 0; preps && i < n; i++) {
        json_decref(preps[i]);
    }
    chl_free(preps);
    return status;
}
