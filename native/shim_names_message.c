/* RFC 1035, section 4.1: id, flags, four counts; then the questions. More than that is the daemon's to read.
 */
#include <ctype.h>
#include <string.h>

#include "shim_names.h"

#define LABEL_MAX 63u
#define NAME_MAX_BYTES 255u
#define TYPE_AND_CLASS 4u

#define FLAG_RESPONSE 0x80u /* of byte 2 */
#define OPCODE_AND_RD 0x79u
#define FLAG_RA 0x80u /* of byte 3 */
#define RCODE_SERVFAIL 2u

bool dns_is_query(const uint8_t *message, size_t size) {
  return size >= NAMES_HEADER && (message[2] & FLAG_RESPONSE) == 0;
}

size_t dns_question(const uint8_t *message, size_t size) {
  if (size < NAMES_HEADER || message[4] != 0 || message[5] != 1)
    return 0;
  size_t at = NAMES_HEADER;
  while (at < size && message[at] != 0) {
    if (message[at] > LABEL_MAX)
      return 0; /* a pointer: to what, in the first name of a message? */
    at += message[at] + 1u;
  }
  size_t name = at + 1 - NAMES_HEADER;
  if (name > NAME_MAX_BYTES || at + 1 + TYPE_AND_CLASS > size)
    return 0;
  return name + TYPE_AND_CLASS;
}

bool dns_same_question(const uint8_t *a, const uint8_t *b, size_t size) {
  size_t name = size - TYPE_AND_CLASS;
  for (size_t i = 0; i < name; i++) /* lengths of labels are below the letters */
    if (tolower(a[i]) != tolower(b[i]))
      return false;
  return memcmp(a + name, b + name, TYPE_AND_CLASS) == 0;
}

size_t dns_failure(const struct names_query *query, uint8_t *to) {
  size_t size = NAMES_HEADER + query->question;
  memcpy(to, query->message, size);
  to[2] = (uint8_t)(FLAG_RESPONSE | (to[2] & OPCODE_AND_RD));
  to[3] = FLAG_RA | RCODE_SERVFAIL;
  memset(to + 4, 0, NAMES_HEADER - 4);
  to[5] = query->question > 0;
  return size;
}
