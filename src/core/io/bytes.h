/* SPDX-License-Identifier: MIT
 *
 * Looking for bytes, many at a time. Layer: core/io, private to it.
 *
 * A mask has bit i set when byte i of 64 is the wanted one. Text that is looked at this
 * way has CHL_PADDING readable bytes behind its end.
 */
#ifndef CHL_IO_BYTES_H
#define CHL_IO_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { CHL_PADDING = 64 };

/* What stands in 64 bytes of text. */
typedef struct chl_marks {
    uint64_t separator, newline;
    uint64_t special; /* quote or carriage return */
} chl_marks;

/* Bit i of the result: byte i of the word is zero. */
static inline unsigned chl_zero_bytes(uint64_t word)
{
    const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
    uint64_t zero = ~(((word & low) + low) | word | low); /* 0x80 where a byte is 0 */
    return (unsigned)((zero >> 7) * UINT64_C(0x0102040810204080) >> 56);
}

/* Eight bytes, the first one lowest. */
static inline uint64_t chl_load8(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline uint64_t chl_find_portably(const char *at, char wanted)
{
    uint64_t pattern = UINT64_C(0x0101010101010101) * (unsigned char)wanted, mask = 0;
    for (int i = 0; i < 8; i++) {
        mask |= (uint64_t)chl_zero_bytes(chl_load8(at + 8 * i) ^ pattern) << 8 * i;
    }
    return mask;
}

static inline chl_marks chl_mark_portably(const char *at, char separator)
{
    return (chl_marks){.separator = chl_find_portably(at, separator),
                       .newline = chl_find_portably(at, '\n'),
                       .special =
                           chl_find_portably(at, '"') | chl_find_portably(at, '\r')};
}

#ifdef __SSE2__
static inline chl_marks chl_mark_bytes(const char *at, char separator)
{
    __m128i wanted = _mm_set1_epi8(separator), newline = _mm_set1_epi8('\n'),
            quote = _mm_set1_epi8('"'), cr = _mm_set1_epi8('\r');
    chl_marks marks = {0, 0, 0};
    for (int i = 0; i < 4; i++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + 16 * i));
        __m128i special =
            _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, cr));
        uint64_t shift = 16 * (unsigned)i;
        marks.separator |=
            (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted)) << shift;
        marks.newline |=
            (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, newline))
            << shift;
        marks.special |= (uint64_t)(unsigned)_mm_movemask_epi8(special) << shift;
    }
    return marks;
}
#else
#define chl_mark_bytes chl_mark_portably
#endif

/* The number of the lowest set bit; mask is not 0. */
static inline unsigned chl_lowest_bit(uint64_t mask)
{
#if defined(__GNUC__)
    return (unsigned)__builtin_ctzll(mask);
#else
    unsigned n = 0;
    for (; !(mask & 1); mask >>= 1) {
        n++;
    }
    return n;
#endif
}

#endif
