/* SPDX-License-Identifier: MIT
 *
 * Frames from CSV text and back, for tests of tables.
 */
#ifndef TABLE_FIXTURE_H
#define TABLE_FIXTURE_H

#include "chl_test.h"

#include "core/io/csv.h"

/* The frame of a CSV text; `category` names a column of that type, or NULL. */
static inline chl_frame *frame_of(const char *text, const char *category)
{
    const char *const typed[] = {category};
    const chl_type types[] = {CHL_CATEGORY};
    chl_csv_options options = {
        .typed = typed, .types = types, .typed_count = category != NULL};
    chl_frame *frame = NULL;
    assert_ok(chl_csv_read_bytes(text, strlen(text), "test", &options, &frame, &err));
    return frame;
}

/* The frame reads as this CSV text; it is released. */
static inline void assert_frame(chl_frame *frame, const char *expected)
{
    chl_strbuf text = {0};
    assert_non_null(frame);
    assert_ok(chl_csv_format(frame, ',', &text, &err));
    assert_string_equal(expected, text.data);
    chl_strbuf_reset(&text);
    chl_frame_release(frame);
}

/* The values of a column, as CSV prints them, with a blank between. */
static inline void assert_column(chl_column *column, const char *expected)
{
    chl_strbuf text = {0};
    assert_non_null(column);
    for (int64_t i = 0; i < column->length; i++) {
        chl_strbuf_puts(&text, i ? " " : "");
        chl_strbuf_puts(&text, chl_column_valid(column, i) ? "" : "NA");
        chl_column_format(column, i, &text);
    }
    assert_string_equal(expected, text.data ? text.data : "");
    chl_strbuf_reset(&text);
    chl_column_release(column);
}

/* A borrowed column of a frame, for verbs that may retain it. */
static inline chl_column *column_of(const chl_frame *frame, const char *name)
{
    int index = chl_frame_find(frame, name);
    assert_true(index >= 0);
    return frame->fields[index].column;
}

#endif
