/* SPDX-License-Identifier: MIT
 *
 * The line search of L-BFGS (lbfgs.h). Layer: core/train.
 */
#include <math.h>
#include <string.h>

#include "core/train/lbfgs.h"

static const double SUFFICIENT = 1e-4; /* c1: share of the promised decrease */
static const double CURVATURE = 0.9;   /* c2: share of the slope that may remain */
static const double NARROWEST = 1e-9;  /* a bracket that moves no number by more */

double chl_real_dot(int64_t n, const chl_real *a, const chl_real *b)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += (double)a[i] * (double)b[i];
    }
    return sum;
}

double chl_real_largest(int64_t n, const chl_real *a)
{
    double largest = 0;
    for (int64_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs((double)a[i]));
    }
    return largest;
}

static chl_status evaluate(chl_search *s, double t, chl_error *err)
{
    chl_trial *newest = &s->newest;
    for (int64_t i = 0; i < s->n; i++) {
        s->at[i] = s->from[i] + (chl_real)t * s->direction[i];
    }
    newest->t = t;
    s->evaluations++;
    CHL_TRY(s->f->evaluate(s->f->ctx, s->at, &newest->loss, newest->grads, err));
    newest->slope = chl_real_dot(s->n, newest->grads, s->direction);
    return CHL_OK;
}

/* The minimum of the cubic through two points with their slopes, within bounds; their
 * middle where the cubic has none. */
static double interpolate(const chl_trial *a, const chl_trial *b, double least,
                          double most)
{
    const chl_trial *left = a->t <= b->t ? a : b, *right = left == a ? b : a;
    double chord = a->slope + b->slope - 3 * (a->loss - b->loss) / (a->t - b->t);
    double square = chord * chord - a->slope * b->slope;
    if (!(square >= 0)) {
        return (least + most) / 2;
    }
    double root = sqrt(square), width = right->t - left->t;
    double share =
        (right->slope + root - chord) / (right->slope - left->slope + 2 * root);
    return fmin(fmax(right->t - width * share, least), most);
}

/* The newest point becomes ends[i], whose room it leaves to the next one. */
static void take(chl_search *s, int i)
{
    chl_real *room = s->ends[i].grads;
    s->ends[i] = s->newest;
    s->newest.grads = room;
}

static void take_start(chl_search *s)
{
    chl_real *room = s->ends[0].grads;
    memcpy(room, s->start.grads, (size_t)s->n * sizeof *room);
    s->ends[0] = s->start;
    s->ends[0].grads = room;
}

static bool decreases(const chl_search *s)
{
    return s->newest.loss <= s->start.loss + SUFFICIENT * s->newest.t * s->start.slope;
}

static bool is_flat(const chl_search *s)
{
    return fabs(s->newest.slope) <= -CURVATURE * s->start.slope;
}

/* Longer and longer steps until a good point lies between the ends, or *found: ends[1] is
 * one. */
static chl_status bracket(chl_search *s, double t, bool *found, chl_error *err)
{
    take_start(s);
    CHL_TRY(evaluate(s, t, err));
    for (; s->rounds < s->most; s->rounds++) {
        const chl_trial *before = &s->ends[0], *now = &s->newest;
        bool above = !decreases(s) || (s->rounds > 1 && now->loss >= before->loss);
        *found = !above && is_flat(s);
        if (above || *found || now->slope >= 0) {
            take(s, 1);
            return CHL_OK;
        }
        double next =
            interpolate(before, now, now->t + 0.01 * (now->t - before->t), now->t * 10);
        take(s, 0);
        CHL_TRY(evaluate(s, next, err));
    }
    take_start(s);
    take(s, 1);
    return CHL_OK;
}

/* The next step length inside the bracket. A cubic that ends up near an end twice in a
 * row is not trusted: a tenth of the bracket from there instead. */
static double choose(const chl_search *s, bool *near)
{
    const chl_trial *a = &s->ends[0], *b = &s->ends[1];
    double least = fmin(a->t, b->t), most = fmax(a->t, b->t);
    double t = interpolate(a, b, least, most), margin = 0.1 * (most - least);
    if (fmin(most - t, t - least) >= margin) {
        *near = false;
        return t;
    }
    if (!*near && t < most && t > least) {
        *near = true;
        return t;
    }
    *near = false;
    return fabs(t - most) < fabs(t - least) ? most - margin : least + margin;
}

/* Puts the newest point into the bracket; *found when it is good. */
static void narrow(chl_search *s, int *low, bool *found)
{
    int high = 1 - *low;
    if (!decreases(s) || s->newest.loss >= s->ends[*low].loss) {
        take(s, high);
        *low = s->ends[0].loss <= s->ends[1].loss ? 0 : 1;
        return;
    }
    *found = is_flat(s);
    if (*found || s->newest.slope * (s->ends[high].t - s->ends[*low].t) < 0) {
        take(s, *low);
        return;
    }
    take(s, high); /* the old low is the new high */
    *low = high;
}

chl_status chl_search_run(chl_search *s, double t, int *low, chl_error *err)
{
    bool found = false, near = false;
    s->rounds = s->evaluations = 0;
    CHL_TRY(bracket(s, t, &found, err));
    if (found) {
        *low = 1;
        return CHL_OK;
    }
    double largest = chl_real_largest(s->n, s->direction);
    *low = s->ends[0].loss <= s->ends[1].loss ? 0 : 1;
    for (; !found && s->rounds < s->most; s->rounds++) {
        if (fabs(s->ends[1].t - s->ends[0].t) * largest < NARROWEST) {
            break;
        }
        CHL_TRY(evaluate(s, choose(s, &near), err));
        narrow(s, low, &found);
    }
    return CHL_OK;
}
