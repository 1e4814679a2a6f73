/* SPDX-License-Identifier: MIT
 *
 * Column files from anybody, mapped and by chunks. Checks of lengths and the header's
 * hash would stop every change at the door, so the mutator, which starts from a sound
 * file, mends them in two thirds of its work. What is accepted can be formatted, sorted
 * and written again, and the chunks hold what the map holds.
 */
#include "fuzz.h"

#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/io/column_file.h"
#include "core/io/csv.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { PREFIX = 96 };

static unsigned char *sound; /* made once */
static size_t sound_size;
static char path[64];

static const char text[] = "id,share,plan,when,active,note,at\n"
                           "1,0.5,gold,2026-01-31,true,a,2026-01-31 10:00:00\n"
                           "2,,basic,,false,NA,\n"
                           "3,2.5,,1969-12-31,,\"\",1969-12-31 23:59:59\n"
                           "4,1e9,gold,2024-02-29,true,Grüße,2024-02-29\n";

static void remove_file(void)
{
    unlink(path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    snprintf(path, sizeof path, "/tmp/fuzz_columns.%ld", (long)getpid());
    atexit(remove_file);
    static const char *const typed[] = {"plan", "note", "at"};
    static const chl_type types[] = {CHL_CATEGORY, CHL_STRING, CHL_TIMESTAMP};
    chl_csv_options options = {.typed = typed, .types = types, .typed_count = 3};
    chl_frame *frame = NULL;
    check(chl_csv_read_bytes(text, sizeof text - 1, "sound", &options, &frame, NULL) ==
          CHL_OK);
    check(chl_column_file_write(frame, path, NULL, NULL) == CHL_OK);
    check(chl_file_read(path, 1 << 16, &sound, &sound_size, NULL) == CHL_OK);
    chl_frame_release(frame);
    return 0;
}

/* ---- what is accepted ---- */

static void put_rows(const chl_frame *frame, chl_strbuf *out)
{
    for (int64_t i = 0; i < frame->rows; i++) {
        for (int c = 0; c < frame->columns; c++) {
            chl_column_format(frame->fields[c].column, i, out);
            chl_strbuf_putc(out, '\x1f');
        }
    }
}

/* Chunks are refused or hold the same; a mapped file's chunks are never refused. */
static void read_chunks(const chl_frame *whole)
{
    chl_column_file *file = NULL;
    chl_frame *chunk = NULL;
    chl_strbuf all = {0}, pieces = {0};
    chl_status status = chl_column_file_open(path, &file, NULL);
    while (status == CHL_OK) {
        status = chl_column_file_next(file, 8, &chunk, NULL);
        if (!chunk) {
            break;
        }
        put_rows(chunk, &pieces);
        chl_frame_release(chunk);
    }
    chl_column_file_close(file);
    if (whole) {
        put_rows(whole, &all);
        check(status == CHL_OK && all.length == pieces.length &&
              (all.length == 0 || memcmp(all.data, pieces.data, all.length) == 0));
    }
    chl_strbuf_reset(&all);
    chl_strbuf_reset(&pieces);
}

static void use(const chl_frame *frame)
{
    chl_strbuf out = {0};
    check(chl_csv_format(frame, ',', &out, NULL) == CHL_OK);
    chl_strbuf_reset(&out);
    for (int c = 0; c < frame->columns; c++) {
        bool descending = c % 2;
        const char *name = frame->fields[c].name;
        chl_frame *sorted = NULL;
        check(chl_frame_sort(frame, &name, &descending, 1, NULL, &sorted, NULL) ==
              CHL_OK);
        chl_frame_release(sorted);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    check(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
    chl_frame *frame = NULL;
    chl_error err = {0};
    chl_status status = chl_column_file_read(path, NULL, &frame, &err);
    check((status == CHL_OK) == (frame != NULL));
    check(status == CHL_OK || err.message[0] != '\0');
    read_chunks(frame);
    if (frame) {
        use(frame);
        chl_frame_release(frame);
    }
    return 0;
}

/* ---- the mutator ---- */

/* Sets the lengths and the hash that the file should have. */
static void mend(uint8_t *data, size_t size)
{
    uint64_t header, total = size;
    memcpy(data, sound, 16);
    memcpy(&header, data + 16, sizeof header);
    memcpy(data + 24, &total, sizeof total);
    if (header <= size - PREFIX) {
        char hex[CHL_SHA256_HEX];
        chl_sha256_hex(data + PREFIX, (size_t)header, hex);
        memcpy(data + 32, hex, 64);
    }
}

/* Changes the header's text, keeping the buffers behind it. */
static size_t mutate_header(uint8_t *data, size_t size, size_t max)
{
    static uint8_t header[1 << 13], rest[1 << 14];
    uint64_t n;
    memcpy(&n, data + 16, sizeof n);
    if (n > sizeof header / 2 || n > size - PREFIX) {
        return size;
    }
    size_t start = (PREFIX + (size_t)n + 63) / 64 * 64;
    size_t after = start < size ? size - start : 0;
    if (after > sizeof rest) {
        return size;
    }
    memcpy(rest, data + (after ? start : 0), after);
    memcpy(header, data + PREFIX, (size_t)n);
    n = LLVMFuzzerMutate(header, (size_t)n, sizeof header);
    start = (PREFIX + (size_t)n + 63) / 64 * 64;
    if (start + after > max) {
        return size;
    }
    memset(data + PREFIX, 0, start - PREFIX);
    memcpy(data + PREFIX, header, (size_t)n);
    memcpy(data + start, rest, after);
    memcpy(data + 16, &n, sizeof n);
    return start + after;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    if ((size < sound_size || seed % 8 == 0) && sound_size <= max) {
        memcpy(data, sound, sound_size);
        size = sound_size;
    }
    if (seed % 3 == 0 && size > PREFIX) {
        size = mutate_header(data, size, max);
    } else {
        size = LLVMFuzzerMutate(data, size, max);
    }
    if (seed % 3 < 2 && size > PREFIX) {
        mend(data, size);
    }
    return size;
}
