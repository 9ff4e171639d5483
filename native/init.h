/* Process 1 of a container started with --init, and the one-shot `run`. */
#pragma once

/* `docker-init [--] command [argument...]`: runs the command as the foreground process group, forwards
 * signals to it, reaps everything, returns its exit code (128 + signal when it was killed; 127/126 when it
 * cannot be run). */
int init_main(int argc, char **argv);

/* `run [--check] [--forked] [--with-parent] [--list-fd N]`: reads an encoded list of operations (from stdin
 * with a u32 length before it, or from descriptor N up to its end), performs it and returns 0, or the exit
 * code of the program that the list executes. A failure prints one line {"index":…,"errno":…,"detail":"…"} on
 * stderr and returns 1; warnings are such lines with "warning":true. --check only decodes; --forked runs the
 * host side in a process of its own, as an exec does; --with-parent ends it when whoever started it ends. */
int run_main(int argc, char **argv);
