/* SPDX-License-Identifier: MIT */
#include "core/base/hash.h"

#include <sodium.h>
#include <string.h>

void chl_sha256_hex(const void *bytes, size_t n, char hex[CHL_SHA256_HEX])
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(digest, bytes, n);
    sodium_bin2hex(hex, CHL_SHA256_HEX, digest, sizeof digest);
}

uint64_t chl_hash_u64(uint64_t word)
{
    word ^= word >> 32;
    word *= UINT64_C(0xd6e8feb86659fd93);
    word ^= word >> 32;
    word *= UINT64_C(0xd6e8feb86659fd93);
    return word ^ word >> 32;
}

uint64_t chl_hash_bytes(const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15) ^ n * UINT64_C(0xd6e8feb86659fd93);
    for (; n >= 8; n -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        hash = chl_hash_u64(hash ^ word) + UINT64_C(0x9e3779b97f4a7c15);
    }
    uint64_t tail = 0;
    if (n) {
        memcpy(&tail, at, n);
    }
    return chl_hash_u64(hash ^ tail);
}
