/* SPDX-License-Identifier: MIT */
#include "core/explain/shapley.h"

#include <stdbool.h>

#include "core/base/rng.h"
#include "golden.h"

/* ---- games ---- */

/* Looks values up: ctx is the table of all 2^M. */
static chl_status table_value(void *ctx, const uint64_t *sets, int64_t n, double *values,
                              chl_error *err)
{
    (void)err;
    const double *table = ctx;
    for (int64_t k = 0; k < n; k++) {
        values[k] = table[sets[k]];
    }
    return CHL_OK;
}

enum { TERMS = 24 };

/* sigmoid(sum over terms of strength · [all of the term's players take part]). */
typedef struct term_game {
    uint64_t term[TERMS];
    double strength[TERMS];
    bool linear; /* without the sigmoid */
    uint64_t asked;
} term_game;

static chl_status term_value(void *ctx, const uint64_t *sets, int64_t n, double *values,
                             chl_error *err)
{
    (void)err;
    term_game *g = ctx;
    assert_true(n >= 1 && n <= CHL_SHAPLEY_CHUNK);
    g->asked += (uint64_t)n;
    for (int64_t k = 0; k < n; k++) {
        double z = 0;
        for (int t = 0; t < TERMS; t++) {
            z += (sets[k] & g->term[t]) == g->term[t] ? g->strength[t] : 0;
        }
        values[k] = g->linear ? z : 1 / (1 + exp(-z));
    }
    return CHL_OK;
}

/* Random terms of up to `order` of `players`. */
static term_game make_terms(int players, int order, bool linear)
{
    term_game g = {.linear = linear};
    chl_rng rng;
    chl_rng_init(&rng, 12, CHL_RNG_GENERAL, (uint64_t)players);
    for (int t = 0; t < TERMS; t++) {
        for (int i = 0; i <= t % order; i++) {
            g.term[t] |= UINT64_C(1) << chl_rng_below(&rng, (uint64_t)players);
        }
        g.strength[t] = chl_rng_normal(&rng);
    }
    return g;
}

/* The definition once more: the mean gain of each player over all orders of arrival. */
static void brute_force(const double *table, int m, double *phi)
{
    int order[8], count = 0;
    memset(phi, 0, (size_t)m * sizeof *phi);
    for (int code = 0; code < 8 * 8 * 8 * 8 * 8 * 8; code++) {
        uint64_t set = 0;
        for (int i = 0, rest = code; i < m; i++, rest /= 8) {
            order[i] = rest % 8;
            set |= UINT64_C(1) << order[i];
        }
        if (set != (UINT64_C(1) << m) - 1 || code >> (3 * m)) {
            continue; /* no permutation of 0 … m-1 */
        }
        count++;
        set = 0;
        for (int i = 0; i < m; i++) {
            uint64_t with = set | UINT64_C(1) << order[i];
            phi[order[i]] += table[with] - table[set];
            set = with;
        }
    }
    for (int j = 0; j < m; j++) {
        phi[j] /= count;
    }
}

static double sum_of(const chl_shapley *s)
{
    double sum = s->base;
    for (int j = 0; j < s->players; j++) {
        sum += s->phi[j];
    }
    return sum;
}

/* ---- enumeration ---- */

static void exact_equals_all_orders(void **state)
{
    (void)state;
    for (int m = 1; m <= 6; m++) {
        double table[64], phi[6];
        chl_rng rng;
        chl_rng_init(&rng, 4, CHL_RNG_GENERAL, (uint64_t)m);
        for (int k = 0; k < 1 << m; k++) {
            table[k] = chl_rng_normal(&rng);
        }
        brute_force(table, m, phi);
        chl_shapley s;
        chl_game game = {m, table_value, table};
        assert_ok(chl_shapley_compute(&game, NULL, NULL, &s, &err));
        for (int j = 0; j < m; j++) {
            assert_near(s.phi[j], phi[j], 1e-13);
            assert_true(s.error[j] == 0);
        }
        assert_true(s.exact && s.evaluations == 1 << m && s.base == table[0]);
        assert_near(sum_of(&s), s.total, 1e-13);
    }
}

static void exact_equals_shap(void **state)
{
    (void)state;
    json_t *root = golden_load("tests/golden/shapley.json"), *item;
    size_t index;
    json_array_foreach (root, index, item) {
        size_t n, m;
        double *table = golden_numbers(item, "values", &n);
        double *phi = golden_numbers(item, "phi", &m);
        chl_game game = {(int)m, table_value, table};
        chl_shapley s;
        assert_ok(chl_shapley_compute(&game, NULL, NULL, &s, &err));
        assert_near(s.base, golden_number(item, "base"), 1e-12);
        for (size_t j = 0; j < m; j++) {
            assert_near(s.phi[j], phi[j], 1e-9);
        }
        free(table);
        free(phi);
    }
    assert_int_equal(index, 3);
    json_decref(root);
}

static void axioms_hold(void **state)
{
    (void)state;
    term_game g = {.linear = false};
    g.term[0] = 0x03, g.strength[0] = 0.8; /* 0 and 1 are alike, and so are 2 and 3 */
    g.term[1] = 0x0c, g.strength[1] = -1.7;
    g.term[2] = 0x0f, g.strength[2] = 0.4;
    g.term[3] = 0x20, g.strength[3] = 2;
    chl_game game = {6, term_value, &g}; /* player 4 does nothing */
    chl_shapley s, again;
    assert_ok(chl_shapley_compute(&game, NULL, NULL, &s, &err));
    assert_near(s.phi[0], s.phi[1], 1e-15);
    assert_near(s.phi[2], s.phi[3], 1e-15);
    assert_true(s.phi[4] == 0 && s.phi[5] > 0 && s.phi[2] < 0);
    assert_near(sum_of(&s), s.total, 1e-15);
    assert_ok(chl_shapley_compute(&game, NULL, NULL, &again, &err));
    assert_memory_equal(&s, &again, sizeof s);
}

static void few_players(void **state)
{
    (void)state;
    double table[] = {0.25, 0.75, 0.5, 1};
    chl_shapley s;
    chl_game game = {0, table_value, table};
    chl_shapley_options kernel = {.exact_limit = 1, .samples = 2};
    assert_ok(chl_shapley_compute(&game, NULL, NULL, &s, &err));
    assert_true(s.base == 0.25 && s.total == 0.25 && s.evaluations == 1 &&
                s.players == 0);
    game.players = 1;
    assert_ok(chl_shapley_compute(&game, NULL, NULL, &s, &err));
    assert_true(s.phi[0] == 0.5 && s.total == 0.75 && s.evaluations == 2);
    game.players = 2;
    assert_ok(chl_shapley_compute(&game, &kernel, NULL, &s, &err));
    assert_true(s.exact && s.phi[0] == 0.5 && s.phi[1] == 0.25);
}

/* ---- Kernel SHAP ---- */

static void linear_games_come_back(void **state)
{
    (void)state;
    for (int m = 13; m <= 63; m += 25) { /* 13, 38, 63 */
        term_game g = {.linear = true};
        for (int t = 0; t < TERMS; t++) {
            g.term[t] = UINT64_C(1) << (t * 5 % m);
            g.strength[t] = t - 7.5;
        }
        chl_game game = {m, term_value, &g};
        chl_shapley s;
        assert_ok(chl_shapley_compute(&game, NULL, NULL, &s, &err));
        double want[63] = {0};
        for (int t = 0; t < TERMS; t++) {
            want[t * 5 % m] += g.strength[t];
        }
        for (int j = 0; j < m; j++) {
            assert_near(s.phi[j], want[j], 1e-10);
            assert_near(s.error[j], 0, 1e-10);
        }
        assert_true(!s.exact && s.evaluations <= 2 * m + 2048 + 2);
        assert_int_equal(g.asked, s.evaluations);
    }
}

static void pairwise_games_come_back(void **state)
{
    (void)state;
    term_game g = make_terms(20, 2, true);
    chl_game game = {20, term_value, &g};
    chl_shapley s;
    chl_shapley_options few = {.samples = 200, .seed = 3};
    assert_ok(chl_shapley_compute(&game, &few, NULL, &s, &err));
    double want[20] = {0};
    for (int t = 0; t < TERMS; t++) { /* a term's strength is shared by its players */
        int size = 0;
        for (int j = 0; j < 20; j++) {
            size += g.term[t] >> j & 1;
        }
        for (int j = 0; j < 20; j++) {
            want[j] += g.term[t] >> j & 1 ? g.strength[t] / size : 0;
        }
    }
    for (int j = 0; j < 20; j++) {
        assert_near(s.phi[j], want[j], 1e-10);
    }
}

/* Estimates scatter around the exact values as the reported errors say. */
static void errors_tell_the_truth(void **state)
{
    (void)state;
    enum { M = 15, SEEDS = 60 };
    term_game g = make_terms(M, 5, false);
    chl_game game = {M, term_value, &g};
    chl_shapley exact, s;
    chl_shapley_options all = {.exact_limit = M};
    assert_ok(chl_shapley_compute(&game, &all, NULL, &exact, &err));
    assert_true(exact.exact);
    double square = 0, bias[M] = {0}, spread = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
        chl_shapley_options o = {.samples = 800, .seed = (uint64_t)seed};
        assert_ok(chl_shapley_compute(&game, &o, NULL, &s, &err));
        assert_near(sum_of(&s), s.total, 1e-12);
        for (int j = 0; j < M; j++) {
            double gap = s.phi[j] - exact.phi[j];
            assert_true(s.error[j] > 0 && fabs(gap) < 6 * s.error[j]);
            square += gap * gap / (s.error[j] * s.error[j]) / (M * SEEDS);
            bias[j] += gap / SEEDS;
            spread = fmax(spread, s.error[j]);
        }
    }
    assert_true(square > 0.7 && square < 1.4); /* 1 if they are neither small nor large */
    for (int j = 0; j < M; j++) {
        assert_true(fabs(bias[j]) < 4 * spread / sqrt(SEEDS));
    }
    assert_true(spread < 0.01);
}

static void enough_samples_are_exact(void **state)
{
    (void)state;
    term_game g = make_terms(13, 4, false);
    chl_game game = {13, term_value, &g};
    chl_shapley exact, s;
    chl_shapley_options all = {.samples = (1 << 13) - 2}, most = {.samples = 8000};
    assert_ok(chl_shapley_compute(&game, &all, NULL, &exact, &err));
    assert_true(exact.exact && exact.evaluations == 1 << 13);
    assert_ok(chl_shapley_compute(&game, &most, NULL, &s, &err));
    assert_false(s.exact);
    for (int j = 0; j < 13; j++) {
        assert_near(s.phi[j], exact.phi[j], 6 * s.error[j]);
        assert_true(s.error[j] < 5e-4);
    }
}

/* Each coalition is asked for once, and the same seed asks for the same ones. */
static void draws_are_distinct_and_seeded(void **state)
{
    (void)state;
    term_game g = make_terms(16, 4, false);
    chl_game game = {16, term_value, &g};
    chl_shapley a, b, c;
    chl_shapley_options o = {.seed = 1, .samples = 5000},
                        p = {.seed = 2, .samples = 5000};
    assert_ok(chl_shapley_compute(&game, &o, NULL, &a, &err));
    assert_ok(chl_shapley_compute(&game, &o, NULL, &b, &err));
    assert_ok(chl_shapley_compute(&game, &p, NULL, &c, &err));
    assert_memory_equal(&a, &b, sizeof a);
    assert_true(a.phi[0] != c.phi[0]);
    assert_int_equal(a.evaluations, 5002);
}

typedef struct seen_game {
    unsigned char seen[1 << 14];
} seen_game;

static chl_status mark(void *ctx, const uint64_t *sets, int64_t n, double *values,
                       chl_error *err)
{
    (void)err;
    seen_game *g = ctx;
    for (int64_t k = 0; k < n; k++) {
        assert_true(sets[k] < 1 << 14);
        assert_int_equal(g->seen[sets[k]]++, 0);
        values[k] = (double)(sets[k] % 7);
    }
    return CHL_OK;
}

static void no_coalition_twice(void **state)
{
    (void)state;
    for (int samples = 64; samples <= 16382; samples += 1166) { /* to 16,386 of 16,382 */
        seen_game g = {{0}};
        chl_game game = {14, mark, &g};
        chl_shapley s;
        chl_shapley_options o = {.samples = samples};
        assert_ok(chl_shapley_compute(&game, &o, NULL, &s, &err));
        for (int k = 0; k < 1 << 14; k++) { /* pairs are whole */
            assert_int_equal(g.seen[k], g.seen[(1 << 14) - 1 - k]);
        }
        for (int j = 0; j < 14; j++) { /* the single players always */
            assert_int_equal(g.seen[1 << j], 1);
        }
    }
}

/* ---- failures ---- */

static chl_status fail_value(void *ctx, const uint64_t *sets, int64_t n, double *values,
                             chl_error *err)
{
    (void)ctx, (void)sets, (void)n, (void)values;
    return chl_fail(err, CHL_EIO, "the net is gone");
}

static void bad_games_are_named(void **state)
{
    (void)state;
    double table[] = {0, 1, NAN, 1};
    chl_game game = {2, table_value, table}, broken = {14, fail_value, NULL};
    chl_shapley s;
    assert_error(chl_shapley_compute(&game, NULL, NULL, &s, &err),
                 "shapley: value of coalition 0x2: expected a finite number, got nan");
    assert_int_equal(s.evaluations, 0);
    assert_error(chl_shapley_compute(&broken, NULL, NULL, &s, &err), "the net is gone");
    game.players = 64;
    assert_error(chl_shapley_compute(&game, NULL, NULL, &s, &err),
                 "shapley: expected 0 to 63 players, got 64");
    chl_shapley_options few = {.samples = 10}, deep = {.exact_limit = 21};
    game.players = 14;
    assert_error(chl_shapley_compute(&game, &few, NULL, &s, &err),
                 "shapley: samples: expected at least 52 for 14 players, got 10");
    assert_error(chl_shapley_compute(&game, &deep, NULL, &s, &err),
                 "shapley: exact_limit: expected 0 to 20, got 21");
    volatile sig_atomic_t cancel = 1;
    chl_control control = {.cancel = &cancel};
    assert_error(chl_shapley_compute(&broken, NULL, &control, &s, &err),
                 "shapley: interrupted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_equals_all_orders),
        cmocka_unit_test(exact_equals_shap),
        cmocka_unit_test(axioms_hold),
        cmocka_unit_test(few_players),
        cmocka_unit_test(linear_games_come_back),
        cmocka_unit_test(pairwise_games_come_back),
        cmocka_unit_test(errors_tell_the_truth),
        cmocka_unit_test(enough_samples_are_exact),
        cmocka_unit_test(draws_are_distinct_and_seeded),
        cmocka_unit_test(no_coalition_twice),
        cmocka_unit_test(bad_games_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
