#pragma once

/* Re-executes this program from a sealed memory file, so that nothing in a container can ever write to the
 * host's executable through /proc/pid/exe (CVE-2019-5736). Returns 0 at once when it already runs from one,
 * does not return when it re-executes, and returns -1 with errno when it cannot. Call it first: descriptors
 * and environment stay as they are. */
int seal_self(char **argv);
