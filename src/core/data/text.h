/* SPDX-License-Identifier: MIT
 *
 * Values from text. Layer: core/data. Numbers are exactly rounded; the process keeps
 * LC_NUMERIC at "C", so that the point is a point everywhere.
 */
#ifndef CHL_DATA_TEXT_H
#define CHL_DATA_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* -?[0-9]+ that fits 64 bits, nothing else around it. */
bool chl_parse_i64(const char *text, size_t length, int64_t *value);

/* A decimal number with optional sign, point and exponent; no "inf", "nan", hexadecimal;
 * false also when it overflows. */
bool chl_parse_f64(const char *text, size_t length, double *value);

/* "true" or "false" in any letter case. */
bool chl_parse_bool(const char *text, size_t length, bool *value);

/* Moves *text and *length past spaces and tabs at both ends. */
void chl_trim(const char **text, size_t *length);

enum { CHL_EXCERPT = 64 };
/* The text as an error message shows it: at most 40 bytes, cut between UTF-8 characters
 * and marked with "…", control characters as spaces. Returns `out`. */
const char *chl_excerpt(const char *text, size_t length, char out[CHL_EXCERPT]);

#endif
