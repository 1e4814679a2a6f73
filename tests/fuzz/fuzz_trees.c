/* SPDX-License-Identifier: MIT
 *
 * Forests from anybody: the first byte chooses between XGBoost's JSON and tensors of any
 * floats. What is accepted must answer, for rows of extreme numbers as well, and come
 * back from its own tensors.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/trees/forest.h"
#include "core/trees/xgboost_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 11, INPUTS_MAX = 64, OUTPUTS_MAX = 8 };

static void use(const chl_forest *f)
{
    static const float numbers[] = {0, -1, 0.5f, 1e30f, -1e30f, INFINITY, -INFINITY, 3};
    if (f->inputs > INPUTS_MAX || f->outputs > OUTPUTS_MAX) {
        return;
    }
    float x[ROWS * INPUTS_MAX], margins[ROWS * OUTPUTS_MAX];
    for (int i = 0; i < ROWS * INPUTS_MAX; i++) {
        x[i] = numbers[(i + i / 7) % 8];
    }
    chl_forest_margins(f, ROWS, x, INPUTS_MAX, margins, OUTPUTS_MAX);
}

static void store_and_load(const chl_forest *f)
{
    chl_forest again;
    float *trees = malloc((size_t)f->tree_count * 3 * sizeof *trees + 1);
    float *nodes = malloc((size_t)f->node_count * 4 * sizeof *nodes + 1);
    float *base = malloc((size_t)f->outputs * sizeof *base);
    if (!trees || !nodes || !base ||
        chl_forest_init(&again, f->inputs, f->outputs, f->tree_count, f->node_count,
                        NULL) != CHL_OK) {
        abort();
    }
    chl_forest_store(f, trees, nodes, base);
    if (chl_forest_load(&again, trees, nodes, base, NULL) != CHL_OK) {
        abort();
    }
    use(&again);
    chl_forest_reset(&again);
    free(trees);
    free(nodes);
    free(base);
}

static void from_json(const uint8_t *data, size_t size)
{
    chl_forest f;
    if (chl_forest_from_xgboost((const char *)data, size, 100, &f, NULL) == CHL_OK) {
        use(&f);
        store_and_load(&f);
    }
    chl_forest_reset(&f);
}

/* Bytes are small numbers; 255 is NaN, 254 infinity, 253 a fraction. */
static void from_tensors(const uint8_t *data, size_t size)
{
    enum { TREES = 3, NODES = 12, NUMBERS = TREES * 3 + NODES * 4 + 2 };
    float numbers[NUMBERS] = {0};
    for (size_t i = 0; i < size && i < NUMBERS; i++) {
        numbers[i] = data[i] == 255   ? NAN
                     : data[i] == 254 ? INFINITY
                     : data[i] == 253 ? 0.5f
                                      : (float)(int8_t)data[i];
    }
    chl_forest f;
    if (chl_forest_init(&f, 3, 2, TREES, NODES, NULL) == CHL_OK &&
        chl_forest_load(&f, numbers, numbers + TREES * 3, numbers + TREES * 3 + NODES * 4,
                        NULL) == CHL_OK) {
        use(&f);
        store_and_load(&f);
    }
    chl_forest_reset(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] & 1) {
        from_json(data + 1, size - 1);
    } else if (size > 0) {
        from_tensors(data + 1, size - 1);
    }
    return 0;
}
