/* SPDX-License-Identifier: MIT
 *
 * Frames for fail-at-n, made while every allocation succeeds (fail_at_each.h).
 */
#ifndef ALLOC_FIXTURE_H
#define ALLOC_FIXTURE_H

#include "chl_test.h"

#include <string.h>

#include "core/io/csv.h"
#include "fail_at_each.h"

static const char csv_text[] = "id,age,plan,when,active\r\n"
                               "1,42,\"a, b\",2026-01-31,true\r\n"
                               "2,,basic,,false\r\n"
                               "3,17.5,\"say \"\"hi\"\"\",2024-02-29,\r\n";

static inline chl_frame *sound_frame(const char *text)
{
    chl_frame *frame = NULL;
    long saved = until_failure;
    until_failure = -1;
    assert_ok(chl_csv_read_bytes(text, strlen(text), "test", NULL, &frame, &err));
    until_failure = saved;
    return frame;
}

/* The frame of csv_text. */
static inline chl_frame *example_frame(void)
{
    return sound_frame(csv_text);
}

static inline chl_frame *event_log(void)
{
    return sound_frame("customer,when,loaded,type,paid\n"
                       "a,2025-01-01,2025-01-01,x,1\n"
                       "b,2025-01-05,2025-03-01,y,2\n"
                       "a,2025-02-01,2025-02-01,y,3\n");
}

#endif
