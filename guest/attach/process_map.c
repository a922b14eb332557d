/* SPDX-License-Identifier: MIT */
#include "guest/attach/process_map.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fileio.h"

/* See proc(5): START-END PERMS OFFSET MAJOR:MINOR INODE PATH. */
static bool parse_line(const char *line, GcProcessMapping *ret_mapping)
{
    GcProcessMapping mapping = {0};
    char perms[5];

    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64,
               &mapping.start, &mapping.end, perms, &mapping.file_offset,
               &mapping.dev_major, &mapping.dev_minor, &mapping.inode) != 7) {
        return false;
    }
    mapping.is_shared = perms[3] == 's';
    *ret_mapping = mapping;
    return true;
}

GArray *gc_process_map_read(pid_t pid, GError **error)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/maps", (int)pid);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    g_autoptr(GError) file_error = NULL;
    GArray *map;

    if (!g_file_get_contents(path, &text, NULL, &file_error)) {
        g_set_error(error, GC_ERROR, GC_ERROR_IO,
                    "cannot see the memory map of process %d: %s", (int)pid,
                    file_error->message);
        return NULL;
    }
    map = g_array_new(FALSE, FALSE, sizeof(GcProcessMapping));
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        GcProcessMapping mapping;

        if (parse_line(*line, &mapping)) {
            g_array_append_val(map, mapping);
        }
    }
    return map;
}

const GcProcessMapping *gc_process_map_find(const GArray *map, uint64_t address)
{
    for (guint i = 0; i < map->len; i++) {
        const GcProcessMapping *mapping =
            &g_array_index(map, GcProcessMapping, i);

        if (address >= mapping->start && address < mapping->end) {
            return mapping;
        }
    }
    return NULL;
}

/* Opens @path if it leads to the file of @mapping. */
static int open_if_same(const char *path, const GcProcessMapping *mapping)
{
    struct stat st;

    if (stat(path, &st) != 0 || st.st_ino != mapping->inode ||
        major(st.st_dev) != mapping->dev_major ||
        minor(st.st_dev) != mapping->dev_minor) {
        return -1;
    }
    return open(path, O_RDONLY | O_CLOEXEC);
}

static int open_through_descriptors(pid_t pid, const GcProcessMapping *mapping)
{
    g_autofree char *dir_path = g_strdup_printf("/proc/%d/fd", (int)pid);
    g_autoptr(GDir) dir = g_dir_open(dir_path, 0, NULL);
    const char *name;
    int fd = -1;

    while (fd < 0 && dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(dir_path, name, NULL);

        fd = open_if_same(path, mapping);
    }
    return fd;
}

int gc_process_map_open_file(pid_t pid, const GcProcessMapping *mapping)
{
    g_autofree char *path =
        g_strdup_printf("/proc/%d/map_files/%" PRIx64 "-%" PRIx64, (int)pid,
                        mapping->start, mapping->end);
    int fd;

    if (mapping->inode == 0) {
        return -1;
    }
    fd = open_through_descriptors(pid, mapping);
    return fd >= 0 ? fd : open(path, O_RDONLY | O_CLOEXEC);
}
