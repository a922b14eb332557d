/* SPDX-License-Identifier: MIT */
/* -kernel, -initrd and -append as items, from a file that is a bzImage as
 * far as its header goes. */
#include <unistd.h>

#include "tests/device/device_test.h"

#define SETUP_SIZE 1536
#define KERNEL_SIZE 5000
#define INITRD_SIZE 3001

FwCfgTransport transport;

typedef struct Files {
    char *folder;
    char *kernel;
    char *initrd;
    uint8_t image[SETUP_SIZE + KERNEL_SIZE];
} Files;

static void write_file(const char *path, const void *bytes, size_t len)
{
    assert_true(g_file_set_contents(path, bytes, (gssize)len, NULL));
}

static void put(Files *files, size_t at, uint64_t value, size_t width)
{
    for (size_t i = 0; i < width; i++) {
        files->image[at + i] = (uint8_t)(value >> 8 * i);
    }
}

/* A header of protocol @version, loaded high or not. */
static Files *files_new(unsigned version, unsigned loadflags,
                        uint32_t initrd_max, unsigned xloadflags)
{
    Files *files = g_new0(Files, 1);
    uint8_t initrd[INITRD_SIZE];

    files->folder = g_dir_make_tmp("guestcore-XXXXXX", NULL);
    files->kernel = g_build_filename(files->folder, "kernel", NULL);
    files->initrd = g_build_filename(files->folder, "initrd", NULL);
    memset(files->image, 'k', sizeof(files->image));
    files->image[0x1f1] = SETUP_SIZE / 512 - 1;
    memcpy(files->image + 0x202, "HdrS", 4);
    put(files, 0x206, version, 2);
    files->image[0x211] = (uint8_t)loadflags;
    put(files, 0x22c, initrd_max, 4);
    put(files, 0x236, xloadflags, 2);
    put(files, 0x250, 0, 8); /* no setup data */
    memset(initrd, 'i', sizeof(initrd));
    write_file(files->kernel, files->image, sizeof(files->image));
    write_file(files->initrd, initrd, sizeof(initrd));
    return files;
}

static void files_free(Files *files)
{
    unlink(files->kernel);
    unlink(files->initrd);
    rmdir(files->folder);
    g_free(files->kernel);
    g_free(files->initrd);
    g_free(files->folder);
    g_free(files);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Files, files_free)

static FwCfgClient *start(const Files *files)
{
    g_autofree char *args = g_strdup_printf(
        "-kernel %s -initrd %s -append quiet", files->kernel, files->initrd);

    return fwcfg_client_new(transport, args);
}

static void expect_addresses(FwCfgClient *client, uint32_t setup,
                             uint32_t cmdline, uint32_t kernel, uint32_t initrd)
{
    assert_int_equal(fwcfg_read_uint(client, 0x16, 4), setup);
    assert_int_equal(fwcfg_read_uint(client, 0x13, 4), cmdline);
    assert_int_equal(fwcfg_read_uint(client, 0x07, 4), kernel);
    assert_int_equal(fwcfg_read_uint(client, 0x0a, 4), initrd);
}

static void expect_sizes(FwCfgClient *client)
{
    assert_int_equal(fwcfg_read_uint(client, 0x17, 4), SETUP_SIZE);
    assert_int_equal(fwcfg_read_uint(client, 0x14, 4), 6);
    assert_int_equal(fwcfg_read_uint(client, 0x08, 4), KERNEL_SIZE);
    assert_int_equal(fwcfg_read_uint(client, 0x0b, 4), INITRD_SIZE);
}

static void test_a_modern_kernel(void **state)
{
    g_autoptr(Files) files = files_new(0x20f, 1, 0x7fffffff, 0);
    g_autoptr(FwCfgClient) client = start(files);
    uint32_t initrd = (0x8000000 - 0x28000 - 1 - INITRD_SIZE) & ~0xfffu;

    (void)state;
    expect_sizes(client);
    expect_addresses(client, 0x10000, 0x20000, 0x100000, initrd);
    expect_item(client, 0x15, "quiet\0\0", 7);
    put(files, 0x210, 0xb0, 1);
    put(files, 0x211, 0x81, 1);
    put(files, 0x218, initrd, 4);
    put(files, 0x21c, INITRD_SIZE, 4);
    put(files, 0x224, 0xfe00, 2);
    put(files, 0x228, 0x20000, 4);
    expect_item(client, 0x18, files->image, SETUP_SIZE);
    expect_item(client, 0x11, files->image + SETUP_SIZE, KERNEL_SIZE);
    expect_item(client, 0x12, "iiii", 4);
}

static void test_an_initrd_limit(void **state)
{
    g_autoptr(Files) files = files_new(0x203, 1, 0x3ffffff, 0);
    g_autoptr(FwCfgClient) client = start(files);

    (void)state;
    expect_addresses(client, 0x10000, 0x20000, 0x100000,
                     (0x3ffffff - INITRD_SIZE) & ~0xfffu);
}

static void test_an_initrd_above_the_limit(void **state)
{
    g_autoptr(Files) files = files_new(0x20c, 1, 0x3ffffff, 2);
    g_autoptr(FwCfgClient) client = start(files);

    (void)state;
    expect_addresses(client, 0x10000, 0x20000, 0x100000,
                     (0x8000000 - 0x28000 - 1 - INITRD_SIZE) & ~0xfffu);
}

static void test_an_old_kernel(void **state)
{
    g_autoptr(Files) files = files_new(0x200, 0, 0, 0);
    g_autoptr(FwCfgClient) client = start(files);
    uint32_t initrd = (0x8000000 - 0x28000 - 1 - INITRD_SIZE) & ~0xfffu;

    (void)state;
    expect_addresses(client, 0x90000, 0x9a000 - 16, 0x10000, initrd);
    put(files, 0x20, 0xa33f, 2);
    put(files, 0x22, 0x9ff0, 2);
    put(files, 0x210, 0xb0, 1);
    put(files, 0x218, initrd, 4);
    put(files, 0x21c, INITRD_SIZE, 4);
    expect_item(client, 0x18, files->image, SETUP_SIZE);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_modern_kernel),
        cmocka_unit_test(test_an_initrd_limit),
        cmocka_unit_test(test_an_initrd_above_the_limit),
        cmocka_unit_test(test_an_old_kernel),
    };

    transport = fwcfg_parse_transport(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
