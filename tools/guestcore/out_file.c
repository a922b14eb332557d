/* SPDX-License-Identifier: MIT */
#include "out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE 0600

static void set_error(GError **error, int saved_errno, const char *path)
{
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(saved_errno),
                "cannot write %s: %s", path, g_strerror(saved_errno));
}

bool out_file_is_stdout(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* Whether something else than a regular file is there, such as a pipe. */
static bool is_special(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

/* A descriptor to write to; -1 on failure. */
static int open_target(OutFile *file)
{
    if (out_file_is_stdout(file->path)) {
        return dup(STDOUT_FILENO);
    }
    if (is_special(file->path)) {
        return open(file->path, O_WRONLY | O_CLOEXEC);
    }
    file->temporary = g_strconcat(file->path, ".XXXXXX", NULL);
    return g_mkstemp_full(file->temporary, O_WRONLY | O_CLOEXEC, MODE);
}

bool out_file_open(OutFile *file, const char *path, GError **error)
{
    int fd;

    *file = (OutFile){.path = g_strdup(path)};
    fd = open_target(file);
    if (fd >= 0) {
        file->stream = fdopen(fd, "wb");
    }
    if (file->stream == NULL) {
        set_error(error, errno, path);
        if (fd < 0) {
            g_clear_pointer(&file->temporary, g_free);
        }
        return false;
    }
    return true;
}

bool out_file_write(OutFile *file, const void *bytes, size_t len,
                    GError **error)
{
    if (fwrite(bytes, 1, len, file->stream) != len) {
        set_error(error, errno, file->path);
        return false;
    }
    return true;
}

bool out_file_finish(OutFile *file, GError **error)
{
    FILE *stream = file->stream;
    bool ok = fflush(stream) == 0 &&
              (file->temporary == NULL || fsync(fileno(stream)) == 0);

    file->stream = NULL;
    if (!ok) {
        set_error(error, errno, file->path);
        fclose(stream);
        return false;
    }
    if (fclose(stream) != 0 ||
        (file->temporary != NULL && rename(file->temporary, file->path) != 0)) {
        set_error(error, errno, file->path);
        return false;
    }
    g_clear_pointer(&file->temporary, g_free);
    return true;
}

void out_file_clear(OutFile *file)
{
    if (file->stream != NULL) {
        fclose(file->stream);
    }
    if (file->temporary != NULL) {
        unlink(file->temporary);
    }
    g_free(file->temporary);
    g_free(file->path);
    *file = (OutFile){0};
}
