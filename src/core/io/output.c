/* SPDX-License-Identifier: MIT */
#include "core/io/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"
#include "core/io/input.h"

enum { RAW_WINDOW = -15, MEMORY_LEVEL = 8, PART = 1 << 30 };

/* What begins a gzip file: deflate, no name, no time; its system is unknown. */
static const unsigned char gzip_header[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};

void chl_output_piece_reset(chl_output_piece *piece)
{
    chl_strbuf_reset(&piece->text);
    chl_strbuf_reset(&piece->packed);
    piece->check = 0;
}

static chl_status put_bytes(chl_output *output, const void *bytes, size_t n,
                            chl_error *err)
{
    if (!output->is_stdout) {
        return chl_file_writer_put(&output->file, bytes, n, err);
    }
    if (fwrite(bytes, 1, n, stdout) != n || fflush(stdout) != 0) {
        return chl_fail(err, CHL_EIO, "stdout: cannot write: %s", strerror(errno));
    }
    return CHL_OK;
}

chl_status chl_output_open(chl_output *output, const char *path, chl_error *err)
{
    *output = (chl_output){.is_stdout = strcmp(path, "-") == 0,
                           .packed = chl_path_packed(path),
                           .check = crc32(0, NULL, 0)};
    if (!output->is_stdout) {
        CHL_TRY(chl_file_writer_open(&output->file, path, err));
    }
    if (output->packed) {
        chl_status status = put_bytes(output, gzip_header, sizeof gzip_header, err);
        if (status != CHL_OK) {
            chl_output_reset(output);
            return status;
        }
    }
    return CHL_OK;
}

/* Everything that waits in the stream, into the piece; ends at a byte. */
static chl_status deflate_all(z_stream *stream, chl_strbuf *out, chl_error *err)
{
    enum { STEP = 64 << 10 };
    do {
        char *room = chl_strbuf_room(out, STEP);
        if (!room) {
            return chl_fail_memory(err);
        }
        stream->next_out = (unsigned char *)room;
        stream->avail_out = STEP;
        if (deflate(stream, Z_SYNC_FLUSH) == Z_STREAM_ERROR) {
            return chl_fail(err, CHL_EIO, "gzip: cannot pack");
        }
        out->length += STEP - stream->avail_out;
    } while (stream->avail_out == 0);
    return CHL_OK;
}

chl_status chl_output_pack(const chl_output *output, chl_output_piece *piece,
                           chl_error *err)
{
    const char *text = piece->text.data;
    size_t n = piece->text.length;
    if (piece->text.failed) {
        return chl_fail_memory(err);
    }
    if (!output->packed || n == 0) {
        return CHL_OK;
    }
    z_stream stream = {0};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, RAW_WINDOW, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return chl_fail_memory(err);
    }
    chl_status status = CHL_OK;
    piece->check = crc32(0, NULL, 0);
    for (size_t at = 0; at < n && status == CHL_OK; at += PART) {
        size_t part = n - at < PART ? n - at : PART;
        piece->check =
            crc32((uLong)piece->check, (const unsigned char *)text + at, (uInt)part);
        stream.next_in = (unsigned char *)(uintptr_t)(text + at);
        stream.avail_in = (uInt)part;
        status = deflate_all(&stream, &piece->packed, err);
    }
    deflateEnd(&stream);
    return status;
}

chl_status chl_output_put(chl_output *output, chl_output_piece *piece, chl_error *err)
{
    size_t n = piece->text.length;
    const chl_strbuf *bytes = output->packed ? &piece->packed : &piece->text;
    chl_status status = CHL_OK;
    if (n > 0) {
        status = put_bytes(output, bytes->data, bytes->length, err);
        output->check =
            crc32_combine((uLong)output->check, (uLong)piece->check, (z_off_t)n);
        output->length += n;
    }
    piece->text.length = piece->packed.length = 0;
    return status;
}

/* ---- rows ---- */

enum { PIECE_ROWS = 4096 }; /* rows that a thread formats at a time */

typedef struct batch {
    const chl_output *output;
    chl_output_piece *pieces; /* one a thread */
    chl_output_format *format;
    void *ctx;
    int64_t rows, first; /* the first row of the first piece */
} batch;

static chl_status format_piece(void *ctx, size_t index, chl_error *err)
{
    const batch *b = ctx;
    chl_output_piece *piece = &b->pieces[index];
    int64_t row = b->first + (int64_t)index * PIECE_ROWS, end = row + PIECE_ROWS;
    CHL_TRY(b->format(b->ctx, row, end < b->rows ? end : b->rows, &piece->text, err));
    return chl_output_pack(b->output, piece, err);
}

/* A piece a thread, then all of them in their order. */
static chl_status put_batch(chl_output *output, batch *b, int threads, chl_error *err)
{
    int64_t wanted = (b->rows - b->first + PIECE_ROWS - 1) / PIECE_ROWS;
    size_t n = wanted < threads ? (size_t)wanted : (size_t)threads;
    CHL_TRY(chl_parallel_for(threads, n, format_piece, b, err));
    for (size_t i = 0; i < n; i++) {
        CHL_TRY(chl_output_put(output, &b->pieces[i], err));
    }
    b->first += (int64_t)n * PIECE_ROWS;
    return CHL_OK;
}

static chl_status put_batches(chl_output *output, batch *b, const chl_control *control,
                              const char *what, chl_error *err)
{
    while (b->first < b->rows) {
        CHL_TRY(chl_control_check(control, what, err));
        CHL_TRY(put_batch(output, b, chl_control_threads(control), err));
        double done = (double)b->first / (double)b->rows;
        chl_control_report(control, done < 1 ? done : 1, what);
    }
    return CHL_OK;
}

chl_status chl_output_rows(chl_output *output, int64_t rows, chl_output_format *format,
                           void *ctx, const chl_control *control, const char *what,
                           chl_error *err)
{
    size_t threads = (size_t)chl_control_threads(control);
    batch b = {.output = output, .format = format, .ctx = ctx, .rows = rows};
    b.pieces = chl_calloc(threads, sizeof *b.pieces);
    if (!b.pieces) {
        return chl_fail_memory(err);
    }
    chl_status status = put_batches(output, &b, control, what, err);
    for (size_t i = 0; i < threads; i++) {
        chl_output_piece_reset(&b.pieces[i]);
    }
    chl_free(b.pieces);
    return status;
}

/* An empty last block, then CRC-32 and length, the lowest byte first. */
static chl_status put_trailer(chl_output *output, chl_error *err)
{
    unsigned char bytes[10] = {3, 0};
    for (int i = 0; i < 4; i++) {
        bytes[2 + i] = (unsigned char)(output->check >> 8 * i);
        bytes[6 + i] = (unsigned char)(output->length >> 8 * i);
    }
    return put_bytes(output, bytes, sizeof bytes, err);
}

chl_status chl_output_commit(chl_output *output, chl_error *err)
{
    if (output->packed) {
        CHL_TRY(put_trailer(output, err));
    }
    return output->is_stdout ? CHL_OK : chl_file_writer_commit(&output->file, err);
}

void chl_output_reset(chl_output *output)
{
    if (!output->is_stdout) {
        chl_file_writer_reset(&output->file);
    }
}
