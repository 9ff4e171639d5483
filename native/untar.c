#define _GNU_SOURCE
#include "untar.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "confine.h"
#include "sha256.h"

struct options options = {.whiteouts = WHITEOUTS_NONE, .max_bytes = UINT64_MAX, .max_entries = UINT64_MAX};

static uint64_t option_number(const char *name, const char *value) {
  char *end;
  errno = 0;
  unsigned long long number = value == NULL ? 0 : strtoull(value, &end, 10);
  if (value == NULL || *value == '\0' || *end != '\0' || errno != 0)
    fail("untar: %s takes a number", name);
  return number;
}

static enum whiteouts option_whiteouts(const char *value) {
  if (value != NULL && strcmp(value, "overlay") == 0)
    return WHITEOUTS_OVERLAY;
  if (value != NULL && strcmp(value, "apply") == 0)
    return WHITEOUTS_APPLY;
  if (value != NULL && strcmp(value, "none") == 0)
    return WHITEOUTS_NONE;
  fail("untar: --whiteouts takes overlay, apply or none");
}

static bool option_gunzip(const char *value) {
  if (value != NULL && strcmp(value, "none") == 0)
    return false;
  if (value != NULL && strcmp(value, "gzip") == 0)
    return true;
  fail("untar: --compression takes none or gzip");
}

/* Returns false for what is none of those about containers. */
static bool container_option(const char *option, const char *value) {
  if (value != NULL && strcmp(option, "--into") == 0)
    options.into = value + strspn(value, "/");
  else if (value != NULL && strcmp(option, "--owner") == 0)
    options.owner = value;
  else if (value != NULL && strcmp(option, "--keep-kind") == 0)
    options.keep_kind = strcmp(value, "yes") == 0;
  else
    return false;
  return true;
}

static void parse_options(struct confinement *confinement, int argc, char **argv) {
  for (int i = 2, taken; i < argc; i += taken) {
    const char *value = i + 1 < argc ? argv[i + 1] : NULL;
    taken = confine_option(confinement, argc, argv, i);
    if (taken > 0)
      continue;
    taken = 2;
    if (container_option(argv[i], value))
      continue;
    if (strcmp(argv[i], "--compression") == 0)
      options.gunzip = option_gunzip(value);
    else if (strcmp(argv[i], "--whiteouts") == 0)
      options.whiteouts = option_whiteouts(value);
    else if (strcmp(argv[i], "--max-bytes") == 0)
      options.max_bytes = option_number(argv[i], value);
    else if (strcmp(argv[i], "--max-entries") == 0)
      options.max_entries = option_number(argv[i], value);
    else if (strcmp(argv[i], "--keep-free") == 0)
      options.keep_free = option_number(argv[i], value);
    else
      fail("untar: unknown option %s", argv[i]);
  }
}

static void confine_untar(struct confinement *confinement) {
  static const int system_calls[] = {
      SYS_writev,   SYS_pwrite64, SYS_openat,     SYS_openat2,      SYS_ftruncate, SYS_fchown,
      SYS_fchownat, SYS_fchmod,   SYS_fchmodat,   SYS_utimensat,    SYS_fsetxattr, SYS_lsetxattr,
      SYS_mkdirat,  SYS_mknodat,  SYS_llistxattr, SYS_lremovexattr, SYS_symlinkat, SYS_linkat,
      SYS_unlinkat, SYS_statfs,   SYS_fstatfs,
  };
  confinement->capabilities = 1ull << CAP_CHOWN | 1ull << CAP_DAC_OVERRIDE | 1ull << CAP_FOWNER |
                              1ull << CAP_FSETID | 1ull << CAP_MKNOD | 1ull << CAP_SETFCAP;
  confinement->system_calls = system_calls;
  confinement->system_call_count = sizeof system_calls / sizeof *system_calls;
  /* trusted.overlay.opaque can only be written with this one. */
  if (options.whiteouts == WHITEOUTS_OVERLAY)
    confinement->capabilities |= 1ull << CAP_SYS_ADMIN;
  confine(confinement);
}

static struct sha256 hash;

static void add_to_digest(const uint8_t *data, size_t size) {
  sha256_add(&hash, data, size);
}

/* usage: untar <directory> [--whiteouts overlay|apply|none] [--compression none|gzip] [--max-bytes N]
 * [--max-entries N] [--keep-free BYTES] < archive
 * For a container also: [--process PID:STARTTIME] [--submounts] [--hide PATH]... --into PATH [--owner
 * USER[:GROUP]]
 * [--keep-kind yes|no]
 *
 * Success: exit 0 and {"sha256":"…","bytes":N,"entries":N,"implied":[…]} on stdout. Failure: exit 1 and
 * {"error":"…"} on stderr. */
int untar_main(int argc, char **argv) {
  static struct entry entry;
  uint64_t bytes = 0, entries = 0;
  if (argc < 2)
    fail("usage: gantry-init untar <directory> [--whiteouts overlay|apply|none] [--compression none|gzip] "
         "[--max-bytes N] [--max-entries N] [--keep-free BYTES]");
  struct confinement confinement = {.directory = argv[1]};
  parse_options(&confinement, argc, argv);
  sha256_begin(&hash);
  if (options.into == NULL)
    reader_tap = add_to_digest;
  reader_open();
  confine_untar(&confinement);
  if (options.into != NULL && !into_open())
    return 0;
  while (header_next(&entry)) {
    if (++entries > options.max_entries)
      fail("the layer has more than %llu entries", (unsigned long long)options.max_entries);
    if (entry.stored > options.max_bytes - bytes)
      fail("the layer has more than %llu bytes", (unsigned long long)options.max_bytes);
    into_place(&entry);
    space_for(&entry);
    if (options.whiteouts == WHITEOUTS_NONE || !whiteout_entry(&entry))
      bytes += make_entry(&entry);
  }
  reader_drain();
  tree_finish();
  printf("{\"sha256\":\"");
  sha256_print(&hash);
  printf("\",\"bytes\":%llu,\"entries\":%llu,\"implied\":", (unsigned long long)bytes,
         (unsigned long long)entries);
  tree_print_implied();
  printf("}\n");
  return fflush(stdout) == 0 ? 0 : 1;
}
