/* SPDX-License-Identifier: MIT */
#include "core/base/nearest.h"

#include <ctype.h>
#include <string.h>

#include "core/base/strbuf.h"

enum { NAME_MAX_COMPARED = 64, CASE_COST = 1, EDIT_COST = 4 };

static int replace_cost(char a, char b)
{
    if (a == b) {
        return 0;
    }
    return tolower((unsigned char)a) == tolower((unsigned char)b) ? CASE_COST : EDIT_COST;
}

static int least(int a, int b, int c)
{
    int best = a < b ? a : b;
    return best < c ? best : c;
}

/* Optimal string alignment distance; rows are kept for i-2, i-1 and i. */
static int edit_distance(const char *a, size_t na, const char *b, size_t nb)
{
    int rows[3][NAME_MAX_COMPARED + 1];
    for (size_t j = 0; j <= nb; j++) {
        rows[0][j] = (int)j * EDIT_COST;
    }
    for (size_t i = 1; i <= na; i++) {
        int *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        now[0] = (int)i * EDIT_COST;
        for (size_t j = 1; j <= nb; j++) {
            now[j] = least(last[j] + EDIT_COST, now[j - 1] + EDIT_COST,
                           last[j - 1] + replace_cost(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + EDIT_COST < now[j]) {
                now[j] = before[j - 2] + EDIT_COST;
            }
        }
    }
    return rows[na % 3][nb];
}

const char *chl_nearest(const char *name, const char *const *names, size_t n)
{
    size_t length = strlen(name);
    if (length == 0 || length > NAME_MAX_COMPARED) {
        return NULL;
    }
    int best =
        (int)(length + 2) / 3 * EDIT_COST + 1; /* a third of the letters may differ */
    const char *found = NULL;
    for (size_t i = 0; i < n; i++) {
        size_t other = strlen(names[i]);
        if (other == 0 || other > NAME_MAX_COMPARED) {
            continue;
        }
        int distance = edit_distance(name, length, names[i], other);
        if (distance < best) {
            best = distance;
            found = names[i];
        }
    }
    return found;
}

chl_status chl_fail_unknown(chl_error *err, const char *where, const char *kind,
                            const char *name, const char *const *names, size_t n)
{
    enum { LISTED = 12 };
    const char *colon = *where ? ": " : "";
    const char *near = chl_nearest(name, names, n);
    if (near) {
        return chl_fail(err, CHL_ENAME, "%s%sunknown %s '%s' (did you mean '%s'?)", where,
                        colon, kind, name, near);
    }
    chl_strbuf list = {0};
    for (size_t i = 0; i < n && i < LISTED; i++) {
        chl_strbuf_printf(&list, "%s%s", i ? ", " : "", names[i]);
    }
    chl_fail(err, CHL_ENAME, "%s%sunknown %s '%s' (known: %s%s)", where, colon, kind,
             name, list.data ? list.data : "none", n > LISTED ? ", …" : "");
    chl_strbuf_reset(&list);
    return CHL_ENAME;
}
