#pragma once

/* Re-executes this program from a place that can never be written, so that nothing in a container can get at
 * the host's executable through /proc/pid/exe (CVE-2019-5736): a detached read-only mount of the file itself,
 * which no namespace holds and so nobody can remount; where that is not permitted, a sealed memory file.
 * The former is half as dear (0.5 instead of 1 ms) and all processes share its pages.
 * Returns 0 at once when it already runs from one, does not return when it re-executes, and returns -1 with
 * errno when it cannot. Call it first: descriptors and environment stay as they are. */
int seal_self(char **argv);
