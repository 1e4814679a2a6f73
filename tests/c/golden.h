/* SPDX-License-Identifier: MIT
 *
 * Golden files for C tests: JSON from tests/golden, read from the project's root, where
 * the tests run.
 */
#ifndef CHL_TEST_GOLDEN_H
#define CHL_TEST_GOLDEN_H

#include <jansson.h>

#include "chl_test.h"

static inline json_t *golden_load(const char *path)
{
    json_error_t err;
    json_t *root = json_load_file(path, 0, &err);
    if (!root) {
        fail_msg("%s:%d: %s", path, err.line, err.text);
    }
    return root;
}

static inline double golden_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value)) {
        fail_msg("golden: no number '%s'", key);
    }
    return json_number_value(value);
}

/* The list of numbers under `key`, or the lists in it one after another; free() it. */
static inline double *golden_numbers(const json_t *object, const char *key, size_t *n)
{
    const json_t *list = json_object_get(object, key);
    size_t rows = json_array_size(list);
    size_t width = json_array_size(json_array_get(list, 0)); /* 0: plain numbers */
    *n = rows;
    double *values = malloc(rows * (width ? width : 1) * sizeof *values + 1);
    assert_non_null(values);
    for (size_t i = 0; i < rows; i++) {
        const json_t *row = json_array_get(list, i);
        for (size_t j = 0; j < width; j++) {
            values[i * width + j] = json_number_value(json_array_get(row, j));
        }
        if (width == 0) {
            values[i] = json_number_value(row);
        }
    }
    return values;
}

#endif
