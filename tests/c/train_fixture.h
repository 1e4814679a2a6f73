/* SPDX-License-Identifier: MIT
 *
 * Data, nets and a run for tests of training.
 */
#ifndef CHL_TEST_TRAIN_FIXTURE_H
#define CHL_TEST_TRAIN_FIXTURE_H

#include "chl_test.h"

#include "core/base/rng.h"
#include "core/train/train.h"

enum { TRAIN_ROWS = 200, VALID_ROWS = 100, COLUMNS = 3 };

typedef struct train_data {
    double x[(TRAIN_ROWS + VALID_ROWS) * COLUMNS], y[TRAIN_ROWS + VALID_ROWS];
    chl_dataset train, valid;
} train_data;

/* y depends on a product of two columns: a line cannot separate it. */
static inline void train_data_fill(train_data *f)
{
    chl_rng rng;
    chl_rng_init(&rng, 9, CHL_RNG_GENERAL, 0);
    for (int i = 0; i < TRAIN_ROWS + VALID_ROWS; i++) {
        for (int j = 0; j < COLUMNS; j++) {
            f->x[i * COLUMNS + j] = chl_rng_normal(&rng);
        }
        double product = f->x[i * COLUMNS] * f->x[i * COLUMNS + 1];
        f->y[i] = product + 0.3 * chl_rng_normal(&rng) > 0;
    }
    f->train = (chl_dataset){.x = f->x, .y = f->y, .n = TRAIN_ROWS};
    f->valid = (chl_dataset){
        .x = f->x + TRAIN_ROWS * COLUMNS, .y = f->y + TRAIN_ROWS, .n = VALID_ROWS};
}

static inline void nets_new(const char *spec, chl_net **nets, int n)
{
    json_t *json = json_loads(spec, 0, NULL);
    assert_non_null(json);
    for (int i = 0; i < n; i++) {
        assert_ok(chl_net_new(json, COLUMNS, &nets[i], &err));
    }
    json_decref(json);
}

static inline void nets_free(chl_net **nets, int n)
{
    for (int i = 0; i < n; i++) {
        chl_net_free(nets[i]);
    }
}

static inline bool nets_equal(chl_net *a, chl_net *b)
{
    for (int i = 0; i < chl_net_tensor_count(a); i++) {
        chl_tensor t = chl_net_tensor(a, i), u = chl_net_tensor(b, i);
        size_t n = (size_t)(t.shape[0] * (t.rank == 2 ? t.shape[1] : 1));
        if (memcmp(t.data, u.data, n * sizeof *t.data) != 0) {
            return false;
        }
    }
    return true;
}

#endif
