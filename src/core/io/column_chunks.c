/* SPDX-License-Identifier: MIT
 *
 * A column file read chunk by chunk: only the header, the levels and one chunk are in
 * memory. Layer: core/io.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/io/column_file.h"
#include "core/io/column_layout.h"

struct chl_column_file {
    int fd;
    char *path; /* owned, for messages */
    column_layout layout;
    chl_frame *schema; /* no rows; its categories hold the levels of every chunk */
    int64_t position;  /* rows given out, a multiple of 8 until the end */
};

/* ---- bytes ---- */

static chl_status read_at(const chl_column_file *file, uint64_t offset, void *bytes,
                          uint64_t n, chl_error *err)
{
    char *to = bytes;
    while (n > 0) {
        ssize_t got = pread(file->fd, to, n, (off_t)offset);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return chl_fail(err, CHL_EIO, "%s: read: %s", file->path,
                            got == 0 ? "the file was cut off" : strerror(errno));
        }
        if (got > 0) {
            to += got;
            offset += (uint64_t)got;
            n -= (uint64_t)got;
        }
    }
    return CHL_OK;
}

static chl_status read_part(const chl_column_file *file, const column_place *place,
                            column_part part, uint64_t from, void *bytes, uint64_t n,
                            chl_error *err)
{
    return read_at(file, file->layout.data + place->parts[part].offset + from, bytes, n,
                   err);
}

/* ---- one column of one chunk ---- */

static chl_status read_texts(const chl_column_file *file, const column_place *place,
                             chl_column *column, chl_error *err)
{
    int64_t *offsets = column->values.offsets, first = offsets[0];
    uint64_t n = (uint64_t)(offsets[column->length] - first);
    column->bytes = chl_alloc(n, 1);
    if (!column->bytes) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i <= column->length; i++) {
        offsets[i] -= first;
    }
    return read_part(file, place, PART_BYTES, (uint64_t)first, column->bytes, n, err);
}

static chl_status read_column(const chl_column_file *file, const column_place *place,
                              chl_column *column, chl_error *err)
{
    uint64_t start = (uint64_t)file->position, n = (uint64_t)column->length;
    size_t size = chl_type_size(place->type);
    CHL_TRY(read_part(file, place, PART_VALUES, start * size, column->values.any,
                      (n + (place->type == CHL_STRING)) * size, err));
    if (place->nulls > 0) {
        CHL_TRY(read_part(file, place, PART_VALIDITY, start / 8, column->validity,
                          (n + 7) / 8, err));
    }
    int64_t missing;
    const char *wrong = column_check(column, place->parts[PART_BYTES].length, &missing);
    if (wrong) {
        return column_file_bad(file->path, place->name, wrong, err);
    }
    if (place->type == CHL_STRING) {
        CHL_TRY(read_texts(file, place, column, err));
    }
    chl_column_seal(column);
    return CHL_OK;
}

static chl_status new_column(const chl_column_file *file, int index, int64_t rows,
                             chl_column **out, chl_error *err)
{
    const column_place *place = &file->layout.columns[index];
    CHL_TRY(chl_column_new(place->type, rows, place->nulls > 0, out, err));
    if (place->type == CHL_CATEGORY) {
        (*out)->levels = chl_levels_retain(file->schema->fields[index].column->levels);
    }
    return read_column(file, place, *out, err);
}

/* ---- frames ---- */

static void release_all(chl_column **columns, int n)
{
    for (int i = 0; columns && i < n; i++) {
        chl_column_release(columns[i]);
    }
    chl_free(columns);
}

static chl_status frame_of(const chl_column_file *file, chl_column **columns,
                           chl_frame **out, chl_error *err)
{
    int n = file->layout.count;
    const char **names = chl_alloc((size_t)n, sizeof *names);
    if (!names) {
        return chl_fail_memory(err);
    }
    for (int i = 0; i < n; i++) {
        names[i] = file->layout.columns[i].name;
    }
    chl_frame *plain = NULL;
    chl_status status = chl_frame_new(names, columns, n, &plain, err);
    chl_free(names);
    if (status == CHL_OK) {
        status = column_file_roles(&file->layout, file->path, plain, out, err);
    } else {
        chl_error_prefix(err, "%s: header", file->path);
    }
    chl_frame_release(plain);
    return status;
}

chl_status chl_column_file_next(chl_column_file *file, int64_t rows, chl_frame **out,
                                chl_error *err)
{
    *out = NULL;
    int64_t left = file->layout.rows - file->position;
    rows = rows < 8 ? 8 : rows / 8 * 8;
    rows = rows > left ? left : rows;
    if (rows == 0) {
        return CHL_OK;
    }
    int n = file->layout.count;
    chl_column **columns = chl_calloc((size_t)n, sizeof(chl_column *));
    chl_status status = columns ? CHL_OK : chl_fail_memory(err);
    for (int i = 0; i < n && status == CHL_OK; i++) {
        status = new_column(file, i, rows, &columns[i], err);
    }
    if (status == CHL_OK) {
        status = frame_of(file, columns, out, err);
    }
    release_all(columns, n);
    file->position += status == CHL_OK ? rows : 0;
    return status;
}

/* ---- opening ---- */

static chl_status read_levels(const chl_column_file *file, const column_place *place,
                              chl_levels **out, chl_error *err)
{
    const column_span *offsets = &place->parts[PART_LEVEL_OFFSETS],
                      *bytes = &place->parts[PART_LEVEL_BYTES];
    unsigned char *both = chl_alloc(offsets->length + bytes->length, 1);
    if (!both) {
        return chl_fail_memory(err);
    }
    chl_status status =
        read_part(file, place, PART_LEVEL_OFFSETS, 0, both, offsets->length, err);
    if (status == CHL_OK) {
        status = read_part(file, place, PART_LEVEL_BYTES, 0, both + offsets->length,
                           bytes->length, err);
    }
    if (status == CHL_OK) {
        status =
            column_levels(place->ordered, both, offsets->length,
                          (const char *)both + offsets->length, bytes->length, out, err);
        if (status != CHL_OK) {
            chl_error_prefix(err, "%s: column '%s'", file->path, place->name);
        }
    }
    chl_free(both);
    return status;
}

static chl_status empty_column(const chl_column_file *file, const column_place *place,
                               chl_column **out, chl_error *err)
{
    CHL_TRY(chl_column_new(place->type, 0, false, out, err));
    if (place->type == CHL_STRING) {
        (*out)->bytes = chl_alloc(0, 1);
        return (*out)->bytes ? CHL_OK : chl_fail_memory(err);
    }
    chl_column_seal(*out);
    return place->type == CHL_CATEGORY ? read_levels(file, place, &(*out)->levels, err)
                                       : CHL_OK;
}

static chl_status make_schema(chl_column_file *file, chl_error *err)
{
    int n = file->layout.count;
    chl_column **columns = chl_calloc((size_t)n, sizeof(chl_column *));
    chl_status status = columns ? CHL_OK : chl_fail_memory(err);
    for (int i = 0; i < n && status == CHL_OK; i++) {
        status = empty_column(file, &file->layout.columns[i], &columns[i], err);
    }
    if (status == CHL_OK) {
        status = frame_of(file, columns, &file->schema, err);
    }
    release_all(columns, n);
    return status;
}

static chl_status read_header(chl_column_file *file, uint64_t size, chl_error *err)
{
    unsigned char start[COLUMN_FILE_PREFIX];
    size_t n = size < sizeof start ? (size_t)size : sizeof start;
    column_prefix prefix;
    CHL_TRY(read_at(file, 0, start, n, err));
    CHL_TRY(column_prefix_parse(start, n, size, file->path, &prefix, err));
    unsigned char *header = chl_alloc((size_t)prefix.header_bytes, 1);
    if (!header) {
        return chl_fail_memory(err);
    }
    chl_status status =
        read_at(file, COLUMN_FILE_PREFIX, header, prefix.header_bytes, err);
    if (status == CHL_OK) {
        status =
            column_layout_parse(header, &prefix, size, file->path, &file->layout, err);
    }
    chl_free(header);
    return status;
}

static chl_status open_file(chl_column_file *file, const char *path, chl_error *err)
{
    struct stat info;
    file->path = chl_strdup(path);
    if (!file->path) {
        return chl_fail_memory(err);
    }
    file->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (file->fd < 0 || fstat(file->fd, &info) != 0) {
        return chl_fail(err, CHL_EIO, "%s: open: %s", path, strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return chl_fail(err, CHL_EIO, "%s: open: expected a regular file", path);
    }
    CHL_TRY(read_header(file, (uint64_t)info.st_size, err));
    return make_schema(file, err);
}

chl_status chl_column_file_open(const char *path, chl_column_file **out, chl_error *err)
{
    *out = NULL;
    chl_column_file *file = chl_calloc(1, sizeof *file);
    if (!file) {
        return chl_fail_memory(err);
    }
    file->fd = -1;
    chl_status status = open_file(file, path, err);
    if (status != CHL_OK) {
        chl_column_file_close(file);
        return status;
    }
    *out = file;
    return CHL_OK;
}

void chl_column_file_close(chl_column_file *file)
{
    if (file) {
        if (file->fd >= 0) {
            close(file->fd);
        }
        chl_frame_release(file->schema);
        column_layout_reset(&file->layout);
        chl_free(file->path);
        chl_free(file);
    }
}

const chl_frame *chl_column_file_schema(const chl_column_file *file)
{
    return file->schema;
}

int64_t chl_column_file_rows(const chl_column_file *file)
{
    return file->layout.rows;
}

int64_t chl_column_file_position(const chl_column_file *file)
{
    return file->position;
}

bool chl_column_file_is(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) {
        return false; /* opening a pipe would wait, or take its bytes away */
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    unsigned char start[COLUMN_FILE_MAGIC];
    ssize_t got = fd < 0 ? 0 : pread(fd, start, sizeof start, 0);
    if (fd >= 0) {
        close(fd);
    }
    return got == COLUMN_FILE_MAGIC &&
           memcmp(start, column_file_magic, COLUMN_FILE_MAGIC) == 0;
}
