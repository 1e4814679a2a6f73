/* SPDX-License-Identifier: MIT */
#include "core/base/file_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"

static chl_status fail_io(const char *path, const char *what, chl_error *err)
{
    return chl_fail(err, CHL_EIO, "%s: %s: %s", path, what, strerror(errno));
}

static chl_status map_file(chl_file_map *map, int fd, const char *path, chl_error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return fail_io(path, "open", err);
    }
    if (!S_ISREG(info.st_mode)) {
        return chl_fail(err, CHL_EIO, "%s: open: expected a regular file", path);
    }
    if ((uintmax_t)info.st_size > SIZE_MAX / 2) {
        return chl_fail_memory(err);
    }
    map->size = (size_t)info.st_size;
    map->bytes = (const unsigned char *)""; /* an empty file cannot be mapped */
    if (map->size > 0) {
        void *at = mmap(NULL, map->size, PROT_READ, MAP_SHARED, fd, 0);
        if (at == MAP_FAILED) {
            map->size = 0;
            return fail_io(path, "map", err);
        }
        map->bytes = at;
    }
    return CHL_OK;
}

chl_status chl_file_map_open(const char *path, chl_file_map **out, chl_error *err)
{
    *out = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail_io(path, "open", err);
    }
    chl_file_map *map = chl_calloc(1, sizeof *map);
    chl_status status = map ? map_file(map, fd, path, err) : chl_fail_memory(err);
    close(fd); /* the map stays */
    if (status != CHL_OK) {
        chl_free(map);
        return status;
    }
    atomic_init(&map->refs, 1);
    *out = map;
    return CHL_OK;
}

chl_file_map *chl_file_map_retain(chl_file_map *map)
{
    atomic_fetch_add(&map->refs, 1);
    return map;
}

void chl_file_map_release(chl_file_map *map)
{
    if (map && atomic_fetch_sub(&map->refs, 1) == 1) {
        if (map->size > 0) {
            munmap((void *)(uintptr_t)map->bytes, map->size);
        }
        chl_free(map);
    }
}
