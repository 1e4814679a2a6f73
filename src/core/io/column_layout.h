/* SPDX-License-Identifier: MIT
 *
 * Inside column files: where the header says that things are, and the checks of what was
 * found there. Layer: core/io, private to column_*.c.
 */
#ifndef CHL_IO_COLUMN_LAYOUT_H
#define CHL_IO_COLUMN_LAYOUT_H

#include <jansson.h>

#include "core/data/frame.h"

enum {
    COLUMN_FILE_VERSION = 1,
    COLUMN_FILE_PREFIX = 96, /* bytes before the header */
    COLUMN_FILE_ALIGN = 64,
    COLUMN_FILE_HEADER_MAX = 64 << 20,
    COLUMN_FILE_MAGIC = 8 /* bytes of column_file_magic */
};

extern const unsigned char column_file_magic[COLUMN_FILE_MAGIC];

/* The buffers of a column in the order of the file. */
typedef enum column_part {
    PART_VALUES,
    PART_VALIDITY,
    PART_BYTES,
    PART_LEVEL_OFFSETS,
    PART_LEVEL_BYTES,
    PART_COUNT
} column_part;

const char *column_part_name(column_part part);
/* Whether a column of that type and with so many missing rows has the buffer. */
bool column_part_exists(column_part part, chl_type type, int64_t nulls);

typedef struct column_span {
    uint64_t offset, length; /* bytes, from column_layout.data */
} column_span;

typedef struct column_place {
    const char *name; /* borrowed from the header */
    chl_type type;
    int64_t nulls;
    bool ordered; /* of categories: the order of the levels means something */
    column_span parts[PART_COUNT];
} column_place;

typedef struct column_layout {
    json_t *header; /* owned: names live in it */
    uint64_t data;  /* where in the file the first buffer begins */
    int64_t rows;
    int count;
    column_place *columns; /* owned */
} column_layout;

typedef struct column_prefix {
    uint64_t header_bytes;
    const char *hash; /* CHL_SHA256_HEX - 1 characters, in the caller's bytes */
} column_prefix;

/* Messages start with `name`, the file's. `n` may be less than COLUMN_FILE_PREFIX. */
CHL_MUST_CHECK chl_status column_prefix_parse(const unsigned char *bytes, size_t n,
                                              uint64_t file_bytes, const char *name,
                                              column_prefix *prefix, chl_error *err);
CHL_MUST_CHECK chl_status column_layout_parse(const unsigned char *header,
                                              const column_prefix *prefix,
                                              uint64_t file_bytes, const char *name,
                                              column_layout *layout, chl_error *err);
void column_layout_reset(column_layout *layout);

/* Fails on a machine whose words are not little-endian. */
CHL_MUST_CHECK chl_status column_file_machine(const char *name, chl_error *err);
uint64_t column_file_aligned(uint64_t offset);

/* "<name>: column '<column>': <what>" */
chl_status column_file_bad(const char *name, const char *column, const char *what,
                           chl_error *err);

/* The column's values keep the promises of column.h; NULL, or what is wrong. `nulls` is
 * counted into *missing. Strings: offsets lie in 0 … bytes. */
const char *column_check(const chl_column *column, uint64_t bytes, int64_t *missing);

/* Levels from their two buffers. */
CHL_MUST_CHECK chl_status column_levels(bool ordered, const unsigned char *offsets,
                                        uint64_t offsets_length, const char *bytes,
                                        uint64_t length, chl_levels **out,
                                        chl_error *err);

/* The roles of the header, given to a frame that has its columns. */
CHL_MUST_CHECK chl_status column_file_roles(const column_layout *layout, const char *name,
                                            chl_frame *plain, chl_frame **out,
                                            chl_error *err);

#endif
