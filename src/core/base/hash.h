/* SPDX-License-Identifier: MIT
 *
 * Hashes. Layer: core/base. SHA-256 is libsodium's; the 64-bit mixers serve hash tables
 * only and are never stored.
 */
#ifndef CHL_BASE_HASH_H
#define CHL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

enum { CHL_SHA256_HEX = 65 };

/* Lower-case hexadecimal SHA-256 of n bytes, NUL-terminated. */
void chl_sha256_hex(const void *bytes, size_t n, char hex[CHL_SHA256_HEX]);

/* A 64-bit hash of n bytes (multiply and fold), and of one 64-bit word. */
uint64_t chl_hash_bytes(const void *bytes, size_t n);
uint64_t chl_hash_u64(uint64_t word);

/* As chl_hash_u64, cheaper, for tables of words in a hot loop. */
static inline uint64_t chl_hash_word(uint64_t word)
{
    word *= UINT64_C(0x9e3779b97f4a7c15);
    word ^= word >> 32;
    word *= UINT64_C(0xd6e8feb86659fd93);
    return word ^ word >> 29;
}

#endif
