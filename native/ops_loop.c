/* File systems that are in a file: shown as a block device by the kernel's loop driver. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "files.h"
#include "kernel.h"
#include "ops.h"

/* Somebody else may take the free device that the kernel named before we do. */
#define ATTEMPTS 64

static int open_free_device(int control, char *name, size_t size) {
  int number = ioctl(control, LOOP_CTL_GET_FREE);
  if (number < 0)
    return -1;
  snprintf(name, size, "/dev/loop%d", number);
  return open(name, O_RDWR | O_CLOEXEC);
}

/* A device that shows `image`, and goes by itself when nothing has it open or mounted. -1 with errno. */
static int attach(int image, bool read_only, char *name, size_t size) {
  AUTO_CLOSE int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  if (control < 0)
    return -1;
  for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
    struct loop_config config = {.fd = (uint32_t)image,
                                 .info.lo_flags = LO_FLAGS_AUTOCLEAR | (read_only ? LO_FLAGS_READ_ONLY : 0)};
    AUTO_CLOSE int device = open_free_device(control, name, size);
    if (device < 0)
      return -1;
    if (ioctl(device, LOOP_CONFIGURE, &config) == 0)
      return keep_fd(&device);
    if (errno != EBUSY)
      return -1;
  }
  errno = EBUSY;
  return -1;
}

static bool shows(int device, const struct stat *image) {
  struct loop_info64 info;
  return ioctl(device, LOOP_GET_STATUS64, &info) == 0 && info.lo_device == image->st_dev &&
         info.lo_inode == image->st_ino;
}

/* A device that shows `image` already: two of them would be two file systems on the same blocks, each
 * undoing what the other writes. -1: there is none. */
static int find_device(int image, char *name, size_t size) {
  struct stat status;
  DIR *devices = opendir("/sys/block");
  int found = -1;
  if (!devices || fstat(image, &status) != 0)
    size = 0;
  for (struct dirent *entry; size > 0 && found < 0 && (entry = readdir(devices));) {
    if (strncmp(entry->d_name, "loop", 4) != 0)
      continue;
    snprintf(name, size, "/dev/%.24s", entry->d_name);
    AUTO_CLOSE int device = open(name, O_RDWR | O_CLOEXEC);
    if (device >= 0 && shows(device, &status))
      found = keep_fd(&device);
  }
  if (devices)
    closedir(devices);
  return found;
}

int op_mount_image(struct stage *stage, struct reader *in) {
  const char *source = read_string(in, NULL), *path = read_string(in, NULL), *type = read_string(in, NULL);
  uint64_t flags = read_u64(in);
  const char *data = read_string(in, NULL);
  bool read_only = flags & MS_RDONLY;
  char name[32];
  AUTO_CLOSE int image = open(source, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
  if (image < 0)
    return -1;
  AUTO_CLOSE int device = find_device(image, name, sizeof name);
  if (device < 0)
    device = attach(image, read_only, name, sizeof name);
  if (device < 0)
    return blame(stage, "a loop device for %s", source);
  return sys_mount(name, path, type, flags, data);
}
