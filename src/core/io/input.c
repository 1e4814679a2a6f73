/* SPDX-License-Identifier: MIT */
#include "core/io/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/base/alloc.h"

enum { PACKED_BUFFER = 256 << 10, GZIP_WINDOW = 15 + 16 };

struct chl_input {
    char *name; /* owned */
    int fd;     /* -1 = memory */
    const unsigned char *memory;
    size_t memory_size;
    double size, position;
    bool started; /* the first bytes were looked at */
    bool packed;
    bool inflating; /* `stream` wants inflateEnd */
    bool inside;    /* a gzip member is open */
    z_stream stream;
    unsigned char *buffer; /* raw bytes that wait: the first ones, or packed ones */
    size_t waiting, next;
};

bool chl_path_packed(const char *path)
{
    size_t n = strlen(path);
    return n > 3 && strcmp(path + n - 3, ".gz") == 0;
}

const char *chl_input_name(const chl_input *input)
{
    return input->name;
}

double chl_input_size(const chl_input *input)
{
    return input->size;
}

double chl_input_position(const chl_input *input)
{
    return input->position;
}

bool chl_input_packed(const chl_input *input)
{
    return input->packed;
}

void chl_input_close(chl_input *input)
{
    if (input) {
        if (input->inflating) {
            inflateEnd(&input->stream);
        }
        if (input->fd > STDIN_FILENO) {
            close(input->fd);
        }
        chl_free(input->buffer);
        chl_free(input->name);
        chl_free(input);
    }
}

/* ---- raw bytes ---- */

static chl_status fail_read(const chl_input *in, const char *what, chl_error *err)
{
    return chl_fail(err, CHL_EIO, "%s: %s: %s", in->name, what, strerror(errno));
}

/* Straight from the file or memory; *got = 0 only at the end. */
static chl_status read_some(chl_input *in, void *to, size_t n, size_t *got,
                            chl_error *err)
{
    *got = 0;
    if (in->fd < 0) {
        size_t left = in->memory_size - (size_t)in->position;
        *got = n < left ? n : left;
        if (*got) {
            memcpy(to, in->memory + (size_t)in->position, *got);
        }
        in->position += (double)*got;
        return CHL_OK;
    }
    ssize_t count;
    do {
        count = read(in->fd, to, n);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return fail_read(in, "cannot read", err);
    }
    *got = (size_t)count;
    in->position += (double)count;
    return CHL_OK;
}

static chl_status read_raw(chl_input *in, void *to, size_t n, size_t *got, chl_error *err)
{
    *got = 0;
    if (in->next < in->waiting) {
        *got = in->waiting - in->next < n ? in->waiting - in->next : n;
        memcpy(to, in->buffer + in->next, *got);
        in->next += *got;
    }
    while (*got < n) {
        size_t more;
        CHL_TRY(read_some(in, (char *)to + *got, n - *got, &more, err));
        if (more == 0) {
            break;
        }
        *got += more;
    }
    return CHL_OK;
}

/* ---- gzip ---- */

static chl_status refill(chl_input *in, chl_error *err)
{
    size_t got;
    CHL_TRY(read_some(in, in->buffer, PACKED_BUFFER, &got, err));
    in->stream.next_in = in->buffer;
    in->stream.avail_in = (uInt)got;
    return CHL_OK;
}

/* Between two members: another one, the end, or (as gzip does) zeros up to the end. */
static chl_status next_member(chl_input *in, bool *end, chl_error *err)
{
    *end = false;
    for (;;) {
        if (in->stream.avail_in == 0) {
            CHL_TRY(refill(in, err));
        }
        if (in->stream.avail_in == 0) {
            *end = true;
            return CHL_OK;
        }
        if (*in->stream.next_in != 0) {
            break;
        }
        in->stream.next_in++;
        in->stream.avail_in--;
    }
    if (inflateReset(&in->stream) != Z_OK) {
        return chl_fail_memory(err);
    }
    in->inside = true;
    return CHL_OK;
}

static chl_status inflate_step(chl_input *in, chl_error *err)
{
    if (in->stream.avail_in == 0) {
        CHL_TRY(refill(in, err));
        if (in->stream.avail_in == 0) {
            return chl_fail(err, CHL_EFORMAT,
                            "%s: the gzip data ends early: the file is truncated",
                            in->name);
        }
    }
    int code = inflate(&in->stream, Z_NO_FLUSH);
    if (code == Z_STREAM_END) {
        in->inside = false;
    } else if (code == Z_MEM_ERROR) {
        return chl_fail_memory(err);
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return chl_fail(err, CHL_EFORMAT, "%s: damaged gzip data: %s", in->name,
                        in->stream.msg ? in->stream.msg : "unknown method");
    }
    return CHL_OK;
}

static chl_status read_packed(chl_input *in, void *to, size_t n, size_t *got,
                              chl_error *err)
{
    *got = 0;
    while (*got < n) {
        bool end = false;
        if (!in->inside) {
            CHL_TRY(next_member(in, &end, err));
        }
        if (end) {
            break;
        }
        size_t want = n - *got < (size_t)1 << 30 ? n - *got : (size_t)1 << 30;
        in->stream.next_out = (unsigned char *)to + *got;
        in->stream.avail_out = (uInt)want;
        CHL_TRY(inflate_step(in, err));
        *got += want - in->stream.avail_out;
    }
    return CHL_OK;
}

/* ---- the whole ---- */

/* Looks at the first bytes: gzip or text. */
static chl_status start(chl_input *in, chl_error *err)
{
    in->buffer = in->buffer ? in->buffer : chl_alloc(PACKED_BUFFER, 1);
    if (!in->buffer) {
        return chl_fail_memory(err);
    }
    in->waiting = in->next = 0;
    while (in->waiting < 2) {
        size_t got;
        CHL_TRY(read_some(in, in->buffer + in->waiting, PACKED_BUFFER - in->waiting, &got,
                          err));
        if (got == 0) {
            break;
        }
        in->waiting += got;
    }
    in->started = true;
    in->packed = in->waiting >= 2 && in->buffer[0] == 0x1f && in->buffer[1] == 0x8b;
    if (!in->packed && chl_path_packed(in->name)) {
        return chl_fail(err, CHL_EFORMAT, "%s: expected gzip data, got other bytes",
                        in->name);
    }
    if (in->packed) {
        int code = in->inflating ? inflateReset(&in->stream)
                                 : inflateInit2(&in->stream, GZIP_WINDOW);
        if (code != Z_OK) {
            return chl_fail_memory(err);
        }
        in->inflating = in->inside = true;
        in->stream.next_in = in->buffer;
        in->stream.avail_in = (uInt)in->waiting;
    }
    return CHL_OK;
}

chl_status chl_input_read(chl_input *input, void *to, size_t n, size_t *got,
                          chl_error *err)
{
    *got = 0;
    if (!input->started) {
        CHL_TRY(start(input, err));
    }
    return (input->packed ? read_packed : read_raw)(input, to, n, got, err);
}

static chl_status new_input(const char *name, chl_input **out, chl_error *err)
{
    chl_input *in = chl_calloc(1, sizeof *in);
    if (!in) {
        return chl_fail_memory(err);
    }
    in->fd = -1;
    in->name = chl_strdup(name);
    if (!in->name) {
        chl_free(in);
        return chl_fail_memory(err);
    }
    *out = in;
    return CHL_OK;
}

chl_status chl_input_open(const char *path, chl_input **out, chl_error *err)
{
    *out = NULL;
    bool is_stdin = strcmp(path, "-") == 0;
    chl_input *in = NULL;
    CHL_TRY(new_input(is_stdin ? "standard input" : path, &in, err));
    in->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0) {
        chl_status status = fail_read(in, "cannot open", err);
        chl_input_close(in);
        return status;
    }
    struct stat info;
    if (fstat(in->fd, &info) == 0 && S_ISREG(info.st_mode)) {
        in->size = (double)info.st_size;
    }
    *out = in;
    return CHL_OK;
}

chl_status chl_input_memory(const void *bytes, size_t n, const char *name,
                            chl_input **out, chl_error *err)
{
    *out = NULL;
    CHL_TRY(new_input(name, out, err));
    (*out)->memory = bytes;
    (*out)->memory_size = n;
    (*out)->size = (double)n;
    return CHL_OK;
}
