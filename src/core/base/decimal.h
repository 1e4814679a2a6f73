/* SPDX-License-Identifier: MIT
 *
 * Between doubles and decimal digits, exactly. Layer: core/base.
 *
 * Reading: up to 2^53 and 10^22 one product or quotient of doubles is exact (Clinger,
 * "How to read floating point numbers accurately", 1990); up to 64 bits and 10^27 one of
 * 128-bit integers, rounded once. Writing: between 1e-4 and 1e15 the digits are one
 * product of 128-bit integers, rounded once; the rest goes through snprintf. Both give
 * what strtod and the shortest of %.15g, %.16g, %.17g give.
 */
#ifndef CHL_BASE_DECIMAL_H
#define CHL_BASE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* mantissa × 10^exponent, correctly rounded; false where that takes more: beyond 10^27 in
 * either direction, or without 128-bit integers. */
bool chl_decimal_to_f64(uint64_t mantissa, int exponent, double *value);

/* The shortest decimal text that reads back as exactly this double; an integral value
 * below 1e15 has no point ("3", not "3.0"). At most 32 bytes with the NUL. Returns the
 * length. */
size_t chl_format_double(double value, char text[32]);

/* The digits with a sign; at most 21 bytes with the NUL. Returns the length. */
size_t chl_format_i64(int64_t value, char text[24]);

#endif
