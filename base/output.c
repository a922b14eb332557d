/* SPDX-License-Identifier: MIT */
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fileio.h"

struct GcOutput {
    char *path;      /* as the user gave it, for messages */
    char *dir_path;  /* where the file will be, links resolved */
    char *name;      /* its final name there */
    char *temp_name; /* its name until then, NULL while it has none */
    int dir_fd;
    int fd;
};

/* A guest's memory is secret: nobody but its owner may read the file. */
#define OUTPUT_MODE (S_IRUSR | S_IWUSR)

#define TEMP_NAME_TRIES 100

void gc_output_free(GcOutput *output)
{
    if (output == NULL) {
        return;
    }
    if (output->temp_name != NULL) {
        unlinkat(output->dir_fd, output->temp_name, 0);
    }
    gc_close_fd(&output->fd);
    gc_close_fd(&output->dir_fd);
    g_free(output->path);
    g_free(output->dir_path);
    g_free(output->name);
    g_free(output->temp_name);
    g_free(output);
}

/* A link is followed to where it leads; what is there already must be a
 * file, for the commit replaces it. */
static char *resolve_path(const char *path, GError **error)
{
    struct stat st;
    char *resolved;

    if (path[0] == '\0') {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID, "is no file's name");
        return NULL;
    }
    if (stat(path, &st) != 0) {
        if (errno == ENOENT) {
            return g_strdup(path);
        }
        gc_set_error_errno(error, errno, "cannot write to it");
        return NULL;
    }
    if (!S_ISREG(st.st_mode)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID, "%s",
                    S_ISDIR(st.st_mode) ? "is a directory"
                                        : "is not a regular file");
        return NULL;
    }
    resolved = realpath(path, NULL);
    if (resolved == NULL) {
        gc_set_error_errno(error, errno, "cannot resolve the path");
    }
    return resolved;
}

static char *make_temp_name(const GcOutput *output)
{
    return g_strdup_printf(".%.200s.%08x", output->name, g_random_int());
}

static bool open_named(GcOutput *output, GError **error)
{
    for (int i = 0; i < TEMP_NAME_TRIES; i++) {
        g_autofree char *name = make_temp_name(output);

        output->fd = openat(output->dir_fd, name,
                            O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, OUTPUT_MODE);
        if (output->fd >= 0) {
            output->temp_name = g_steal_pointer(&name);
            return true;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    gc_set_error_errno(error, errno, "cannot create a file in %s",
                       output->dir_path);
    return false;
}

static bool open_file(GcOutput *output, GError **error)
{
    output->dir_fd = open(output->dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (output->dir_fd < 0) {
        gc_set_error_errno(error, errno, "cannot open directory %s",
                           output->dir_path);
        return false;
    }
    output->fd = openat(output->dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC,
                        OUTPUT_MODE);
    return output->fd >= 0 || open_named(output, error);
}

GcOutput *gc_output_new(const char *path, GError **error)
{
    g_autoptr(GcOutput) output = g_new0(GcOutput, 1);
    g_autofree char *resolved = NULL;

    output->fd = -1;
    output->dir_fd = -1;
    output->path = g_strdup(path);
    resolved = resolve_path(path, error);
    if (resolved == NULL) {
        g_prefix_error(error, "%s: ", path[0] != '\0' ? path : "''");
        return NULL;
    }
    output->dir_path = g_path_get_dirname(resolved);
    output->name = g_path_get_basename(resolved);
    if (!open_file(output, error)) {
        g_prefix_error(error, "%s: ", path);
        return NULL;
    }
    return g_steal_pointer(&output);
}

int gc_output_get_fd(const GcOutput *output)
{
    return output->fd;
}

/* A file without a name gets a temporary one, so that the final name can be
 * replaced in one step. */
static bool give_temp_name(GcOutput *output, GError **error)
{
    g_autofree char *source = g_strdup_printf("/proc/self/fd/%d", output->fd);
    int link_errno = EEXIST;

    for (int i = 0; i < TEMP_NAME_TRIES && link_errno == EEXIST; i++) {
        g_autofree char *name = make_temp_name(output);

        if (linkat(AT_FDCWD, source, output->dir_fd, name, AT_SYMLINK_FOLLOW) ==
            0) {
            output->temp_name = g_steal_pointer(&name);
            return true;
        }
        link_errno = errno;
    }
    gc_set_error_errno(error, link_errno, "cannot name the file");
    return false;
}

static bool commit(GcOutput *output, GError **error)
{
    if (fsync(output->fd) != 0) {
        gc_set_error_errno(error, errno, "cannot make the file durable");
        return false;
    }
    if (output->temp_name == NULL && !give_temp_name(output, error)) {
        return false;
    }
    if (renameat(output->dir_fd, output->temp_name, output->dir_fd,
                 output->name) != 0) {
        gc_set_error_errno(error, errno, "cannot rename the file");
        return false;
    }
    g_clear_pointer(&output->temp_name, g_free);
    /* The file is there; should the directory not reach the disk, an
     * earlier file may come back after a power cut, but never half of one. */
    fsync(output->dir_fd);
    return true;
}

bool gc_output_commit(GcOutput *output, GError **error)
{
    if (!commit(output, error)) {
        g_prefix_error(error, "%s: ", output->path);
        return false;
    }
    return true;
}
