/* SPDX-License-Identifier: MIT */
#include "core/prep/neighbours.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"

enum {
    TILE = 16,    /* points whose distances are computed side by side */
    STRETCH = 8,  /* numbers added between two looks at the worst neighbour */
    BLOCK = 64,   /* queries of one task: a tile is read once for all of them */
    CHECKED = 256 /* tiles between two looks at the stop request */
};

/* The points once more, tile by tile: the TILE values of one coordinate stand together.
 */
typedef struct tiles {
    const chl_points *points;
    int64_t n;      /* tiles */
    double *x;      /* n × numbers × TILE; beyond the last point zeros */
    int32_t *codes; /* n × nominals × TILE */
} tiles;

typedef struct search {
    const tiles *tiles;
    const int64_t *queries;
    int64_t n_queries;
    int k;
    const chl_control *control;
    double *distances; /* n_queries × k, rising a query */
    int64_t *out;      /* n_queries × k */
} search;

static chl_status tiles_init(tiles *t, const chl_points *points, chl_error *err)
{
    size_t width = (size_t)points->numbers, nominals = (size_t)points->nominals;
    t->points = points;
    t->n = (points->n + TILE - 1) / TILE;
    t->x = chl_alloc_aligned((size_t)t->n * TILE, width * sizeof *t->x);
    t->codes = chl_calloc((size_t)t->n * TILE, nominals * sizeof *t->codes);
    if (!t->x || !t->codes) {
        return chl_fail_memory(err);
    }
    memset(t->x, 0, (size_t)t->n * TILE * width * sizeof *t->x);
    for (int64_t i = 0; i < points->n; i++) {
        int64_t tile = i / TILE, lane = i % TILE;
        for (size_t j = 0; j < width; j++) {
            t->x[((size_t)tile * width + j) * TILE + (size_t)lane] =
                points->x[(size_t)i * width + j];
        }
        for (size_t g = 0; g < nominals; g++) {
            t->codes[((size_t)tile * nominals + g) * TILE + (size_t)lane] =
                points->codes[(size_t)i * nominals + g];
        }
    }
    return CHL_OK;
}

/* The loops below once more for AVX2, chosen when the program starts. Each lane adds in
 * the same order either way, so the result is the same to the last bit. The thread
 * sanitizer is not ready when such choices run. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                   \
    defined(__linux__) && !defined(__SANITIZE_THREAD__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

/* Four lanes that stay in registers. */
typedef double quad __attribute__((vector_size(32)));

/* Adds `width` numbers' squared differences from `from` to sum[TILE]; whether any of them
 * is still below `worst`. x and sum are aligned. */
FOR_EACH_PROCESSOR
static bool add_numbers(const double *x, const double *from, int width, double worst,
                        double *sum)
{
    const quad *values = (const quad *)(const void *)x;
    quad *sums = (quad *)(void *)sum;
    quad a = sums[0], b = sums[1], c = sums[2], d = sums[3];
    for (int j = 0; j < width; j++, values += TILE / 4) {
        quad value = {from[j], from[j], from[j], from[j]};
        quad p = values[0] - value, q = values[1] - value;
        quad r = values[2] - value, s = values[3] - value;
        a += p * p;
        b += q * q;
        c += r * r;
        d += s * s;
    }
    sums[0] = a, sums[1] = b, sums[2] = c, sums[3] = d;
    quad bound = {worst, worst, worst, worst};
    __typeof__(a < bound) below = (a < bound) | (b < bound) | (c < bound) | (d < bound);
    return (below[0] | below[1] | below[2] | below[3]) != 0;
}

/* d[TILE] = the squared distances of a query from the points of one tile; false when none
 * is below `worst` (then they may be unfinished). */
static bool measure(const tiles *t, int64_t tile, int64_t query, double worst, double *d)
{
    const chl_points *p = t->points;
    const double *from = p->x + query * p->numbers;
    const double *x = t->x + tile * p->numbers * TILE;
    const int32_t *code = p->codes + query * p->nominals;
    const int32_t *codes = t->codes + tile * p->nominals * TILE;
    memset(d, 0, TILE * sizeof *d);
    for (int g = 0; g < p->nominals; g++, codes += TILE) {
        for (int lane = 0; lane < TILE; lane++) {
            d[lane] += codes[lane] == code[g] ? 0 : p->differ;
        }
    }
    for (int j = 0; j < p->numbers; j += STRETCH) {
        int width = p->numbers - j < STRETCH ? p->numbers - j : STRETCH;
        if (!add_numbers(x + j * TILE, from + j, width, worst, d)) {
            return false;
        }
    }
    return true;
}

/* Points come in rising order, so an equal distance stays behind. */
static void insert(double *distances, int64_t *found, int k, double distance,
                   int64_t point)
{
    int at = k - 1;
    for (; at > 0 && distance < distances[at - 1]; at--) {
        distances[at] = distances[at - 1];
        found[at] = found[at - 1];
    }
    distances[at] = distance;
    found[at] = point;
}

static void search_tile(const search *s, int64_t tile, int64_t q)
{
    _Alignas(64) double d[TILE];
    double *distances = s->distances + q * s->k;
    int64_t *found = s->out + q * s->k;
    int64_t first = tile * TILE, left = s->tiles->points->n - first;
    if (!measure(s->tiles, tile, s->queries[q], distances[s->k - 1], d)) {
        return;
    }
    for (int lane = 0; lane < TILE && lane < left; lane++) {
        if (d[lane] < distances[s->k - 1] && first + lane != s->queries[q]) {
            insert(distances, found, s->k, d[lane], first + lane);
        }
    }
}

static chl_status search_block(void *ctx, size_t index, chl_error *err)
{
    const search *s = ctx;
    int64_t first = (int64_t)index * BLOCK;
    int64_t end = first + BLOCK < s->n_queries ? first + BLOCK : s->n_queries;
    for (int64_t i = first * s->k; i < end * s->k; i++) {
        s->distances[i] = INFINITY;
    }
    for (int64_t tile = 0; tile < s->tiles->n; tile++) {
        if (tile % CHECKED == 0) {
            CHL_TRY(chl_control_check(s->control, "resample", err));
        }
        for (int64_t q = first; q < end; q++) {
            search_tile(s, tile, q);
        }
    }
    return CHL_OK;
}

chl_status chl_neighbours(const chl_points *points, const int64_t *queries,
                          int64_t n_queries, int k, const chl_control *control,
                          int64_t *out, chl_error *err)
{
    tiles t = {0};
    search s = {.tiles = &t,
                .queries = queries,
                .n_queries = n_queries,
                .k = k,
                .control = control,
                .out = out};
    s.distances = chl_alloc((size_t)n_queries, (size_t)k * sizeof *s.distances);
    chl_status status = s.distances ? tiles_init(&t, points, err) : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = chl_parallel_for(chl_control_threads(control),
                                  (size_t)(n_queries + BLOCK - 1) / BLOCK, search_block,
                                  &s, err);
    }
    chl_free(t.x);
    chl_free(t.codes);
    chl_free(s.distances);
    return status;
}
