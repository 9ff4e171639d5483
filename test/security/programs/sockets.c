/* Tries the socket families that a container must not get, through each door of the kernel. Prints one line each. */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A kernel without 32-bit code answers its system call with SIGSEGV. */
static sigjmp_buf no_such_door;

static void on_segv(int signal) { siglongjmp(no_such_door, signal); }

/* A 32-bit system call from a 64-bit program. */
static long int80(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
  return (int)result;
}

static void report(const char *what, long result) {
  printf("%s %s\n", what, result >= 0 ? "open" : "denied");
}

static void report_int80(const char *what, long number, long a, long b, long c) {
  if (sigsetjmp(no_such_door, 1) == 0)
    report(what, int80(number, a, b, c));
  else
    printf("%s absent\n", what);
}

int main(void) {
  if (signal(SIGSEGV, on_segv) == SIG_ERR)
    return 1;
  report("alg-64", syscall(SYS_socket, 38, 5, 0));
  report("vsock-64", syscall(SYS_socket, 40, 1, 0));
  report_int80("alg-32", 359, 38, 5, 0);
  uint32_t *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (low == MAP_FAILED)
    return 1;
  low[0] = 38, low[1] = 5, low[2] = 0;
  report_int80("alg-socketcall", 102, 1, (long)low, 0);
  report("inet-64", syscall(SYS_socket, 2, 1, 0));
  return 0;
}
