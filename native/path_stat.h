/* One path of the container, and the first line of the answer about it. */
#pragma once
#include <stdbool.h>
#include <sys/stat.h>

struct path_found {
  int directory;    /* that holds it; for a path that must be a directory: that directory itself */
  const char *name; /* in there; NULL for a path that must be a directory */
  struct stat status;
};

/* Links on the way are followed inside the root, the last component is not, unless the path ends with a
 * slash. Without anything there false, and {"refused":"missing"} is printed; other failures end the process.
 */
bool path_find(const char *path, struct path_found *found);

/* {"mode":…,"size":…,"seconds":…,"nanoseconds":…,"link":"…"}: `link` is where a symbolic link leads, as far
 * as that can be told. Bytes above 0x7f are code points of the same number, so that any name survives JSON.
 */
void path_print(const char *path, const struct path_found *found);
