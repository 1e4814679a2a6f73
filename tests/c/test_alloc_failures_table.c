/* SPDX-License-Identifier: MIT
 *
 * Fail-at-n for the verbs of tables: cleaning, reshaping, correlations (fail_at_each.h).
 */
#include "table_fixture.h"

#include "core/table/clean.h"
#include "core/table/corr.h"
#include "core/table/cut.h"
#include "core/table/profile.h"
#include "core/table/reshape.h"
#include "core/table/stack.h"
#include "fail_at_each.h"

static const char text[] = "g,t,x,y\na, q ,1,0.5\nb,2,,1.5\n,3,3,\na,,2,9\n";

/* The frame of a text, made while every allocation succeeds. */
static chl_frame *example(const char *csv, const char *category)
{
    long saved = until_failure;
    until_failure = -1;
    chl_frame *frame = frame_of(csv, category);
    until_failure = saved;
    return frame;
}

/* Releases what a step made and goes on while all is well. */
#define STEP(made, release, call)                                                        \
    do {                                                                                 \
        if (status == CHL_OK) {                                                          \
            status = (call);                                                             \
        }                                                                                \
        release(made);                                                                   \
        (made) = NULL;                                                                   \
    } while (0)

static chl_status run_cleaning(chl_error *err)
{
    static const char *const keys[] = {"g"}, *const labels[] = {"low", "high"};
    static const double edges[] = {0, 2, 5};
    chl_frame *f = example(text, "g"), *map = example("from,to\na,z\nNA,b\n", "to");
    chl_column *g = column_of(f, "g"), *t = column_of(f, "t"), *x = column_of(f, "x");
    chl_column *from = column_of(map, "from"), *to = column_of(map, "to"), *out = NULL;
    chl_expr *mean = NULL;
    int64_t count;
    chl_status status = chl_expr_parse("mean(y)", &mean, err);
    STEP(out, chl_column_release, chl_column_replace(g, from, to, &out, err));
    STEP(out, chl_column_release, chl_column_replace(t, from, from, &out, err));
    STEP(out, chl_column_release, chl_column_replace(x, x, x, &out, err));
    STEP(out, chl_column_release, chl_column_carry(x, f, keys, 1, false, 0, &out, err));
    STEP(out, chl_column_release, chl_column_fill(x, f, keys, 1, mean, NULL, &out, err));
    STEP(out, chl_column_release, chl_column_trim(g, &out, err));
    STEP(out, chl_column_release, chl_column_trim(t, &out, err));
    STEP(out, chl_column_release, chl_column_infer(t, &out, err));
    STEP(out, chl_column_release, chl_column_cast_lossy(t, CHL_BOOL, &out, &count, err));
    STEP(out, chl_column_release,
         chl_column_cut(x, "cut", edges, 3, true, true, labels, &out, err));
    if (status == CHL_OK) {
        status = chl_column_differences(g, t, &count, err);
    }
    chl_expr_release(mean);
    chl_frame_release(f);
    chl_frame_release(map);
    return status;
}

static void cleaning(void **state)
{
    (void)state;
    fail_at_each("cleaning", run_cleaning);
}

static chl_status run_reshaping(chl_error *err)
{
    static const char *const g[] = {"g"}, *const t[] = {"t"}, *const xy[] = {"x", "y"};
    const chl_names by_g = {g, 1}, by_t = {t, 1}, values = {xy, 2};
    chl_frame *f = example(text, "g"), *other = example("y,g\n1,q\n", NULL), *out = NULL;
    const chl_frame *frames[] = {f, other};
    chl_profile profile;
    chl_status status = chl_frames_stack(frames, 2, NULL, &out, err);
    chl_frame_release(out);
    out = NULL;
    STEP(out, chl_frame_release, chl_frame_spread(f, by_g, by_t, values, &out, err));
    STEP(out, chl_frame_release, chl_frame_melt(f, by_g, values, "n", "v", &out, err));
    STEP(out, chl_frame_release,
         chl_frame_crosstab(f, "g", "t", CHL_OF_ROW, true, &out, err));
    STEP(out, chl_frame_release,
         chl_frame_crosstab(f, "g", "g", CHL_COUNTS, false, &out, err));
    STEP(out, chl_frame_release, chl_frame_corr(f, xy, 2, CHL_SPEARMAN, NULL, &out, err));
    if (status == CHL_OK) {
        status = chl_column_profile(column_of(f, "y"), &profile, err);
    }
    chl_frame_release(f);
    chl_frame_release(other);
    return status;
}

static void reshaping(void **state)
{
    (void)state;
    fail_at_each("reshaping", run_reshaping);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cleaning),
        cmocka_unit_test(reshaping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
