/* SPDX-License-Identifier: MIT
 *
 * Bytes from a file, standard input or memory, one after the other. Layer: core/io, on
 * zlib.
 *
 * What starts with gzip's mark is decompressed on the way, also of several members; a
 * path that ends in ".gz" must. A file is read rather than mapped: a map over a file that
 * somebody truncates kills the process, and reading block by block into the cache costs
 * no more.
 */
#ifndef CHL_IO_INPUT_H
#define CHL_IO_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

typedef struct chl_input chl_input;

/* "-" is standard input. */
CHL_MUST_CHECK chl_status chl_input_open(const char *path, chl_input **out,
                                         chl_error *err);
/* `bytes` stay the caller's; `name` serves messages. Both must outlive the input. */
CHL_MUST_CHECK chl_status chl_input_memory(const void *bytes, size_t n, const char *name,
                                           chl_input **out, chl_error *err);
/* The path or name as messages show it. */
const char *chl_input_name(const chl_input *input);

/* Reads n bytes; *got is less only at the end. */
CHL_MUST_CHECK chl_status chl_input_read(chl_input *input, void *to, size_t n,
                                         size_t *got, chl_error *err);

/* Bytes of the file (packed ones of a gzip file) and how many of them are read; the size
 * of a pipe is 0. */
double chl_input_size(const chl_input *input);
double chl_input_position(const chl_input *input);
bool chl_input_packed(const chl_input *input);

void chl_input_close(chl_input *input); /* NULL allowed */

/* Whether the path ends in ".gz". */
bool chl_path_packed(const char *path);

#endif
