/* SPDX-License-Identifier: MIT
 *
 * Any bytes are read or refused; what was read, written and read again with the same
 * types is the same frame. The first byte chooses options. A file in blocks of a few
 * bytes on two threads gives the same frame or message as the text in memory; bytes that
 * look like gzip are unpacked on the way.
 */
#include "fuzz.h"

#include "core/io/csv.h"

static void write_frame(const chl_frame *frame, chl_strbuf *out)
{
    check(chl_csv_format(frame, ',', out, NULL) == CHL_OK);
}

static void round_trip(const chl_frame *frame)
{
    typed_columns typed = typed_columns_of(frame);
    chl_csv_options options = {
        .typed = typed.names, .types = typed.types, .typed_count = typed.count};
    chl_strbuf first = {0}, second = {0};
    chl_frame *again = NULL;
    write_frame(frame, &first);
    check(chl_csv_read_bytes(first.data, first.length, "again", &options, &again, NULL) ==
          CHL_OK);
    check(again->rows == frame->rows && again->columns == frame->columns);
    write_frame(again, &second);
    check(first.length == second.length &&
          memcmp(first.data, second.data, first.length) == 0);
    chl_frame_release(again);
    chl_strbuf_reset(&first);
    chl_strbuf_reset(&second);
    typed_columns_reset(&typed);
}

/* The same bytes as a file, in small blocks on threads. */
static void compare_blocks(const unsigned char *data, size_t size,
                           chl_csv_options options, const chl_frame *frame,
                           const chl_error *message)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/churnlab-fuzz-%ld.csv", (long)getpid());
    FILE *file = fopen(path, "wb");
    check(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
    chl_control control = {.threads = 2};
    chl_frame *other = NULL;
    chl_error err = {0};
    options.block = 1 + size / 7 % 64;
    chl_status status = chl_csv_read(path, &options, &control, &other, &err);
    unlink(path);
    check((status == CHL_OK) == (frame != NULL));
    if (frame) {
        chl_strbuf first = {0}, second = {0};
        write_frame(frame, &first);
        write_frame(other, &second);
        check(first.length == second.length &&
              memcmp(first.data, second.data, first.length) == 0);
        for (int i = 0; i < frame->columns; i++) {
            check(frame->fields[i].column->type == other->fields[i].column->type);
        }
        chl_strbuf_reset(&first);
        chl_strbuf_reset(&second);
        chl_frame_release(other);
    } else {
        check(strcmp(err.message + strlen(path), message->message + strlen("fuzz")) == 0);
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    chl_csv_options options = {.no_header = data[0] & 1,
                               .separator = data[0] & 2   ? ';'
                                            : data[0] & 4 ? ' '
                                                          : ','};
    chl_frame *frame = NULL;
    chl_error err = {0};
    if (chl_csv_read_bytes((const char *)data + 1, size - 1, "fuzz", &options, &frame,
                           &err) == CHL_OK) {
        round_trip(frame);
    } else {
        check(err.message[0] != '\0');
    }
    compare_blocks(data + 1, size - 1, options, frame, &err);
    chl_frame_release(frame);
    return 0;
}
