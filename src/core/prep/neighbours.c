/* SPDX-License-Identifier: MIT */
#include "core/prep/neighbours.h"

#include <math.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"

enum {
    TILE = 32,    /* points whose distances are computed side by side */
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
    t->x = chl_calloc((size_t)t->n * TILE, width * sizeof *t->x);
    t->codes = chl_calloc((size_t)t->n * TILE, nominals * sizeof *t->codes);
    if (!t->x || !t->codes) {
        return chl_fail_memory(err);
    }
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

/* d[TILE] = the squared distances of a query from the points of one tile. */
static void measure(const tiles *t, int64_t tile, int64_t query, double *d)
{
    const chl_points *p = t->points;
    const double *from = p->x + query * p->numbers;
    const double *x = t->x + tile * p->numbers * TILE;
    const int32_t *code = p->codes + query * p->nominals;
    const int32_t *codes = t->codes + tile * p->nominals * TILE;
    for (int lane = 0; lane < TILE; lane++) {
        d[lane] = 0;
    }
    for (int j = 0; j < p->numbers; j++, x += TILE) {
        double value = from[j];
        for (int lane = 0; lane < TILE; lane++) {
            double difference = x[lane] - value;
            d[lane] += difference * difference;
        }
    }
    for (int g = 0; g < p->nominals; g++, codes += TILE) {
        for (int lane = 0; lane < TILE; lane++) {
            d[lane] += codes[lane] == code[g] ? 0 : p->differ;
        }
    }
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
    double d[TILE];
    double *distances = s->distances + q * s->k;
    int64_t *found = s->out + q * s->k;
    int64_t first = tile * TILE, left = s->tiles->points->n - first;
    measure(s->tiles, tile, s->queries[q], d);
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
