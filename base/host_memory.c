/* SPDX-License-Identifier: MIT */
#include "base/host_memory.h"

#include <string.h>

/* See proc_meminfo(5): MemAvailable: 12345 kB. */
uint64_t gc_host_memory_get_spare(void)
{
    static const char key[] = "\nMemAvailable:";
    g_autofree char *text = NULL;
    const char *line;

    if (!g_file_get_contents("/proc/meminfo", &text, NULL, NULL)) {
        return 0;
    }
    line = strstr(text, key);
    return line != NULL ? g_ascii_strtoull(line + strlen(key), NULL, 10) * 1024
                        : 0;
}
