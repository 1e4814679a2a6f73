/* SPDX-License-Identifier: MIT
 *
 * Files as blocks of whole records, for readers that work on several threads. Layer:
 * core/io, private to it.
 *
 * A block ends behind a line end that stands outside of quotes: quotes are counted from
 * the block's beginning. In a valid file that is exact; in a file with a stray quote the
 * cut may be wrong, but only behind that quote, whose record is the first error anyway.
 * Where blocks end never changes what is read.
 */
#ifndef CHL_IO_BLOCKS_H
#define CHL_IO_BLOCKS_H

#include "core/io/input.h"

/* A record (so a quoted cell as well) may not be longer. */
enum { CHL_RECORD_MAX = 256 << 20 };

typedef struct chl_block {
    char *text;        /* owned, CHL_PADDING bytes longer than `end` */
    size_t begin, end; /* the records */
    size_t room;
    int64_t index;  /* 0, 1, 2 … over all files */
    int file;       /* which of the paths */
    int64_t line;   /* the line number at `begin`, or 0: goes on from the block before */
    bool last;      /* of its file: the final line end may be missing */
    bool too_large; /* the record at the end is longer than allowed and not whole */
} chl_block;

void chl_block_reset(chl_block *block);

typedef struct chl_blocks {
    const char *const *paths; /* borrowed */
    int path_count;
    const void *memory; /* instead of paths: `memory_size` bytes called paths[0] */
    size_t memory_size;
    size_t size; /* of a block, unless a record is longer */
    bool quotes; /* line ends inside of quotes end no record */
    /* Called with the first block of each file, whose `begin` and `line` it moves behind
     * what is no record (a BOM, a header); with *found = false it is called again for the
     * next block of that file. May be NULL. */
    chl_status (*first)(void *ctx, chl_block *block, const char *name, bool *found,
                        chl_error *err);
    void *ctx;
    size_t limit; /* of a record; 0 = CHL_RECORD_MAX */

    int file; /* state from here on: which path */
    chl_input *input;
    bool input_over; /* nothing more to read from it */
    bool found;      /* `first` is done with it */
    int64_t line;    /* what `first` gave the last block that was not it */
    int64_t index;
    char *carry; /* the beginning of the next block */
    size_t carried, carry_room;
    bool started;
    double size_sum; /* bytes of all files */
    double done;     /* bytes of the files before this one */
    double given;    /* bytes of text in the blocks so far */
} chl_blocks;

/* A chl_blocks starts as one whose fields above `file` are set and the others zero. */
void chl_blocks_reset(chl_blocks *blocks);

/* The next block, into the memory of *block; *more = false when the files are over. */
CHL_MUST_CHECK chl_status chl_blocks_next(chl_blocks *blocks, chl_block *block,
                                          bool *more, chl_error *err);
/* Starts over; false for a pipe, which cannot. */
bool chl_blocks_rewind(chl_blocks *blocks);
/* Bytes of text still to come, guessed from the sizes; 0 when unknown. */
double chl_blocks_left(const chl_blocks *blocks);
/* The share that is read, in [0, 1]. */
double chl_blocks_progress(const chl_blocks *blocks);

#endif
