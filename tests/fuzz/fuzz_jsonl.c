/* SPDX-License-Identifier: MIT
 *
 * Any bytes are read as JSON lines or refused with a message; what was read, written and
 * read again with the same types is the same text. The first byte chooses options; bytes
 * that look like gzip are unpacked on the way.
 */
#include "fuzz.h"

#include "core/io/jsonl.h"

static void read_back(const char *path, const chl_frame *frame, chl_frame **again)
{
    typed_columns typed = typed_columns_of(frame);
    chl_jsonl_options options = {
        .typed = typed.names, .types = typed.types, .typed_count = typed.count};
    if (frame->rows == 0) { /* then no key is written */
        options.typed_count = 0;
    }
    check(chl_jsonl_read_files(&path, 1, &options, NULL, again, NULL) == CHL_OK);
    typed_columns_reset(&typed);
}

static void round_trip(const chl_frame *frame, int threads)
{
    char path[64], second[72];
    snprintf(path, sizeof path, "/tmp/churnlab-fuzz-%ld.jsonl", (long)getpid());
    snprintf(second, sizeof second, "%s.gz", path);
    chl_control control = {.threads = threads};
    chl_frame *again = NULL, *last = NULL;
    check(chl_jsonl_write(frame, path, &control, NULL) == CHL_OK);
    read_back(path, frame, &again);
    check(again->rows == frame->rows || frame->columns == 0);
    check(chl_jsonl_write(again, second, &control, NULL) == CHL_OK);
    read_back(second, frame, &last);
    check(chl_jsonl_write(last, second, &control, NULL) == CHL_OK);
    check(last->rows == again->rows && last->columns == again->columns);
    unlink(path);
    unlink(second);
    chl_frame_release(again);
    chl_frame_release(last);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    chl_jsonl_options options = {.nested_text = data[0] & 1};
    chl_frame *frame = NULL;
    chl_error err = {0};
    if (chl_jsonl_read_bytes((const char *)data + 1, size - 1, "fuzz", &options, &frame,
                             &err) == CHL_OK) {
        if (data[0] & 2) {
            round_trip(frame, data[0] & 4 ? 2 : 1);
        }
        chl_frame_release(frame);
    } else {
        check(err.message[0] != '\0');
    }
    return 0;
}
