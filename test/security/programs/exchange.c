/* exchange DIRECTORY ONE OTHER: swaps two names, whenever both are there, until it is killed. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 4 || chdir(argv[1]) != 0)
    return 1;
  for (;;)
    if (renameat2(AT_FDCWD, argv[2], AT_FDCWD, argv[3], RENAME_EXCHANGE) != 0 && errno != ENOENT) {
      perror(argv[2]);
      return 1;
    }
}
