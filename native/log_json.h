/* One line of a process's output as a JSON string, escaped exactly as Docker's json-file driver does. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* A byte becomes at most this many (\u003c, \ufffd). */
#define JSON_EXPANSION 6

/* Writes `size` bytes of text, escaped, without quotes. Returns the end of what was written. */
uint8_t *json_escape(uint8_t *out, const uint8_t *text, size_t size);
/* How many bytes at the end of `text` are the beginning of a UTF-8 character that goes on behind it (0 to 3).
 */
size_t utf8_cut_tail(const uint8_t *text, size_t size);
