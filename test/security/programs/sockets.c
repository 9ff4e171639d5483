/* Tries the socket families that a container must not get, through each door of the kernel. Prints one line each. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A 32-bit system call from a 64-bit program. */
static long int80(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
  return (int)result;
}

static void report(const char *what, long result) {
  printf("%s %s\n", what, result >= 0 ? "open" : "denied");
}

int main(void) {
  report("alg-64", syscall(SYS_socket, 38, 5, 0));
  report("vsock-64", syscall(SYS_socket, 40, 1, 0));
  report("alg-32", int80(359, 38, 5, 0));
  uint32_t *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (low == MAP_FAILED)
    return 1;
  low[0] = 38, low[1] = 5, low[2] = 0;
  report("alg-socketcall", int80(102, 1, (long)low, 0));
  report("inet-64", syscall(SYS_socket, 2, 1, 0));
  return 0;
}
