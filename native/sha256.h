/* SHA-256 (FIPS 180-4), with the processor's own instructions where it has them. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

struct sha256 {
  uint32_t state[8];
  uint64_t length; /* bytes so far */
  uint8_t block[64];
};

void sha256_begin(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *data, size_t size);
void sha256_end(struct sha256 *hash, uint8_t digest[SHA256_SIZE]);
/* Ends it too: the digest in hexadecimal, to stdout. */
void sha256_print(struct sha256 *hash);
