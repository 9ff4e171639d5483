/* Copies one file that is no directory, or what a file is beside its content. 0, or -1 with errno. */
#pragma once
#include <sys/stat.h>

int copy_regular(int from, const char *name, int to);
/* A symbolic link, device, pipe or socket. */
int copy_node(int from, const char *name, int to, const struct stat *status);
/* `size` bytes from the beginning on; holes stay holes. Where `from` has become shorter, zeros follow. */
int copy_data(int from, int to, off_t size);
int copy_xattrs(int from, int to);
/* Owner, mode and times. */
int copy_status(int to, const struct stat *status);
