/* SPDX-License-Identifier: MIT */
#include "core/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"

enum { CHUNK = 64 * 1024, NAMES_TRIED = 1000 };

static chl_status fail_io(const char *path, const char *what, chl_error *err)
{
    int code = errno;
    return chl_fail(err, CHL_EIO, "%s: %s: %s", path, what, strerror(code));
}

/* ---- reading ---- */

static chl_status read_all(int fd, const char *path, size_t max, unsigned char **bytes,
                           size_t *n, chl_error *err)
{
    size_t capacity = 0;
    for (;;) {
        unsigned char *grown = chl_grow(*bytes, &capacity, *n + CHUNK, 1);
        if (!grown) {
            return chl_fail_memory(err);
        }
        *bytes = grown;
        ssize_t got = read(fd, grown + *n, capacity - *n);
        if (got == 0) {
            return CHL_OK;
        }
        if (got < 0 && errno != EINTR) {
            return fail_io(path, "read", err);
        }
        *n += got > 0 ? (size_t)got : 0;
        if (*n > max) {
            return chl_fail(err, CHL_EIO, "%s: read: larger than %zu bytes", path, max);
        }
    }
}

chl_status chl_file_read(const char *path, size_t max, unsigned char **bytes, size_t *n,
                         chl_error *err)
{
    *bytes = NULL;
    *n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail_io(path, "open", err);
    }
    chl_status status = read_all(fd, path, max, bytes, n, err);
    close(fd);
    if (status != CHL_OK) {
        chl_free(*bytes);
        *bytes = NULL;
        *n = 0;
    }
    return status;
}

/* ---- writing ---- */

/* Creates "<path>.<pid>.<k>.tmp" that nobody else has; its name stays in `name`. */
static int create_beside(const char *path, chl_strbuf *name)
{
    for (int k = 0; k < NAMES_TRIED; k++) {
        chl_strbuf_reset(name);
        chl_strbuf_printf(name, "%s.%ld.%d.tmp", path, (long)getpid(), k);
        if (name->failed) {
            return -1;
        }
        int fd = open(name->data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    return -1;
}

/* The rename itself must reach the disk; a folder that cannot be synced is no failure. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder =
        slash ? chl_strndup(path, (size_t)(slash - path) + 1) : chl_strdup(".");
    int fd = folder ? open(folder, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    chl_free(folder);
}

chl_status chl_file_writer_open(chl_file_writer *writer, const char *path, chl_error *err)
{
    *writer = (chl_file_writer){.fd = -1};
    chl_strbuf name = {0};
    int fd = create_beside(path, &name);
    if (fd < 0) {
        chl_status status =
            name.failed ? chl_fail_memory(err) : fail_io(path, "create", err);
        chl_strbuf_reset(&name);
        return status;
    }
    *writer = (chl_file_writer){chl_strdup(path), name.data, fd};
    if (!writer->path) {
        chl_file_writer_reset(writer);
        return chl_fail_memory(err);
    }
    return CHL_OK;
}

chl_status chl_file_writer_put(chl_file_writer *writer, const void *bytes, size_t n,
                               chl_error *err)
{
    const unsigned char *at = bytes;
    while (n > 0) {
        ssize_t done = write(writer->fd, at, n);
        if (done < 0 && errno != EINTR) {
            return fail_io(writer->path, "write", err);
        }
        if (done > 0) {
            at += done;
            n -= (size_t)done;
        }
    }
    return CHL_OK;
}

chl_status chl_file_writer_commit(chl_file_writer *writer, chl_error *err)
{
    int failed = fsync(writer->fd);
    int code = errno;
    if (close(writer->fd) != 0 && !failed) {
        failed = -1;
        code = errno;
    }
    writer->fd = -1;
    errno = code;
    if (failed || rename(writer->temporary, writer->path) != 0) {
        chl_status status = fail_io(writer->path, "write", err);
        chl_file_writer_reset(writer);
        return status;
    }
    sync_folder(writer->path);
    chl_free(writer->temporary);
    writer->temporary = NULL; /* it is the file now */
    chl_file_writer_reset(writer);
    return CHL_OK;
}

void chl_file_writer_reset(chl_file_writer *writer)
{
    if (writer->temporary) {
        if (writer->fd >= 0) {
            close(writer->fd);
        }
        unlink(writer->temporary);
    }
    chl_free(writer->temporary);
    chl_free(writer->path);
    *writer = (chl_file_writer){.fd = -1};
}

chl_status chl_file_write(const char *path, const void *bytes, size_t n, chl_error *err)
{
    chl_file_writer writer;
    CHL_TRY(chl_file_writer_open(&writer, path, err));
    chl_status status = chl_file_writer_put(&writer, bytes, n, err);
    if (status == CHL_OK) {
        status = chl_file_writer_commit(&writer, err);
    }
    chl_file_writer_reset(&writer);
    return status;
}
