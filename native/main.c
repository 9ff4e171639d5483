/* gantry-init: one static program under several names (see `programs`). */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

int shim_main(int argc, char **argv);
int untar_main(int argc, char **argv);
int tar_main(int argc, char **argv);
int copy_main(int argc, char **argv);
int index_main(int argc, char **argv);
int place_main(int argc, char **argv);
int skeleton_main(int argc, char **argv);
int rebuild_main(int argc, char **argv);
int rebuild_digest_main(int argc, char **argv);

/* Each gets argv with its own name as argv[0]. */
static const struct program {
  const char *name;
  int (*main)(int argc, char **argv);
  const char *purpose;
} programs[] = {
    {"shim", shim_main, "hold one container (started by the daemon)"},
    {"run", run_main, "perform one encoded list of operations from stdin"},
    {"untar", untar_main, "unpack a layer or files into a container (started by the daemon)"},
    {"tar", tar_main, "pack a layer or files of a container (started by the daemon)"},
    {"copy", copy_main, "copy a volume's tree (started by the daemon)"},
    {"index", index_main, "list what is in a tree (started by the daemon)"},
    {"place", place_main, "put chosen files of one tree into another (started by the daemon)"},
    {"skeleton", skeleton_main, "take a layer's files out of its tar (started by the daemon)"},
    {"rebuild", rebuild_main, "put them in again (started by the daemon)"},
    {"rebuild-digest", rebuild_digest_main, "only hash what that would be (started by the daemon)"},
    {"init", init_main, "run a command as process 1 and reap"},
};

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* A descriptor opened later must never become someone's standard input or output. */
static int open_missing_stdio(void) {
  for (int fd = 0; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
      return -1;
  return 0;
}

int main(int argc, char **argv) {
  if (open_missing_stdio() != 0) {
    perror("gantry-init: /dev/null");
    return 2;
  }
  if (argc > 0 && strcmp(base_name(argv[0]), "docker-init") == 0)
    return init_main(argc, argv);
  for (size_t i = 0; argc > 1 && i < sizeof programs / sizeof *programs; i++)
    if (strcmp(argv[1], programs[i].name) == 0)
      return programs[i].main(argc - 1, argv + 1);
  fputs("usage: gantry-init PROGRAM [ARGUMENT...]\n", stderr);
  for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
    fprintf(stderr, "  %-8s %s\n", programs[i].name, programs[i].purpose);
  return 2;
}
