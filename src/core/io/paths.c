/* SPDX-License-Identifier: MIT */
#include "core/io/paths.h"

#include <glob.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/alloc.h"

void chl_paths_reset(chl_paths *paths)
{
    for (int i = 0; i < paths->count; i++) {
        chl_free(paths->items[i]);
    }
    chl_free(paths->items);
    *paths = (chl_paths){0};
}

static chl_status append(chl_paths *paths, size_t *room, const char *path, chl_error *err)
{
    char **grown = chl_grow(paths->items, room, (size_t)paths->count + 1, sizeof *grown);
    if (!grown) {
        return chl_fail_memory(err);
    }
    paths->items = grown;
    grown[paths->count] = chl_strdup(path);
    if (!grown[paths->count]) {
        return chl_fail_memory(err);
    }
    paths->count++;
    return CHL_OK;
}

static int compare(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool is_pattern(const char *path)
{
    struct stat info;
    return path[strcspn(path, "*?[")] != '\0' && stat(path, &info) != 0;
}

static chl_status append_matches(chl_paths *paths, size_t *room, const char *pattern,
                                 chl_error *err)
{
    glob_t found;
    int code = glob(pattern, GLOB_NOSORT, NULL, &found);
    if (code == GLOB_NOMATCH) {
        return chl_fail(err, CHL_EIO, "%s: no file matches", pattern);
    }
    if (code == GLOB_NOSPACE) {
        return chl_fail_memory(err);
    }
    if (code != 0) {
        return chl_fail(err, CHL_EIO, "%s: cannot read the folder", pattern);
    }
    qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, compare);
    chl_status status = CHL_OK;
    for (size_t i = 0; i < found.gl_pathc && status == CHL_OK; i++) {
        status = append(paths, room, found.gl_pathv[i], err);
    }
    globfree(&found);
    return status;
}

chl_status chl_paths_expand(const char *const *patterns, int n, chl_paths *out,
                            chl_error *err)
{
    *out = (chl_paths){0};
    size_t room = 0;
    chl_status status = CHL_OK;
    for (int i = 0; i < n && status == CHL_OK; i++) {
        status = is_pattern(patterns[i]) ? append_matches(out, &room, patterns[i], err)
                                         : append(out, &room, patterns[i], err);
    }
    if (status != CHL_OK) {
        chl_paths_reset(out);
    }
    return status;
}
