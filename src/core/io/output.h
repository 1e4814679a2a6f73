/* SPDX-License-Identifier: MIT
 *
 * Text to a file or standard output, piece by piece. Layer: core/io, on zlib.
 *
 * A file is written beside its path and takes its name at the commit. A path that ends in
 * ".gz" is packed: each piece on the thread that made it, all of them one gzip member.
 */
#ifndef CHL_IO_OUTPUT_H
#define CHL_IO_OUTPUT_H

#include "core/base/control.h"
#include "core/base/file.h"
#include "core/base/strbuf.h"

typedef struct chl_output {
    bool is_stdout, packed;
    chl_file_writer file; /* when it is not standard output */
    uint64_t length;      /* of the text so far … */
    uint64_t check;       /* … and its CRC-32 */
} chl_output;

/* A piece of the text. Zeroed = empty. */
typedef struct chl_output_piece {
    chl_strbuf text;
    chl_strbuf packed;
    uint64_t check;
} chl_output_piece;
void chl_output_piece_reset(chl_output_piece *piece);

/* "-" is standard output. */
CHL_MUST_CHECK chl_status chl_output_open(chl_output *output, const char *path,
                                          chl_error *err);
/* Packs the piece where the output wants that; on any thread. */
CHL_MUST_CHECK chl_status chl_output_pack(const chl_output *output,
                                          chl_output_piece *piece, chl_error *err);
/* Writes the packed piece and empties it; in the order of the text. */
CHL_MUST_CHECK chl_status chl_output_put(chl_output *output, chl_output_piece *piece,
                                         chl_error *err);
/* Appends the text of the rows [first, end). */
typedef chl_status chl_output_format(void *ctx, int64_t first, int64_t end,
                                     chl_strbuf *out, chl_error *err);
/* Formats and packs rows 0 … rows-1 on the control's threads and puts them in order.
 * `what` starts a message. */
CHL_MUST_CHECK chl_status chl_output_rows(chl_output *output, int64_t rows,
                                          chl_output_format *format, void *ctx,
                                          const chl_control *control, const char *what,
                                          chl_error *err);
/* The file takes its name. */
CHL_MUST_CHECK chl_status chl_output_commit(chl_output *output, chl_error *err);
/* Without a commit before it nothing is left of a file. Idempotent. */
void chl_output_reset(chl_output *output);

#endif
