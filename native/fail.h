/* For the programs that do one piece of work and end: whatever goes wrong ends them, with one line on stderr
 * that the daemon reads: {"error":"…"}, exit code 1. */
#pragma once

/* `clean_up` runs before a failure ends the process; it may not fail itself. */
void before_failing(void (*clean_up)(void));

_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with ": strerror(errno)" behind. */
_Noreturn void fail_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));
