/* SPDX-License-Identifier: MIT */
#include "guestcore/error.h"
#include "guestcore/vmcoreinfo.h"

#include "tests/unit/fw_cfg_fixture.h"

#define BUFFER UINT64_C(0x1000)

/* What Linux 6.1 wrote: host format 0, ELF, 4132 bytes. */
static const uint8_t linux_bytes[GC_VMCOREINFO_SIZE] = {
    0, 0, 1, 0, 0x24, 0x10, 0, 0, 0, 0x60, 0x4e, 0x1f, 0, 0, 0, 0};

typedef struct Device {
    Fixture *fixture;
    GcVmcoreinfo *vmcoreinfo;
} Device;

static Device device_new(void)
{
    Device device = {.fixture = fixture_new()};

    device.vmcoreinfo = gc_vmcoreinfo_new(device.fixture->cfg, NULL);
    assert_non_null(device.vmcoreinfo);
    return device;
}

static void device_clear(Device *device)
{
    gc_vmcoreinfo_free(device->vmcoreinfo);
    fixture_free(device->fixture);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Device, device_clear)

/* The guest writes @len bytes at @offset of the file. */
static uint32_t guest_writes(Device *device, const uint8_t *bytes,
                             uint32_t offset, uint32_t len)
{
    uint32_t key =
        gc_fw_cfg_find_file(device->fixture->cfg, GC_VMCOREINFO_FILE);

    memcpy(device->fixture->low + BUFFER, bytes, len);
    fixture_dma(device->fixture, key << 16 | DMA_SELECT | DMA_SKIP, offset, 0);
    return fixture_dma(device->fixture, DMA_WRITE, len, BUFFER);
}

static void expect_file(Device *device, const void *bytes)
{
    g_autoptr(GBytes) item = gc_fw_cfg_dup_item(
        device->fixture->cfg,
        gc_fw_cfg_find_file(device->fixture->cfg, GC_VMCOREINFO_FILE));

    assert_int_equal(g_bytes_get_size(item), GC_VMCOREINFO_SIZE);
    assert_memory_equal(g_bytes_get_data(item, NULL), bytes,
                        GC_VMCOREINFO_SIZE);
}

static void expect_initial(Device *device)
{
    static const uint8_t initial[GC_VMCOREINFO_SIZE] = {1};
    GcVmcoreinfoState state = gc_vmcoreinfo_get_state(device->vmcoreinfo);

    expect_file(device, initial);
    assert_false(state.present);
    assert_int_equal(state.host_format, 1);
    assert_int_equal(state.guest_format, 0);
    assert_int_equal(state.size, 0);
    assert_int_equal(state.paddr, 0);
}

static bool is_present(Device *device)
{
    return gc_vmcoreinfo_get_state(device->vmcoreinfo).present;
}

static void test_initial_content(void **state)
{
    g_auto(Device) device = device_new();

    (void)state;
    expect_initial(&device);
}

static void test_linux_gives_its_note(void **state)
{
    g_auto(Device) device = device_new();
    uint8_t kept[GC_VMCOREINFO_SIZE];
    GcVmcoreinfoState now;

    (void)state;
    memcpy(kept, linux_bytes, sizeof(kept));
    kept[0] = 1;
    assert_int_equal(guest_writes(&device, linux_bytes, 0, 16), 0);
    now = gc_vmcoreinfo_get_state(device.vmcoreinfo);
    assert_true(now.present);
    assert_int_equal(now.host_format, 1);
    assert_int_equal(now.guest_format, 1);
    assert_int_equal(now.size, 4132);
    assert_int_equal(now.paddr, 0x1f4e6000);
    expect_file(&device, kept);
}

static void test_any_other_write_withdraws(void **state)
{
    static const uint8_t none[GC_VMCOREINFO_SIZE] = {1, 0, 0, 0, 1};
    static const struct {
        uint32_t offset;
        uint32_t len;
    } cases[] = {{0, 1}, {0, 15}, {1, 15}, {8, 8}, {15, 1}, {2, 2}};
    g_auto(Device) device = device_new();

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        guest_writes(&device, linux_bytes, 0, 16);
        assert_true(is_present(&device));
        assert_int_equal(guest_writes(&device, linux_bytes + cases[i].offset,
                                      cases[i].offset, cases[i].len),
                         0);
        assert_false(is_present(&device));
    }
    guest_writes(&device, linux_bytes, 0, 16);
    assert_int_equal(guest_writes(&device, none, 0, 16), 0);
    assert_false(is_present(&device));
    assert_int_equal(gc_vmcoreinfo_get_state(device.vmcoreinfo).size, 1);
}

static void test_a_failed_write_does_not_withdraw(void **state)
{
    g_auto(Device) device = device_new();
    uint32_t key;

    (void)state;
    guest_writes(&device, linux_bytes, 0, 16);
    assert_int_equal(guest_writes(&device, linux_bytes, 1, 16), DMA_ERROR);
    key = gc_fw_cfg_find_file(device.fixture->cfg, GC_VMCOREINFO_FILE);
    assert_int_equal(fixture_dma(device.fixture,
                                 key << 16 | DMA_SELECT | DMA_WRITE, 16,
                                 UINT64_C(0x20000)),
                     DMA_ERROR);
    assert_true(is_present(&device));
    assert_int_equal(gc_vmcoreinfo_get_state(device.vmcoreinfo).size, 4132);
}

static void test_unknown_formats_are_kept_and_shown(void **state)
{
    static const uint8_t bytes[GC_VMCOREINFO_SIZE] = {7, 7, 0xfe, 0xca};
    g_auto(Device) device = device_new();
    GcVmcoreinfoState now;

    (void)state;
    assert_int_equal(guest_writes(&device, bytes, 0, 16), 0);
    now = gc_vmcoreinfo_get_state(device.vmcoreinfo);
    assert_true(now.present);
    assert_int_equal(now.guest_format, 0xcafe);
    assert_int_equal(now.host_format, 1);
}

static void test_reset_restores_the_first_content(void **state)
{
    g_auto(Device) device = device_new();

    (void)state;
    guest_writes(&device, linux_bytes, 0, 16);
    gc_vmcoreinfo_reset(device.vmcoreinfo);
    expect_initial(&device);
}

static void test_one_device_and_only_with_dma(void **state)
{
    g_auto(Device) device = device_new();
    g_autoptr(GcFwCfg) without = gc_fw_cfg_new(NULL, NULL);
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_null(gc_vmcoreinfo_new(device.fixture->cfg, &error));
    assert_string_equal(error->message,
                        "at most one vmcoreinfo device is permitted");
    g_clear_error(&error);
    assert_null(gc_vmcoreinfo_new(without, &error));
    assert_string_equal(error->message,
                        "vmcoreinfo device requires fw_cfg with DMA");
}

static void test_after_the_device_the_file_is_just_a_file(void **state)
{
    g_auto(Device) device = device_new();

    (void)state;
    g_clear_pointer(&device.vmcoreinfo, gc_vmcoreinfo_free);
    assert_int_equal(guest_writes(&device, linux_bytes, 0, 16), 0);
    expect_file(&device, linux_bytes);
}

static void test_saved_and_restored(void **state)
{
    g_auto(Device) from = device_new();
    g_auto(Device) to = device_new();
    g_autoptr(GBytes) saved = NULL;
    GcVmcoreinfoState now;
    uint8_t kept[GC_VMCOREINFO_SIZE];

    (void)state;
    guest_writes(&from, linux_bytes, 0, 16);
    saved = gc_vmcoreinfo_save(from.vmcoreinfo);
    assert_true(gc_vmcoreinfo_restore(to.vmcoreinfo, saved, NULL));
    now = gc_vmcoreinfo_get_state(to.vmcoreinfo);
    assert_true(now.present);
    assert_int_equal(now.paddr, 0x1f4e6000);
    memcpy(kept, linux_bytes, sizeof(kept));
    kept[0] = 1;
    expect_file(&to, kept);
}

static void expect_refusal(Device *device, GBytes *bad, GcError code)
{
    g_autoptr(GError) error = NULL;

    assert_false(gc_vmcoreinfo_restore(device->vmcoreinfo, bad, &error));
    assert_true(g_error_matches(error, GC_ERROR, (int)code));
    expect_initial(device);
}

static void test_bad_records_are_refused_whole(void **state)
{
    static const struct {
        size_t at;
        uint8_t byte;
        GcError code;
    } cases[] = {
        {0, 'x', GC_ERROR_FORMAT},        {8, 2, GC_ERROR_UNSUPPORTED},
        {11, 0xff, GC_ERROR_UNSUPPORTED}, {12, 16, GC_ERROR_FORMAT},
        {16, 2, GC_ERROR_FORMAT}, /* present */
        {17, 0, GC_ERROR_FORMAT}, /* host format */
        {19, 0, GC_ERROR_FORMAT}, /* present, but no format */
    };
    g_auto(Device) from = device_new();
    g_auto(Device) to = device_new();
    g_autoptr(GBytes) saved = NULL;
    size_t size;

    (void)state;
    guest_writes(&from, linux_bytes, 0, 16);
    saved = gc_vmcoreinfo_save(from.vmcoreinfo);
    size = g_bytes_get_size(saved);
    for (size_t i = 0; i < size; i++) {
        g_autoptr(GBytes) prefix = g_bytes_new_from_bytes(saved, 0, i);

        expect_refusal(&to, prefix, GC_ERROR_FORMAT);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint8_t *copy = g_memdup2(g_bytes_get_data(saved, NULL), size);
        g_autoptr(GBytes) bad = g_bytes_new_take(copy, size);

        copy[cases[i].at] = cases[i].byte;
        expect_refusal(&to, bad, cases[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_initial_content),
        cmocka_unit_test(test_linux_gives_its_note),
        cmocka_unit_test(test_any_other_write_withdraws),
        cmocka_unit_test(test_a_failed_write_does_not_withdraw),
        cmocka_unit_test(test_unknown_formats_are_kept_and_shown),
        cmocka_unit_test(test_reset_restores_the_first_content),
        cmocka_unit_test(test_one_device_and_only_with_dma),
        cmocka_unit_test(test_after_the_device_the_file_is_just_a_file),
        cmocka_unit_test(test_saved_and_restored),
        cmocka_unit_test(test_bad_records_are_refused_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
