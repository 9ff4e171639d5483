#include "json_name.h"

#include <stdint.h>
#include <stdio.h>

void print_json_name(const char *name) {
  for (; *name != '\0'; name++) {
    uint8_t c = (uint8_t)*name;
    if (c == '"' || c == '\\')
      printf("\\%c", c);
    else if (c < 0x20 || c >= 0x7f)
      printf("\\u%04x", c);
    else
      putchar(c);
  }
}
