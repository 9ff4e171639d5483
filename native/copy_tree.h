/* Copies files with owners, modes, times, extended attributes, hard links and devices, by descriptor: nothing
 * in the source can lead out of it. */
#pragma once

/* Everything in directory `from` into the empty directory `to`, which gets the owner, mode and times of
 * `from`. Descriptors may be O_PATH. 0, or -1 with errno. */
int copy_tree_contents(int from, int to);
