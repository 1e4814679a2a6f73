/* SPDX-License-Identifier: MIT */
#include "core/base/decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_POWER = 22 }; /* 10^22 is the last power of ten that is exact in double */

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* ---- exact products and quotients ---- */

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;

/* 5^0 … 5^27: those that fit 64 bits. */
enum { MAX_FIVES = 27 };
static const uint64_t fives[] = {UINT64_C(1),
                                 UINT64_C(5),
                                 UINT64_C(25),
                                 UINT64_C(125),
                                 UINT64_C(625),
                                 UINT64_C(3125),
                                 UINT64_C(15625),
                                 UINT64_C(78125),
                                 UINT64_C(390625),
                                 UINT64_C(1953125),
                                 UINT64_C(9765625),
                                 UINT64_C(48828125),
                                 UINT64_C(244140625),
                                 UINT64_C(1220703125),
                                 UINT64_C(6103515625),
                                 UINT64_C(30517578125),
                                 UINT64_C(152587890625),
                                 UINT64_C(762939453125),
                                 UINT64_C(3814697265625),
                                 UINT64_C(19073486328125),
                                 UINT64_C(95367431640625),
                                 UINT64_C(476837158203125),
                                 UINT64_C(2384185791015625),
                                 UINT64_C(11920928955078125),
                                 UINT64_C(59604644775390625),
                                 UINT64_C(298023223876953125),
                                 UINT64_C(1490116119384765625),
                                 UINT64_C(7450580596923828125)};

/* value × 2^power, power in -1022 … 1023. */
static double scale(double value, int power)
{
    uint64_t bits = (uint64_t)(power + 1023) << 52;
    double factor;
    memcpy(&factor, &bits, sizeof factor);
    return value * factor;
}

/* The 64 leading bits of the product or quotient of mantissa and 5^|exponent|; its last
 * bit is also set when more bits follow. Then the conversion to double rounds once, as if
 * the value were exact. */
static double convert_exactly(uint64_t mantissa, int exponent)
{
    int zeros = __builtin_clzll(mantissa);
    uint64_t high = mantissa << zeros, bits, rest;
    int power;
    if (exponent >= 0) {
        wide product = (wide)high * fives[exponent];
        int shift = product >> 64 ? 64 - __builtin_clzll((uint64_t)(product >> 64)) : 0;
        bits = (uint64_t)(product >> shift);
        rest = (uint64_t)(product & (((wide)1 << shift) - 1));
        power = exponent + shift - zeros;
    } else {
        int low = __builtin_clzll(fives[-exponent]);
        uint64_t divisor = fives[-exponent] << low; /* has its highest bit, as `high` */
        wide dividend = (wide)high << 63;
        bits = (uint64_t)(dividend / divisor);
        rest = (uint64_t)(dividend - (wide)bits * divisor);
        power = exponent - zeros - 63 + low;
    }
    return scale((double)(bits | (rest != 0)), power);
}
#else
enum { MAX_FIVES = -1 };
static double convert_exactly(uint64_t mantissa, int exponent)
{
    return (double)mantissa + exponent;
}
#endif

bool chl_decimal_to_f64(uint64_t mantissa, int exponent, double *value)
{
    if (mantissa <= UINT64_C(1) << 53 && exponent >= -MAX_POWER &&
        exponent <= MAX_POWER) {
        double exact = (double)mantissa;
        *value = exponent < 0 ? exact / powers[-exponent] : exact * powers[exponent];
        return true;
    }
    if (mantissa == 0 || exponent < -MAX_FIVES || exponent > MAX_FIVES) {
        return false;
    }
    *value = convert_exactly(mantissa, exponent);
    return true;
}

/* ---- writing ---- */

/* The digits of a number, at the end of 20 bytes. Returns how many there are. */
static size_t put_digits(uint64_t value, char digits[20])
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    size_t at = 20;
    while (value >= 100) {
        at -= 2;
        memcpy(digits + at, pairs + 2 * (value % 100), 2);
        value /= 100;
    }
    if (value >= 10) {
        at -= 2;
        memcpy(digits + at, pairs + 2 * value, 2);
    } else {
        digits[--at] = (char)('0' + value);
    }
    return 20 - at;
}

size_t chl_format_i64(int64_t value, char text[24])
{
    char digits[20];
    bool negative = value < 0;
    size_t n = put_digits(negative ? 0 - (uint64_t)value : (uint64_t)value, digits);
    text[0] = '-';
    memcpy(text + negative, digits + 20 - n, n);
    text[n + negative] = '\0';
    return n + negative;
}

static size_t format_slowly(double value, char text[32])
{
    int n = 0;
    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(text, 32, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    return (size_t)n;
}

#ifdef __SIZEOF_INT128__
/* value × 10^places as an integer, half to even; value in [1e-4, 1e15), places 0 … 21. */
static uint64_t scaled(double value, int places)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    int exponent = (int)(bits >> 52) - 1075; /* positive and normal */
    uint64_t mantissa = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
    wide product = (wide)mantissa * fives[places];
    int shift = -exponent - places;
    if (shift <= 0) {
        return (uint64_t)(product << -shift);
    }
    wide rest = product & (((wide)1 << shift) - 1), half = (wide)1 << (shift - 1);
    uint64_t whole = (uint64_t)(product >> shift);
    return whole + (rest > half || (rest == half && (whole & 1)));
}

/* Digits with a point `places` from their end and without zeros at it. */
static size_t put_decimal(uint64_t digits, int places, char *text)
{
    char all[20];
    while (places > 0 && digits % 10000 == 0) {
        digits /= 10000;
        places -= 4;
    }
    while (places > 0 && digits % 10 == 0) {
        digits /= 10;
        places--;
    }
    size_t n = put_digits(digits, all), point = (size_t)places, length = 0;
    const char *first = all + 20 - n;
    if (n > point) {
        memcpy(text, first, n - point);
        length = n - point;
        first += length;
        n = point;
    } else {
        text[length++] = '0';
    }
    text[length++] = '.';
    memset(text + length, '0', point - n);
    memcpy(text + length + point - n, first, n);
    length += point;
    text[length] = '\0';
    return length;
}

/* The decimal exponent of the first digit. */
static int first_digit(double value)
{
    int exponent = 0;
    if (value >= 1) {
        while (exponent < MAX_POWER && value >= powers[exponent + 1]) {
            exponent++;
        }
        return exponent;
    }
    return value >= 0.1 ? -1 : value >= 0.01 ? -2 : value >= 0.001 ? -3 : -4;
}

static size_t format_quickly(double value, char *text)
{
    int first = first_digit(value);
    for (int digits = 15; digits <= 17; digits++) {
        int places = digits - 1 - first;
        uint64_t number = scaled(value, places);
        double back;
        if (digits == 17 ||
            (chl_decimal_to_f64(number, -places, &back) && back == value)) {
            return put_decimal(number, places, text);
        }
    }
    return 0;
}
#endif

size_t chl_format_double(double value, char text[32])
{
    double size = fabs(value);
    if (size < 1e15 && value == floor(value)) {
        return chl_format_i64((int64_t)value, text);
    }
#ifdef __SIZEOF_INT128__
    if (size >= 1e-4 && size < 1e15) {
        text[0] = '-';
        return (value < 0) + format_quickly(size, text + (value < 0));
    }
#endif
    return format_slowly(value, text);
}
