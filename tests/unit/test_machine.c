/* SPDX-License-Identifier: MIT */
#include <libfdt.h>
#include <string.h>

#include "guestcore/error.h"

#include "base/byteorder.h"
#include "hw/machine/machine.h"
#include "tests/unit/cmocka_all.h"

#define MIB (UINT64_C(1) << 20)

/* Not touched but for the few pages that a test writes: as sparse as the
 * allocator makes it. */
static uint8_t ram[16 * MIB];

static GcMachine *machine_new(const char *name, const char *target,
                              const GcMachineConfig *config, GError **error)
{
    const GcMachineType *type = gc_machine_type_find(name, target);

    assert_non_null(type);
    return gc_machine_new(type, target, config, error);
}

static GcMachineConfig small_config(void)
{
    GcMachineConfig config = GC_MACHINE_CONFIG_INIT;

    config.ram = ram;
    config.ram_size = sizeof(ram);
    return config;
}

static void test_every_target_has_its_machines(void **state)
{
    static const char *const targets[] = {"x86_64", "i386", "aarch64",
                                          "riscv64"};

    (void)state;
    for (size_t i = 0; gc_machine_types[i] != NULL; i++) {
        assert_non_null(gc_machine_types[i]->description);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(targets); i++) {
        bool is_x86 = i < 2;

        assert_true((gc_machine_type_find("pc", targets[i]) != NULL) == is_x86);
        assert_true((gc_machine_type_find("q35", targets[i]) != NULL) ==
                    is_x86);
        assert_true((gc_machine_type_find("virt", targets[i]) != NULL) !=
                    is_x86);
    }
}

/* Where QEMU 7.2 has the end of low memory, by the MiB. */
static void test_the_hole_is_where_qemu_has_it(void **state)
{
    static const struct {
        const char *name;
        uint64_t size;
        uint64_t low;
    } cases[] = {
        {"pc", 2048, 2048},  {"pc", 3583, 3583},  {"pc", 3584, 3072},
        {"pc", 5000, 3072},  {"q35", 2048, 2048}, {"q35", 2815, 2815},
        {"q35", 2816, 2048}, {"q35", 5000, 2048},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GcMachineConfig config = small_config();
        g_autoptr(GcMachine) machine = NULL;
        GcBus *bus;

        config.ram_size = cases[i].size * MIB; /* never touched */
        machine = machine_new(cases[i].name, "x86_64", &config, NULL);
        bus = gc_machine_get_memory(machine);
        assert_int_equal(gc_bus_get_range(bus, 0)->size, cases[i].low * MIB);
        assert_int_equal(gc_bus_get_n_ranges(bus),
                         cases[i].low < cases[i].size ? 2 : 1);
        if (cases[i].low < cases[i].size) {
            const GcBusRange *high = gc_bus_get_range(bus, 1);

            assert_int_equal(high->start, 4096 * MIB);
            assert_int_equal(high->size, (cases[i].size - cases[i].low) * MIB);
            assert_int_equal(high->ram_offset, cases[i].low * MIB);
        }
    }
}

static void expect_item(GcMachine *machine, uint16_t key, const void *bytes,
                        size_t len)
{
    g_autoptr(GBytes) item =
        gc_fw_cfg_dup_item(gc_machine_get_fw_cfg(machine), key);

    assert_non_null(item);
    assert_int_equal(g_bytes_get_size(item), len);
    assert_memory_equal(g_bytes_get_data(item, NULL), bytes, len);
}

static void expect_file(GcMachine *machine, const char *name, const void *bytes,
                        size_t len)
{
    expect_item(machine,
                gc_fw_cfg_find_file(gc_machine_get_fw_cfg(machine), name),
                bytes, len);
}

static void test_items_of_a_pc(void **state)
{
    GcMachineConfig config = small_config();
    g_autoptr(GBytes) text = g_bytes_new_static("hello", 5);
    const GcMachineFile file = {"opt/x", text};
    g_autoptr(GcMachine) machine = NULL;

    (void)state;
    config.n_cpus = 3;
    config.max_cpus = 5;
    config.uuid[15] = 0xff;
    config.nographic = true;
    config.boot_menu = true;
    config.splash_time = 300;
    config.reboot_timeout = 500;
    config.files = &file;
    config.n_files = 1;
    machine = machine_new("pc", "x86_64", &config, NULL);
    expect_item(machine, GC_FW_CFG_ID, "\3\0\0", 4);
    expect_item(machine, GC_FW_CFG_UUID, config.uuid, 16);
    expect_item(machine, GC_FW_CFG_RAM_SIZE, "\0\0\0\1\0\0\0", 8);
    expect_item(machine, GC_FW_CFG_NOGRAPHIC, "\1", 2);
    expect_item(machine, GC_FW_CFG_NB_CPUS, "\3", 2);
    expect_item(machine, GC_FW_CFG_MAX_CPUS, "\5", 2);
    expect_item(machine, GC_FW_CFG_BOOT_MENU, "\1", 2);
    expect_file(machine, "etc/boot-menu-wait", "\x2c\1", 2);
    expect_file(machine, "etc/boot-fail-wait", "\xf4\1\0", 4);
    expect_file(machine, "opt/x", "hello", 5);
    expect_file(machine, "etc/e820", "\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\1\0\0",
                20);
}

static void test_apic_ids_leave_room_for_whole_sockets(void **state)
{
    GcMachineConfig config = small_config();
    g_autoptr(GcMachine) machine = NULL;

    (void)state;
    config.n_cpus = config.max_cpus = 6;
    config.cores = 3;
    machine = machine_new("q35", "x86_64", &config, NULL);
    expect_item(machine, GC_FW_CFG_MAX_CPUS, "\7", 2); /* 0 1 2 4 5 6 */
}

static void test_numa_of_a_pc(void **state)
{
    static const unsigned first[] = {0, 1};
    static const unsigned second[] = {2, 3};
    const GcMachineNumaNode nodes[] = {{4 * MIB, first, 2},
                                       {12 * MIB, second, 2}};
    GcMachineConfig config = small_config();
    g_autoptr(GcMachine) machine = NULL;
    uint8_t expected[8 * 7] = {0};

    (void)state;
    config.n_cpus = config.max_cpus = 4;
    config.numa = nodes;
    config.n_numa = 2;
    machine = machine_new("pc", "x86_64", &config, NULL);
    expected[0] = 2;
    expected[8 * 3] = expected[8 * 4] = 1;
    gc_put_uint(expected + 8 * 5, 8, false, 4 * MIB);
    gc_put_uint(expected + 8 * 6, 8, false, 12 * MIB);
    expect_item(machine, GC_FW_CFG_NUMA, expected, sizeof(expected));
}

static void expect_refusal(const char *name, const GcMachineConfig *config,
                           const char *why)
{
    g_autoptr(GError) error = NULL;

    assert_null(machine_new(name, "x86_64", config, &error));
    assert_non_null(strstr(error->message, why));
}

static void test_impossible_configs_are_refused(void **state)
{
    static const unsigned cpus[] = {0, 0};
    const GcMachineNumaNode twice = {sizeof(ram), cpus, 2};
    const GcMachineNumaNode small = {MIB, cpus, 1};
    GcMachineConfig config = small_config();

    (void)state;
    config.n_cpus = 0;
    expect_refusal("pc", &config, "CPUs");
    config = small_config();
    config.threads = UINT_MAX;
    expect_refusal("pc", &config, "threads: there are at most 1 CPUs");
    config = small_config();
    config.max_cpus = 256;
    expect_refusal("pc", &config, "256 CPUs: machine pc has at most 255");
    config = small_config();
    config.ram_size = 4096;
    expect_refusal("pc", &config, "4096 bytes of RAM");
    config = small_config();
    config.ram_size = MIB + 1;
    expect_refusal("pc", &config, "multiple of 4096");
    config = small_config();
    config.splash_time = 65536;
    expect_refusal("q35", &config, "splash-time 65536");
    config = small_config();
    config.reboot_timeout = -2;
    expect_refusal("q35", &config, "reboot-timeout -2");
    config = small_config();
    config.fw_cfg_slots = 3;
    expect_refusal("q35", &config, "3 file slots");
    config = small_config();
    config.numa = &twice;
    config.n_numa = 1;
    expect_refusal("pc", &config, "CPU 0 is in node 0 already");
    config.numa = &small;
    expect_refusal("pc", &config, "NUMA nodes");
}

static void test_vmcoreinfo_once_and_with_dma(void **state)
{
    GcMachineConfig config = small_config();
    g_autoptr(GcMachine) machine = machine_new("pc", "i386", &config, NULL);
    g_autoptr(GcMachine) without = NULL;
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_null(gc_machine_get_vmcoreinfo(machine));
    assert_true(gc_machine_add_device(machine, "vmcoreinfo", NULL));
    assert_non_null(gc_machine_get_vmcoreinfo(machine));
    assert_false(gc_machine_add_device(machine, "vmcoreinfo", &error));
    assert_string_equal(error->message,
                        "at most one vmcoreinfo device is permitted");
    g_clear_error(&error);
    assert_false(gc_machine_add_device(machine, "floppy", &error));
    assert_string_equal(error->message,
                        "'floppy' is not a valid device model name");
    g_clear_error(&error);
    config.fw_cfg_no_dma = true;
    without = machine_new("pc", "i386", &config, NULL);
    assert_false(gc_machine_add_device(without, "vmcoreinfo", &error));
    assert_string_equal(error->message,
                        "vmcoreinfo device requires fw_cfg with DMA");
}

static void test_the_guest_reaches_fw_cfg_by_port_and_dma(void **state)
{
    GcMachineConfig config = small_config();
    g_autoptr(GcMachine) machine = machine_new("pc", "x86_64", &config, NULL);
    GcBus *ports = gc_machine_get_ports(machine);
    GcBus *memory = gc_machine_get_memory(machine);

    (void)state;
    gc_machine_reset(machine);
    assert_int_equal(gc_bus_read_uint(ports, 0x511, 1), 'Q');
    gc_bus_write_uint(ports, 0x510, 2, 1);
    assert_int_equal(gc_bus_read_uint(ports, 0x511, 1), 3);
    gc_bus_write(memory, 0x1000, "\0\0\0\x0a\0\0\0\4\0\0\0\0\0\0\x20\0", 16);
    gc_bus_write_uint(ports, 0x518, 4, GUINT32_SWAP_LE_BE(0x1000));
    assert_int_equal(gc_bus_read_uint(memory, 0x1000, 4), 0);
    assert_int_equal(gc_bus_read_uint(memory, 0x2000, 4), 0x554d4551);
    /* 0x50e and 0x50f are nothing; the rest is a selector */
    gc_bus_write_uint(ports, 0x50e, 4, 0x00010000);
    assert_int_equal(gc_bus_read_uint(ports, 0x511, 1), 3);
    gc_machine_reset(machine);
    assert_int_equal(gc_bus_read_uint(ports, 0x511, 1), 'Q');
}

static void test_a_machine_reset_withdraws_the_note(void **state)
{
    GcMachineConfig config = small_config();
    g_autoptr(GcMachine) machine =
        machine_new("virt", "aarch64", &config, NULL);
    GcBus *memory = gc_machine_get_memory(machine);
    GcVmcoreinfo *vmcoreinfo;
    uint8_t dma[16] = {0, 0, 0, 0x18, 0, 0, 0, 16, 0, 0, 0, 0, 0x40, 0, 0x20};

    (void)state;
    assert_true(gc_machine_add_device(machine, "vmcoreinfo", NULL));
    vmcoreinfo = gc_machine_get_vmcoreinfo(machine);
    gc_put_uint(dma, 2, true,
                gc_fw_cfg_find_file(gc_machine_get_fw_cfg(machine),
                                    GC_VMCOREINFO_FILE));
    gc_bus_write(memory, 0x40001000, dma, sizeof(dma));
    gc_bus_write(memory, 0x40002000, "\0\0\1\0\0\20\0\0\0\0\0\0\1\0\0", 16);
    gc_bus_write_uint(memory, 0x09020010, 8, GUINT64_SWAP_LE_BE(0x40001000));
    assert_int_equal(gc_bus_read_uint(memory, 0x40001000, 4), 0);
    assert_true(gc_vmcoreinfo_get_state(vmcoreinfo).present);
    assert_int_equal(gc_vmcoreinfo_get_state(vmcoreinfo).size, 4096);
    gc_machine_reset(machine);
    assert_false(gc_vmcoreinfo_get_state(vmcoreinfo).present);
}

static void expect_fw_cfg_node(GBytes *tree, const char *path, const char *reg)
{
    const void *fdt = g_bytes_get_data(tree, NULL);
    int node = fdt_path_offset(fdt, path);
    int len;

    assert_true(node >= 0);
    assert_int_equal(fdt_node_check_compatible(fdt, node, "qemu,fw-cfg-mmio"),
                     0);
    assert_memory_equal(fdt_getprop(fdt, node, "reg", &len), reg, 16);
    assert_int_equal(len, 16);
    assert_non_null(fdt_getprop(fdt, node, "dma-coherent", &len));
    assert_int_equal(len, 0);
}

static void test_device_tree_of_virt(void **state)
{
    static const struct {
        const char *target;
        const char *path;
        const char *reg;
        GcPaddr address;
    } cases[] = {
        {"aarch64", "/fw-cfg@9020000", "\0\0\0\0\x09\2\0\0\0\0\0\0\0\0\0\x18",
         0x40000000},
        {"riscv64", "/fw-cfg@10100000",
         "\0\0\0\0\x10\x10\0\0\0\0\0\0\0\0\0\x18", 0x80e00000},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GcMachineConfig config = small_config();
        g_autoptr(GcMachine) machine = NULL;
        g_autoptr(GBytes) tree = NULL;
        g_autofree uint8_t *copy = NULL;
        size_t size;

        config.n_cpus = config.max_cpus = 17;
        config.cmdline = "console=ttyS0";
        machine = machine_new("virt", cases[i].target, &config, NULL);
        tree = gc_machine_dup_fdt(machine, NULL);
        size = g_bytes_get_size(tree);
        assert_int_equal(fdt_check_full(g_bytes_get_data(tree, NULL), size), 0);
        expect_fw_cfg_node(tree, cases[i].path, cases[i].reg);
        copy = g_malloc0(size);
        gc_machine_reset(machine);
        gc_bus_read(gc_machine_get_memory(machine), cases[i].address, copy,
                    size);
        assert_memory_equal(copy, g_bytes_get_data(tree, NULL), size);
    }
}

static void test_a_pc_has_no_device_tree(void **state)
{
    GcMachineConfig config = small_config();
    g_autoptr(GcMachine) machine = machine_new("pc", "x86_64", &config, NULL);
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_null(gc_machine_dup_fdt(machine, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_UNSUPPORTED));
    gc_machine_free(NULL);
    gc_device_free(NULL);
}

static void test_plain_kernel_items(void **state)
{
    GcMachineConfig config = small_config();
    g_autoptr(GBytes) kernel = g_bytes_new_static("kernel", 6);
    g_autoptr(GBytes) initrd = g_bytes_new_static("ram", 3);
    g_autoptr(GcMachine) machine = NULL;

    (void)state;
    config.kernel = kernel;
    config.initrd = initrd;
    config.cmdline = "quiet";
    machine = machine_new("virt", "riscv64", &config, NULL);
    expect_item(machine, GC_FW_CFG_KERNEL_DATA, "kernel", 6);
    expect_item(machine, GC_FW_CFG_KERNEL_SIZE, "\6\0\0", 4);
    expect_item(machine, GC_FW_CFG_INITRD_DATA, "ram", 3);
    expect_item(machine, GC_FW_CFG_INITRD_SIZE, "\3\0\0", 4);
    expect_item(machine, GC_FW_CFG_CMDLINE_DATA, "quiet", 6);
    expect_item(machine, GC_FW_CFG_CMDLINE_SIZE, "\6\0\0", 4);
}

static GBytes *bzimage_new(size_t size)
{
    uint8_t *data = g_malloc0(size);

    data[0x1f1] = 1;
    memcpy(data + 0x202, "HdrS\x0f\2", 6);
    data[0x211] = 1;
    gc_put_uint(data + 0x22c, 4, false, 0x7fffffff);
    memset(data + 1024, 'k', size - 1024);
    return g_bytes_new_take(data, size);
}

static void test_bzimage_items(void **state)
{
    GcMachineConfig config = small_config();
    g_autoptr(GBytes) kernel = bzimage_new(3000);
    g_autoptr(GBytes) initrd = g_bytes_new_static("ram", 3);
    g_autoptr(GcMachine) machine = NULL;
    g_autoptr(GBytes) setup = NULL;
    const uint8_t *data;

    (void)state;
    config.kernel = kernel;
    config.initrd = initrd;
    machine = machine_new("pc", "x86_64", &config, NULL);
    expect_item(machine, GC_FW_CFG_KERNEL_ADDR, "\0\0\x10", 4);
    expect_item(machine, GC_FW_CFG_KERNEL_SIZE, "\xb8\7\0", 4);
    expect_item(machine, GC_FW_CFG_SETUP_ADDR, "\0\0\1", 4);
    expect_item(machine, GC_FW_CFG_SETUP_SIZE, "\0\4\0", 4);
    expect_item(machine, GC_FW_CFG_CMDLINE_ADDR, "\0\0\2", 4);
    expect_item(machine, GC_FW_CFG_CMDLINE_DATA, "", 1);
    expect_item(machine, GC_FW_CFG_INITRD_ADDR, "\0\x70\xfd", 4);
    setup = gc_fw_cfg_dup_item(gc_machine_get_fw_cfg(machine),
                               GC_FW_CFG_SETUP_DATA);
    data = g_bytes_get_data(setup, NULL);
    assert_memory_equal(data + 0x210, "\xb0\x81", 2);
    assert_memory_equal(data + 0x218, "\0\x70\xfd\0\3\0\0\0", 8);
    assert_memory_equal(data + 0x224, "\0\xfe", 2);
    assert_memory_equal(data + 0x228, "\0\0\2\0", 4);
}

static void test_bad_bzimages(void **state)
{
    GcMachineConfig config = small_config();
    g_autoptr(GBytes) kernel = bzimage_new(1023 + 1);
    g_autoptr(GBytes) cut = g_bytes_new_from_bytes(kernel, 0, 1023);
    g_autoptr(GBytes) initrd = g_bytes_new_static(ram, sizeof(ram));

    (void)state;
    config.kernel = cut;
    expect_refusal("pc", &config, "1024 bytes of setup in a file of 1023");
    config.kernel = kernel;
    config.initrd = initrd;
    expect_refusal("pc", &config, "initrd: 16777216 bytes");
}

/* What a device told the VM last. */
typedef struct Told {
    unsigned n_requests;
    GcMachineRequest request;
    unsigned gsi;
    bool level;
} Told;

static void note_request(void *opaque, GcMachineRequest request)
{
    Told *told = opaque;

    told->n_requests++;
    told->request = request;
}

static void note_irq(void *opaque, unsigned gsi, bool level)
{
    Told *told = opaque;

    told->gsi = gsi;
    told->level = level;
}

static void test_devices_reach_the_host(void **state)
{
    static const GcMachineHost host = {note_request, note_irq};
    static const GcMachineHost deaf = {NULL, NULL};
    GcMachineConfig config = small_config();
    g_autoptr(GcMachine) machine = machine_new("pc", "x86_64", &config, NULL);
    Told told = {0};

    (void)state;
    gc_machine_request(machine, GC_MACHINE_REQUEST_PANIC);
    gc_machine_set_irq(machine, 4, true);
    gc_machine_set_host(machine, &deaf, &told);
    gc_machine_request(machine, GC_MACHINE_REQUEST_PANIC);
    gc_machine_set_irq(machine, 4, true);
    assert_int_equal(told.n_requests, 0);

    gc_machine_set_host(machine, &host, &told);
    gc_machine_request(machine, GC_MACHINE_REQUEST_CRASH_LOADED);
    gc_machine_set_irq(machine, 4, true);
    assert_int_equal(told.n_requests, 1);
    assert_int_equal(told.request, GC_MACHINE_REQUEST_CRASH_LOADED);
    assert_int_equal(told.gsi, 4);
    assert_true(told.level);
    assert_null(gc_machine_get_boot(machine));
}

/* Where CPUs run, a guest can restart its machine and switch it off. */
static void test_the_guest_restarts_and_switches_off(void **state)
{
    static const struct {
        uint64_t port;
        uint64_t value;
        unsigned n_requests;
        GcMachineRequest request;
    } cases[] = {
        {0x64, 0xd1, 0, 0}, /* another command of the controller */
        {0x64, 0xfe, 1, GC_MACHINE_REQUEST_RESET},
        {0x600, 0x14, 0, 0}, /* the type alone */
        {0x600, 0x24, 0, 0}, /* a sleep that there is not */
        {0x601, 0x34, 0, 0}, /* the status */
        {0x600, 0x34, 1, GC_MACHINE_REQUEST_SHUTDOWN},
    };
    static const GcMachineHost host = {note_request, note_irq};
    GcMachineConfig config = small_config();
    g_autoptr(GcMachine) machine = NULL;
    GcBus *ports;

    (void)state;
    config.runs_cpus = true;
    machine = machine_new("pc", "x86_64", &config, NULL);
    ports = gc_machine_get_ports(machine);
    assert_int_equal(gc_bus_read_uint(ports, 0x64, 1), 0xff);
    assert_int_equal(gc_bus_read_uint(ports, 0x600, 2), 0);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Told told = {0};

        gc_machine_set_host(machine, &host, &told);
        gc_bus_write_uint(ports, cases[i].port, 1, cases[i].value);
        assert_int_equal(told.n_requests, cases[i].n_requests);
        assert_int_equal(told.request, cases[i].request);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_target_has_its_machines),
        cmocka_unit_test(test_the_hole_is_where_qemu_has_it),
        cmocka_unit_test(test_items_of_a_pc),
        cmocka_unit_test(test_apic_ids_leave_room_for_whole_sockets),
        cmocka_unit_test(test_numa_of_a_pc),
        cmocka_unit_test(test_impossible_configs_are_refused),
        cmocka_unit_test(test_vmcoreinfo_once_and_with_dma),
        cmocka_unit_test(test_the_guest_reaches_fw_cfg_by_port_and_dma),
        cmocka_unit_test(test_a_machine_reset_withdraws_the_note),
        cmocka_unit_test(test_device_tree_of_virt),
        cmocka_unit_test(test_a_pc_has_no_device_tree),
        cmocka_unit_test(test_plain_kernel_items),
        cmocka_unit_test(test_bzimage_items),
        cmocka_unit_test(test_bad_bzimages),
        cmocka_unit_test(test_devices_reach_the_host),
        cmocka_unit_test(test_the_guest_restarts_and_switches_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
