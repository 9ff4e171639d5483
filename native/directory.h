/* Directories that others may be changing at the same time. */
#pragma once

/* What `path` names beneath `directory`, opened with `flags` (close-on-exec is added). Links are followed as
 * long as they stay beneath it; "..", links and renames that lead out are EXDEV. -1 with errno. */
int open_beneath(const char *directory, const char *path, int flags);
/* The same without following any link, from a descriptor. */
int open_beneath_at(int directory, const char *path, int flags);
/* 1, 0, or -1 with errno. The descriptor may be O_PATH. */
int is_empty_directory(int fd);
