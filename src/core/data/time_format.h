/* SPDX-License-Identifier: MIT
 *
 * Text formats of dates and timestamps, as in strptime and strftime, but the same on
 * every machine and in every locale. Layer: core/data.
 *
 *   %Y year (4 digits)       %y year of 1969–2068 (2 digits)    %j day of the year
 *   %m month  %d day         %b, %B month's name, short or full (English)
 *   %H hour 0–23  %M minute  %S second  %f fraction of a second
 *   %I hour 1–12  %p AM, PM  %z offset (Z, +hh, +hhmm, +hh:mm)  %% a percent sign
 *
 * Anything else stands for itself. Reading takes fewer digits (1/2/2026, .5) unless
 * another number stands directly beside (%Y%m%d), names and AM/PM in any letter case, and
 * the short month for the full one and back. Writing pads with zeros; %f writes six
 * digits, %z +0000.
 */
#ifndef CHL_DATA_TIME_FORMAT_H
#define CHL_DATA_TIME_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"
#include "core/base/strbuf.h"

enum { CHL_TIME_PARTS_MAX = 64 };

typedef struct chl_time_format {
    int n;
    bool has_clock; /* has a directive that is finer than a day */
    struct {
        char directive; /* 'Y', 'm' …, or 0 for a byte that stands for itself */
        char byte;
    } parts[CHL_TIME_PARTS_MAX];
} chl_time_format;

/* `format "%Y-%q": position 4: unknown directive '%q' (known: %Y …)`. *at (when not NULL)
 * is the byte where it went wrong. */
CHL_MUST_CHECK chl_status chl_time_format_init(chl_time_format *format, const char *text,
                                               size_t length, size_t *at, chl_error *err);

/* Whether texts of that format say which day it is: a year and either month and day or
 * the day of the year, each once; %I with %p. Fails with what is missing. */
CHL_MUST_CHECK chl_status chl_time_format_check(const chl_time_format *format,
                                                chl_error *err);

/* The moment that the text tells; false when it does not fit the (checked) format or is
 * no moment, such as February 29th of 2023. */
bool chl_time_format_read(const chl_time_format *format, const char *text, size_t length,
                          int64_t *micros);

/* Appends the text of a moment. */
void chl_time_format_write(const chl_time_format *format, int64_t micros,
                           chl_strbuf *out);

#endif
