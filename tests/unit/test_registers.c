/* SPDX-License-Identifier: MIT */
/* Notes of CPUs.  The bytes that are expected are those that QEMU 7.2 wrote,
 * or stand at the offsets of the kernels' own structures, as literals. */
#include <string.h>

#include "guestcore/registers.h"

#include "guest/guest.h"
#include "tests/unit/cmocka_all.h"

typedef struct Value {
    const char *name;
    uint64_t value;
} Value;

/* A little-endian word of a note; those that are not listed are 0. */
typedef struct Word {
    size_t offset;
    uint32_t value;
} Word;

/* "info registers" of a stock Debian guest, and the notes in QEMU's dump of
 * it, of which kernel_gs_base is only there. */
static const Value x86_64_values[] = {
    {"rax", UINT64_C(0x1ad40)},
    {"rdx", UINT64_C(0x4000000000000000)},
    {"rsi", UINT64_C(0x83)},
    {"rdi", UINT64_C(0x4f954)},
    {"rbp", UINT64_C(0xffffffff9ea1aa40)},
    {"rsp", UINT64_C(0xffffffff9ea03e98)},
    {"r9", UINT64_C(0x7)},
    {"r11", UINT64_C(0x1)},
    {"r15", UINT64_C(0x14790)},
    {"rip", UINT64_C(0xffffffff9da592eb)},
    {"rflags", UINT64_C(0x246)},
    {"cs", UINT64_C(0x10)},
    {"cs_limit", UINT64_C(0xffffffff)},
    {"cs_flags", UINT64_C(0xaf9b00)},
    {"ss", UINT64_C(0x18)},
    {"ss_limit", UINT64_C(0xffffffff)},
    {"ss_flags", UINT64_C(0xcf9300)},
    {"gs_base", UINT64_C(0xff1f4f7c4f600000)},
    {"ldt_flags", UINT64_C(0x8200)},
    {"tr", UINT64_C(0x40)},
    {"tr_base", UINT64_C(0xfffffe0000003000)},
    {"tr_limit", UINT64_C(0x4087)},
    {"tr_flags", UINT64_C(0x8900)},
    {"gdt_base", UINT64_C(0xfffffe0000001000)},
    {"gdt_limit", UINT64_C(0x7f)},
    {"idt_base", UINT64_C(0xfffffe0000000000)},
    {"idt_limit", UINT64_C(0xfff)},
    {"cr0", UINT64_C(0x80050033)},
    {"cr2", UINT64_C(0x5794a9)},
    {"cr3", UINT64_C(0x288a000)},
    {"cr4", UINT64_C(0x751ef0)}};
static const Word x86_64_prstatus[] = {
    {32, 0x00000001},  {112, 0x00014790}, {144, 0x9ea1aa40}, {148, 0xffffffff},
    {160, 0x00000001}, {176, 0x00000007}, {192, 0x0001ad40}, {212, 0x40000000},
    {216, 0x00000083}, {224, 0x0004f954}, {240, 0x9da592eb}, {244, 0xffffffff},
    {248, 0x00000010}, {256, 0x00000246}, {264, 0x9ea03e98}, {268, 0xffffffff},
    {272, 0x00000018}, {288, 0x4f600000}, {292, 0xff1f4f7c}};
static const Word x86_64_qemu[] = {
    {0, 0x00000001},   {4, 0x000001b8},   {8, 0x0001ad40},   {36, 0x40000000},
    {40, 0x00000083},  {48, 0x0004f954},  {56, 0x9ea03e98},  {60, 0xffffffff},
    {64, 0x9ea1aa40},  {68, 0xffffffff},  {80, 0x00000007},  {96, 0x00000001},
    {128, 0x00014790}, {136, 0x9da592eb}, {140, 0xffffffff}, {144, 0x00000246},
    {152, 0x00000010}, {156, 0xffffffff}, {160, 0x00af9b00}, {264, 0x4f600000},
    {268, 0xff1f4f7c}, {272, 0x00000018}, {276, 0xffffffff}, {280, 0x00cf9300},
    {304, 0x00008200}, {320, 0x00000040}, {324, 0x00004087}, {328, 0x00008900},
    {336, 0x00003000}, {340, 0xfffffe00}, {348, 0x0000007f}, {360, 0x00001000},
    {364, 0xfffffe00}, {372, 0x00000fff}, {388, 0xfffffe00}, {392, 0x80050033},
    {408, 0x005794a9}, {416, 0x0288a000}, {424, 0x00751ef0}};

static GcGuest *make_guest(const char *arch)
{
    g_autoptr(GcMemory) memory = gc_memory_new();
    GcGuest *guest = gc_guest_new(arch, memory, NULL);

    assert_non_null(guest);
    return guest;
}

static GcRegisters *make_registers(const char *arch)
{
    GcRegisters *registers = gc_registers_new(arch, NULL);

    assert_non_null(registers);
    return registers;
}

static void set(GcRegisters *registers, const char *name, uint64_t value)
{
    GError *error = NULL;

    uint64_t got = ~value;

    if (!gc_registers_set(registers, name, value, &error)) {
        fail_msg("%s", error->message);
    }
    assert_true(gc_registers_get(registers, name, &got));
    assert_int_equal(got, value);
}

static unsigned count_notes(const GcGuest *guest)
{
    return gc_guest_get_notes(guest)->len;
}

/* The descriptor of the @i-th note, which is of this kind and size. */
static const uint8_t *get_desc(const GcGuest *guest, guint i, const char *name,
                               uint32_t type, size_t size)
{
    const GcNote *note;
    gsize real_size;
    const uint8_t *desc;

    assert_true(i < count_notes(guest));
    note = g_ptr_array_index(gc_guest_get_notes(guest), i);
    desc = g_bytes_get_data(note->desc, &real_size);
    assert_string_equal(note->name, name);
    assert_int_equal(note->type, type);
    assert_int_equal(real_size, size);
    return desc;
}

static void assert_words(const uint8_t *desc, size_t size, const Word *words,
                         size_t n)
{
    g_autofree uint8_t *expected = g_malloc0(size);

    for (size_t i = 0; i < n; i++) {
        for (unsigned j = 0; j < 4; j++) {
            expected[words[i].offset + j] = (uint8_t)(words[i].value >> 8 * j);
        }
    }
    assert_memory_equal(desc, expected, size);
}

static void test_x86_64_notes_are_those_of_qemu(void **state)
{
    g_autoptr(GcGuest) guest = make_guest("x86_64");
    g_autoptr(GcRegisters) registers = make_registers("x86_64");

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(x86_64_values); i++) {
        set(registers, x86_64_values[i].name, x86_64_values[i].value);
    }
    assert_true(gc_guest_add_cpu(guest, registers, NULL));
    assert_int_equal(count_notes(guest), 2);
    assert_int_equal(gc_guest_get_n_cpus(guest), 1);
    assert_words(get_desc(guest, 0, "CORE", 1, 336), 336, x86_64_prstatus,
                 G_N_ELEMENTS(x86_64_prstatus));
    assert_words(get_desc(guest, 1, "QEMU", 0, 440), 440, x86_64_qemu,
                 G_N_ELEMENTS(x86_64_qemu));
}

static void test_registers_are_read_back(void **state)
{
    g_autoptr(GcGuest) guest = make_guest("x86_64");
    g_autoptr(GcRegisters) registers = make_registers("x86_64");
    uint64_t value;

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(x86_64_values); i++) {
        set(registers, x86_64_values[i].name, x86_64_values[i].value);
    }
    assert_true(gc_guest_add_cpu(guest, registers, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(x86_64_values); i++) {
        assert_true(
            gc_guest_get_register(guest, 0, x86_64_values[i].name, &value));
        assert_int_equal(value, x86_64_values[i].value);
    }
    assert_false(gc_guest_get_register(guest, 1, "rip", &value));
    assert_false(gc_guest_get_register(guest, 0, "pc", &value));
}

/* Sets registers, and expects the one note that is the @i-th of them. */
typedef struct Case {
    const char *arch;
    Value values[6];
    guint i;
    const char *note;
    uint32_t type;
    size_t size;
    struct {
        size_t offset;
        uint8_t byte;
    } bytes[10];
} Case;

/* clang-format off */
static const Case cases[] = {
    {"i386", {{"ebx", 0x01000004}, {"eax", 5}, {"eip", 6}, {"esp", 7}, {"ss", 8}}, 0, "CORE", 1, 144,
     {{24, 1}, {72, 4}, {75, 1}, {96, 5}, {120, 6}, {132, 7}, {136, 8}}},
    {"i386", {{"eax", 5}, {"ebp", 6}, {"eip", 7}, {"cr3", 8}, {"gdt_base", 9}}, 1, "QEMU", 0, 440,
     {{0, 1}, {4, 0xb8}, {5, 1}, {8, 5}, {64, 6}, {136, 7}, {416, 8}, {360, 9}}},
    {"aarch64", {{"x0", 1}, {"x30", 2}, {"sp", 3}, {"pc", 4}, {"pstate", 5}}, 0, "CORE", 1, 392,
     {{32, 1}, {112, 1}, {352, 2}, {360, 3}, {368, 4}, {376, 5}, {384, 1}}},
    {"aarch64", {{"fpsr", 1}, {"fpcr", 2}}, 1, "CORE", 2, 528, {{512, 1}, {516, 2}}},
    {"arm", {{"r0", 1}, {"r15", 2}, {"cpsr", 3}}, 0, "CORE", 1, 148,
     {{24, 1}, {72, 1}, {132, 2}, {136, 3}, {144, 1}}},
    {"arm", {{"d0", 1}, {"d31", 2}, {"fpscr", 3}}, 1, "LINUX", 0x400, 260, {{0, 1}, {248, 2}, {256, 3}}},
    {"riscv64", {{"pc", 1}, {"x1", 2}, {"x31", 3}}, 0, "CORE", 1, 376,
     {{32, 1}, {112, 1}, {120, 2}, {360, 3}}},
    {"riscv32", {{"pc", 1}, {"x1", 2}, {"x31", 3}}, 0, "CORE", 1, 204,
     {{24, 1}, {72, 1}, {76, 2}, {196, 3}}},
    {"ppc64le", {{"r0", 1}, {"nip", 2}, {"lr", 3}, {"result", 4}}, 0, "CORE", 1, 504,
     {{32, 1}, {112, 1}, {368, 2}, {400, 3}, {456, 4}}},
    {"ppc64", {{"r0", 1}, {"r31", 2}, {"msr", 0x0102}}, 0, "CORE", 1, 504,
     {{35, 1}, {119, 1}, {367, 2}, {382, 1}, {383, 2}}},
    {"ppc64", {{"f0", 1}, {"fpscr", 2}}, 1, "CORE", 2, 264, {{7, 1}, {263, 2}}},
    {"ppc64", {{"vscr", 1}, {"vrsave", 2}}, 1, "CORE", 0x100, 544, {{527, 1}, {531, 2}}},
    {"ppc64", {{"vs_low0", 1}, {"vs_low31", 2}}, 1, "CORE", 0x102, 256, {{7, 1}, {255, 2}}},
    {"s390x", {{"psw_mask", 1}, {"psw_addr", 2}, {"r0", 3}, {"r15", 4}, {"a0", 5}, {"a15", 6}}, 0, "CORE", 1, 336,
     {{35, 1}, {119, 1}, {127, 2}, {135, 3}, {255, 4}, {259, 5}, {319, 6}}},
    {"s390x", {{"fpc", 1}, {"f0", 2}, {"f15", 3}}, 1, "CORE", 2, 136, {{3, 1}, {15, 2}, {135, 3}}},
    {"s390x", {{"prefix", 0x8000}}, 1, "LINUX", 0x305, 4, {{2, 0x80}}},
    {"s390x", {{"c0", 1}, {"c15", 2}}, 1, "LINUX", 0x304, 128, {{7, 1}, {127, 2}}},
    {"s390x", {{"timer", 1}}, 1, "LINUX", 0x301, 8, {{7, 1}}},
    {"s390x", {{"todcmp", 1}}, 1, "LINUX", 0x302, 8, {{7, 1}}},
    {"s390x", {{"todpreg", 1}}, 1, "LINUX", 0x303, 4, {{3, 1}}},
    {"s390x", {{"v_low0", 1}, {"v_low15", 2}}, 1, "LINUX", 0x309, 128, {{7, 1}, {127, 2}}},
    {"s390x", {{"gsd", 1}, {"gssm", 2}, {"gs_epl_a", 3}}, 1, "LINUX", 0x30b, 32, {{15, 1}, {23, 2}, {31, 3}}},
    {"loongarch64", {{"r0", 1}, {"r31", 2}, {"era", 3}, {"badv", 4}}, 0, "CORE", 1, 480,
     {{32, 1}, {112, 1}, {360, 2}, {376, 3}, {384, 4}, {472, 1}}},
    {"loongarch64", {{"f0", 1}, {"f31", 2}, {"fcc", 3}, {"fcsr", 4}}, 1, "CORE", 2, 268,
     {{0, 1}, {248, 2}, {256, 3}, {264, 4}}},
};
/* clang-format on */

static void run_case(const Case *c)
{
    g_autoptr(GcGuest) guest = make_guest(c->arch);
    g_autoptr(GcRegisters) registers = make_registers(c->arch);
    g_autofree uint8_t *expected = g_malloc0(c->size);
    uint64_t value;

    for (size_t i = 0; i < 6 && c->values[i].name != NULL; i++) {
        set(registers, c->values[i].name, c->values[i].value);
    }
    assert_true(gc_guest_add_cpu(guest, registers, NULL));
    assert_int_equal(count_notes(guest), c->i + 1);
    for (size_t i = 0; i < 10 && c->bytes[i].byte != 0; i++) {
        expected[c->bytes[i].offset] = c->bytes[i].byte;
    }
    assert_memory_equal(get_desc(guest, c->i, c->note, c->type, c->size),
                        expected, c->size);
    for (size_t i = 0; i < 6 && c->values[i].name != NULL; i++) {
        assert_true(gc_guest_get_register(guest, 0, c->values[i].name, &value));
        assert_int_equal(value, c->values[i].value);
    }
}

static void test_notes_of_every_architecture(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        run_case(&cases[i]);
    }
}

static void test_vectors_are_bytes_in_the_guests_order(void **state)
{
    static const uint8_t bytes[16] = {1, 2,  3,  4,  5,  6,  7,  8,
                                      9, 10, 11, 12, 13, 14, 15, 16};
    g_autoptr(GcGuest) guest = make_guest("s390x");
    g_autoptr(GcRegisters) registers = make_registers("s390x");
    const uint8_t *desc;
    uint64_t value;

    (void)state;
    assert_true(gc_registers_set_bytes(registers, "v17", bytes, 16, NULL));
    assert_true(gc_guest_add_cpu(guest, registers, NULL));
    desc = get_desc(guest, 1, "LINUX", 0x30a, 256);
    assert_memory_equal(desc + 16, bytes, 16);
    assert_int_equal(desc[0], 0);
    assert_int_equal(desc[32], 0);
    assert_false(gc_guest_get_register(guest, 0, "v17", &value));
}

/* The sizes are those of QEMU's note for vectors of 16 bytes. */
static void test_sve_note(void **state)
{
    static const uint8_t z31[16] = {0x31};
    static const uint8_t ffr[2] = {0xff, 0x0f};
    g_autoptr(GcGuest) guest = make_guest("aarch64");
    g_autoptr(GcRegisters) registers = make_registers("aarch64");
    const uint8_t *desc;

    (void)state;
    assert_true(gc_registers_set_vector_length(registers, 16, NULL));
    assert_true(gc_registers_set_bytes(registers, "z31", z31, 16, NULL));
    assert_true(gc_registers_set_bytes(registers, "ffr", ffr, 2, NULL));
    set(registers, "fpcr", 7);
    assert_true(gc_guest_add_cpu(guest, registers, NULL));
    assert_int_equal(count_notes(guest), 2);
    desc = get_desc(guest, 1, "LINUX", 0x405, 592);
    assert_int_equal(desc[0] | desc[1] << 8, 592);
    assert_int_equal(desc[8], 16);
    assert_int_equal(desc[12], 1);
    assert_int_equal(desc[16 + 31 * 16], 0x31);
    assert_memory_equal(desc + 528 + 32, ffr, 2);
    assert_int_equal(desc[580], 7);
}

static void test_vector_lengths(void **state)
{
    static const unsigned bad[] = {0, 8, 17, 272, 65536, UINT32_MAX};
    g_autoptr(GcRegisters) registers = make_registers("aarch64");
    g_autoptr(GcRegisters) other = make_registers("riscv64");

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        assert_false(gc_registers_set_vector_length(registers, bad[i], NULL));
    }
    assert_true(gc_registers_set_vector_length(registers, 256, NULL));
    assert_false(gc_registers_set_vector_length(registers, 256, NULL));
    assert_false(gc_registers_set_vector_length(other, 16, NULL));
}

static void assert_invalid(GcRegisters *registers, const char *name,
                           uint64_t value, const char *part)
{
    GError *error = NULL;

    assert_false(gc_registers_set(registers, name, value, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
    assert_non_null(strstr(error->message, part));
    g_clear_error(&error);
}

static void test_wrong_names_and_values_are_refused(void **state)
{
    g_autoptr(GcRegisters) registers = make_registers("x86_64");
    g_autoptr(GcGuest) other = make_guest("aarch64");
    uint8_t bytes[16] = {0};

    (void)state;
    assert_invalid(registers, "eax", 1, "no register eax");
    assert_invalid(registers, "", 1, "no register");
    assert_invalid(registers, "r16", 1, "no register r16");
    assert_invalid(registers, "r08", 1, "no register r08");
    assert_invalid(registers, "r", 1, "no register r");
    assert_invalid(registers, "cr5", 1, "no register cr5");
    assert_invalid(registers, "cs", UINT64_C(1) << 32, "cs is not one of 4");
    assert_false(gc_registers_set_bytes(registers, "rax", bytes, 4, NULL));
    assert_false(gc_guest_add_cpu(other, registers, NULL));
    assert_int_equal(count_notes(other), 0);
    assert_null(gc_registers_new("vax", NULL));
}

static void test_cpus_come_first_then_qemu_then_the_guest(void **state)
{
    g_autoptr(GcGuest) guest = make_guest("x86_64");
    g_autoptr(GcRegisters) registers = make_registers("x86_64");
    g_autoptr(GBytes) text = g_bytes_new_static("OSRELEASE=6\n", 12);
    uint64_t value;

    (void)state;
    assert_true(gc_guest_add_note(guest, "VMCOREINFO", 0, text, NULL));
    for (unsigned i = 0; i < 3; i++) {
        set(registers, "cr3", 0x1000 * i);
        assert_true(gc_guest_add_cpu(guest, registers, NULL));
    }
    assert_int_equal(gc_guest_get_n_cpus(guest), 3);
    for (guint i = 0; i < 3; i++) {
        assert_int_equal(get_desc(guest, i, "CORE", 1, 336)[32], i + 1);
        get_desc(guest, 3 + i, "QEMU", 0, 440);
        assert_true(gc_guest_get_register(guest, i, "cr3", &value));
        assert_int_equal(value, 0x1000 * i);
    }
    get_desc(guest, 6, "VMCOREINFO", 0, 12);
}

static void test_every_name_can_be_set(void **state)
{
    (void)state;
    for (const GcArch *const *arch = gc_arches; *arch != NULL; arch++) {
        g_auto(GStrv) names = gc_registers_get_names((*arch)->name);
        g_autoptr(GcRegisters) registers = make_registers((*arch)->name);
        uint8_t zeros[16] = {0};

        assert_true(g_strv_length(names) > 16);
        for (char **name = names; *name != NULL; name++) {
            assert_true(
                gc_registers_set(registers, *name, 0, NULL) ||
                gc_registers_set_bytes(registers, *name, zeros, 16, NULL));
        }
        assert_false(g_strv_contains((const char *const *)names, "pid"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x86_64_notes_are_those_of_qemu),
        cmocka_unit_test(test_registers_are_read_back),
        cmocka_unit_test(test_notes_of_every_architecture),
        cmocka_unit_test(test_vectors_are_bytes_in_the_guests_order),
        cmocka_unit_test(test_sve_note),
        cmocka_unit_test(test_vector_lengths),
        cmocka_unit_test(test_wrong_names_and_values_are_refused),
        cmocka_unit_test(test_cpus_come_first_then_qemu_then_the_guest),
        cmocka_unit_test(test_every_name_can_be_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
