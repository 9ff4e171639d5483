#include <string.h>

#include "tar.h"

void list_name(char how) {
  writer_bytes(&how, 1);
  writer_bytes(tar_path, strlen(tar_path) + 1);
}
