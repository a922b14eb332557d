/* SPDX-License-Identifier: MIT */
#include "dump/filter/page_layout.h"

#include <string.h>

#include "base/error.h"
#include "dump/filter/page_traits.h"

/* The kernels that the traits are known to be right for. */
#define OLDEST_KERNEL GC_KERNEL_VERSION(3, 10)
#define NEWEST_KERNEL GC_KERNEL_VERSION(7, 1)

/* A text that fills the kernel's buffer, whole pages, was cut off. */
#define TEXT_BUFFER 4096u

#define MIN_PAGE_SIZE 32
#define MAX_PAGE_SIZE 512

static bool parse_version(const char *release, unsigned *ret_version)
{
    char *end;
    guint64 major = g_ascii_strtoull(release, &end, 10);
    guint64 minor;
    const char *text = end + 1;

    if (end == release || *end != '.' || !g_ascii_isdigit(*text)) {
        return false;
    }
    minor = g_ascii_strtoull(text, NULL, 10);
    if (major > 255 || minor > 255) {
        return false;
    }
    *ret_version = GC_KERNEL_VERSION((unsigned)major, (unsigned)minor);
    return true;
}

static bool check_version(GcPageReader *reader, GError **error)
{
    const char *release =
        gc_vmcoreinfo_text_get_string(reader->text, "OSRELEASE");

    if (parse_version(release, &reader->version) &&
        reader->version >= OLDEST_KERNEL && reader->version <= NEWEST_KERNEL) {
        return true;
    }
    g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                "kernel %s is not one of Linux %u.%u to %u.%u, whose "
                "structures are known",
                release, OLDEST_KERNEL >> 8, OLDEST_KERNEL & 0xff,
                NEWEST_KERNEL >> 8, NEWEST_KERNEL & 0xff);
    return false;
}

/* A kernel whose text did not fit its buffer has cut it anywhere. */
static bool check_text(const GcPageReader *reader, GError **error)
{
    const char *raw = gc_vmcoreinfo_text_get_raw(reader->text);
    size_t len = strlen(raw);

    if (len % TEXT_BUFFER == 0 || raw[len - 1] != '\n') {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "VMCOREINFO of %zu bytes was cut off", len);
        return false;
    }
    return true;
}

static bool learn_sizes(const GcPageReader *reader, GError **error)
{
    GcPageLayout *layout = reader->layout;
    uint64_t page_size;
    int64_t size;

    if (!gc_vmcoreinfo_text_get_page_size(reader->text, &page_size) ||
        page_size < 4096 || page_size > 65536 ||
        (page_size & (page_size - 1)) != 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "VMCOREINFO has no usable PAGESIZE");
        return false;
    }
    if (!gc_vmcoreinfo_text_get_number(reader->text, "SIZE", "page", &size) ||
        size < MIN_PAGE_SIZE || size > MAX_PAGE_SIZE || size % 8 != 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "VMCOREINFO has no usable SIZE(page)");
        return false;
    }
    layout->page_shift = (unsigned)g_bit_nth_lsf((gulong)page_size, -1);
    layout->size = (uint32_t)size;
    return true;
}

bool gc_page_layout_init(GcPageLayout *layout, const GcVmcoreinfoText *text,
                         const char *arch, GError **error)
{
    GcPageLayout result = {.size = 0};
    GcPageReader reader = {
        .text = text,
        .is_aarch64 = strcmp(arch, "aarch64") == 0,
        .layout = &result,
    };

    if (!check_text(&reader, error) || !check_version(&reader, error) ||
        !learn_sizes(&reader, error) || !gc_page_traits_learn(&reader, error)) {
        return false;
    }
    *layout = result;
    return true;
}
