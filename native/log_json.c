#include "log_json.h"

#include <stdbool.h>
#include <string.h>

/* Length of the UTF-8 character at `text`, 0 when it is not one (overlong, surrogate, above U+10FFFF, cut).
 */
static size_t utf8_length(const uint8_t *text, size_t size) {
  uint8_t first = text[0];
  size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                  : (first & 0xf0) == 0xe0         ? 3
                  : first >= 0xf0 && first <= 0xf4 ? 4
                                                   : 0;
  if (length == 0 || length > size)
    return 0;
  for (size_t i = 1; i < length; i++)
    if ((text[i] & 0xc0) != 0x80)
      return 0;
  uint8_t second = text[1];
  bool wrong = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
               (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
  return wrong ? 0 : length;
}

size_t utf8_cut_tail(const uint8_t *text, size_t size) {
  for (size_t back = 1; back <= 3 && back <= size; back++) {
    uint8_t byte = text[size - back];
    if ((byte & 0xc0) == 0x80)
      continue;
    size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

static bool is_plain(uint8_t byte) {
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\' && byte != '<' && byte != '>' &&
         byte != '&';
}

#define ONES 0x0101010101010101ull
#define HIGHS 0x8080808080808080ull
#define HAS_ZERO(word) (((word)-ONES) & ~(word)&HIGHS)
#define HAS_BYTE(word, byte) HAS_ZERO((word) ^ (ONES * (byte)))

/* Whether none of 8 bytes needs escaping: bytes below 0x20 or above 0x7f, and " \ < > &. */
static bool all_plain(uint64_t word) {
  uint64_t control = (word - ONES * 0x20) & ~word & HIGHS;
  /* '<' and '>' differ in one bit, so do no other plain characters from that pair. */
  uint64_t angle = HAS_ZERO((word & (ONES * 0xfd)) ^ (ONES * '<'));
  return ((word & HIGHS) | control | angle | HAS_BYTE(word, '"') | HAS_BYTE(word, '\\') |
          HAS_BYTE(word, '&')) == 0;
}

static size_t plain_run(const uint8_t *text, size_t size) {
  size_t at = 0;
  for (uint64_t word; size - at >= sizeof word; at += sizeof word) {
    memcpy(&word, text + at, sizeof word);
    if (!all_plain(word))
      break;
  }
  while (at < size && is_plain(text[at]))
    at++;
  return at;
}

static uint8_t *put(uint8_t *out, const char *text) {
  size_t size = strlen(text);
  memcpy(out, text, size);
  return out + size;
}

static bool is_control(uint8_t byte) {
  return byte < 0x20 && byte != '\n' && byte != '\r';
}

static uint8_t *escape_hex(uint8_t *out, uint8_t byte) {
  static const char hex[] = "0123456789abcdef";
  memcpy(out, "\\u00", 4);
  out[4] = (uint8_t)hex[byte >> 4];
  out[5] = (uint8_t)hex[byte & 15];
  return out + 6;
}

static uint8_t *escape_ascii(uint8_t *out, uint8_t byte) {
  switch (byte) {
  case '"':
    return put(out, "\\\"");
  case '\\':
    return put(out, "\\\\");
  case '\n':
    return put(out, "\\n");
  case '\r':
    return put(out, "\\r");
  default:
    return escape_hex(out, byte);
  }
}

uint8_t *json_escape(uint8_t *out, const uint8_t *text, size_t size) {
  for (size_t at = 0; at < size;) {
    size_t run = plain_run(text + at, size - at);
    memcpy(out, text + at, run);
    out += run;
    at += run;
    if (at == size)
      break;
    if (is_control(text[at])) { /* binary output has long runs of them */
      do
        out = escape_hex(out, text[at++]);
      while (at < size && is_control(text[at]));
      continue;
    }
    if (text[at] < 0x80) {
      out = escape_ascii(out, text[at++]);
      continue;
    }
    size_t length = utf8_length(text + at, size - at);
    if (length == 0) {
      out = put(out, "\\ufffd");
      at++;
    } else if (length == 3 && text[at] == 0xe2 && text[at + 1] == 0x80 && (text[at + 2] & 0xfe) == 0xa8) {
      out = put(out, text[at + 2] == 0xa8 ? "\\u2028" : "\\u2029");
      at += 3;
    } else {
      memcpy(out, text + at, length);
      out += length;
      at += length;
    }
  }
  return out;
}
