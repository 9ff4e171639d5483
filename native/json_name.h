/* Names of files in the JSON that programs print for the daemon. */
#pragma once

/* To stdout, without quotes. Bytes above 0x7f become code points of the same number (Latin-1), so that any
 * name survives. */
void print_json_name(const char *name);
