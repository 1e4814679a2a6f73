/* SPDX-License-Identifier: MIT */
#include "core/table/cut.h"

#include <string.h>

/* The band of x, or -1. */
static int find_band(double x, const double *edges, int n, bool right, bool closed)
{
    int low = 0, high = n; /* edges[0 … low-1] lie before x */
    while (low < high) {
        int middle = low + (high - low) / 2;
        bool before = right ? edges[middle] < x : edges[middle] <= x;
        low = before ? middle + 1 : low;
        high = before ? high : middle;
    }
    if (closed && right && x == edges[0]) {
        return 0;
    }
    if (closed && !right && x == edges[n - 1]) {
        return n - 2;
    }
    return low > 0 && low < n ? low - 1 : -1;
}

static chl_status check_edges(const char *where, const double *edges, int n,
                              chl_error *err)
{
    if (n < 2) {
        return chl_fail(err, CHL_EINVAL, "%s: edges: expected at least 2, got %d", where,
                        n);
    }
    for (int i = 1; i < n; i++) {
        if (!(edges[i] > edges[i - 1])) {
            return chl_fail(err, CHL_EINVAL,
                            "%s: edges: expected rising numbers, got %.15g after %.15g",
                            where, edges[i], edges[i - 1]);
        }
    }
    return CHL_OK;
}

static chl_status make_levels(const char *where, const char *const *labels, int n,
                              chl_levels **out, chl_error *err)
{
    CHL_TRY(chl_levels_new(out, err));
    chl_levels_set_ordered(*out);
    for (int i = 0; i < n; i++) {
        int32_t code;
        CHL_TRY(chl_levels_intern(*out, labels[i], strlen(labels[i]), &code, err));
        if (code != i) {
            return chl_fail(err, CHL_EINVAL, "%s: labels: '%s' occurs twice", where,
                            labels[i]);
        }
    }
    return CHL_OK;
}

chl_status chl_column_cut(const chl_column *column, const char *where,
                          const double *edges, int n, bool right, bool closed,
                          const char *const *labels, chl_column **out, chl_error *err)
{
    *out = NULL;
    if (column->type == CHL_STRING || column->type == CHL_CATEGORY) {
        return chl_fail(err, CHL_ETYPE, "%s: expected a column of numbers, got %s", where,
                        chl_type_name(column->type));
    }
    CHL_TRY(check_edges(where, edges, n, err));
    chl_column *made = NULL;
    CHL_TRY(chl_column_new(CHL_CATEGORY, column->length, true, &made, err));
    chl_status status = make_levels(where, labels, n - 1, &made->levels, err);
    if (status != CHL_OK) {
        chl_column_release(made);
        return status;
    }
    for (int64_t i = 0; i < column->length; i++) {
        int band = -1;
        if (chl_column_valid(column, i)) {
            band = find_band(chl_column_number(column, i), edges, n, right, closed);
        }
        made->values.codes[i] = band;
        if (band < 0) {
            chl_column_set_null(made, i);
        }
    }
    chl_column_seal(made);
    *out = made;
    return CHL_OK;
}
