/* A skeleton is a tar without what the layer's directory holds anyway: headers and padding as they are, files
 * as references into the directory. `gantry-init skeleton` makes one, `gantry-init rebuild` turns it back
 * into the same bytes. After tar-split (github.com/vbatts/tar-split), which cri-o and moby use for the same
 * end.
 *
 * Numbers are little-endian. A skeleton is SKELETON_MAGIC, then records, each led by its kind:
 *
 *   'D' u32 size, bytes                              the archive's own bytes
 *   'F' u16 length, u64 offset, u64 size, name       bytes of a regular file of the directory
 *   'E' u64 size                                     the end: size of the whole archive
 */
#pragma once

#define SKELETON_MAGIC "gantry skeleton 1\n"

#define RECORD_DATA 'D'
#define RECORD_FILE 'F'
#define RECORD_END 'E'

/* A regular file of the directory we are shut into (skeleton_confine), or -1 with errno: symbolic links on the
 * way are resolved inside, the last component must not be one, and a fifo is never waited for. */
int skeleton_open(const char *name);
/* The directory itself, or -1 with errno. */
int skeleton_open_root(void);

/* Shut into the directory for reading it: the mount is read-only and leaves access times alone. */
void skeleton_confine(const char *directory);

/* Takes the processor and the disk only when nobody else wants them. */
void skeleton_background(void);

/* `--background` is the one option of both programs. Returns the directory. */
const char *skeleton_arguments(int argc, char **argv);
