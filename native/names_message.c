#include "names.h"

/* Byte 2 of a message (RFC 1035 section 4.1.1): QR, opcode, AA, TC, RD. Byte 3: RA, Z, response code. */
#define QR 0x80
#define TC 0x02
#define OPCODE_AND_RD 0x79
#define RA 0x80
#define CODE 0x0f
#define SERVFAIL 2
#define LABEL_MAX 63

uint16_t names_get16(const uint8_t *at) {
  return (uint16_t)(at[0] << 8 | at[1]);
}

void names_put16(uint8_t *at, uint16_t value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

size_t names_question_end(const uint8_t *message, size_t size) {
  if (size < NAMES_HEADER || names_get16(message + 4) != 1)
    return 0;
  size_t at = NAMES_HEADER;
  for (;;) {
    /* Never compressed: there is no name before it. */
    if (at >= size || message[at] > LABEL_MAX)
      return 0;
    size_t length = message[at];
    at += 1 + length;
    if (length == 0)
      break;
  }
  return at + 4 <= size ? at + 4 : 0;
}

size_t names_make_failure(uint8_t *message, size_t size) {
  size_t end = names_question_end(message, size);
  message[2] = (uint8_t)(QR | (message[2] & OPCODE_AND_RD));
  message[3] = RA | SERVFAIL;
  names_put16(message + 4, end ? 1 : 0);
  for (size_t at = 6; at < NAMES_HEADER; at++)
    message[at] = 0;
  return end ? end : NAMES_HEADER;
}

bool names_is_good(const uint8_t *message, size_t size) {
  return size >= NAMES_HEADER && (message[2] & QR) && !(message[2] & TC) && (message[3] & CODE) == 0;
}
