/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "hw/machine/machine.h"
#include "tests/unit/cmocka_all.h"

#define MIB (UINT64_C(1) << 20)

/* The registers, by their offset. */
enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR };
#define FCR IIR

static uint8_t ram[MIB];

/* A machine with a serial port, and what came out of it. */
typedef struct Fixture {
    GcMachine *machine;
    GcSerial *serial;
    uint64_t port;
    GString *sent;
    unsigned n_ready;
    const char *more; /* what the peer sends when it may go on */
    bool irq;
    unsigned n_edges; /* how often the interrupt rose */
    unsigned gsi;
} Fixture;

static void note_irq(void *opaque, unsigned gsi, bool level)
{
    Fixture *f = opaque;

    f->n_edges += level && !f->irq;
    f->irq = level;
    f->gsi = gsi;
}

static void note_sent(void *opaque, const uint8_t *data, size_t len)
{
    Fixture *f = opaque;

    g_string_append_len(f->sent, (const char *)data, (gssize)len);
}

static void send_more(Fixture *f)
{
    f->more +=
        gc_serial_receive(f->serial, (const uint8_t *)f->more, strlen(f->more));
}

static void note_ready(void *opaque)
{
    Fixture *f = opaque;

    f->n_ready++;
    if (f->more != NULL) {
        send_more(f);
    }
}

static const GcMachineHost host = {.set_irq = note_irq};
static const GcSerialPeer peer = {note_sent, note_ready};

static int set_up(void **state)
{
    Fixture *f = g_new0(Fixture, 1);
    GcMachineConfig config = GC_MACHINE_CONFIG_INIT;

    config.ram = ram;
    config.ram_size = sizeof(ram);
    config.serials[0] = config.serials[1] = true;
    f->machine = gc_machine_new(gc_machine_type_find("pc", "x86_64"), "x86_64",
                                &config, NULL);
    gc_machine_set_host(f->machine, &host, f);
    gc_machine_reset(f->machine);
    f->serial = gc_machine_get_serial(f->machine, 0);
    f->port = 0x3f8;
    f->sent = g_string_new(NULL);
    gc_serial_set_peer(f->serial, &peer, f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *f = *state;

    gc_machine_free(f->machine);
    g_string_free(f->sent, TRUE);
    g_free(f);
    return 0;
}

static uint8_t in(Fixture *f, unsigned offset)
{
    return (uint8_t)gc_bus_read_uint(gc_machine_get_ports(f->machine),
                                     f->port + offset, 1);
}

static void out(Fixture *f, unsigned offset, uint8_t value)
{
    gc_bus_write_uint(gc_machine_get_ports(f->machine), f->port + offset, 1,
                      value);
}

static size_t receive(Fixture *f, const char *text)
{
    return gc_serial_receive(f->serial, (const uint8_t *)text, strlen(text));
}

static void test_state_after_reset(void **state)
{
    static const uint8_t values[] = {0, 0, 0x01, 0, 0x08, 0x60, 0xb0, 0};
    Fixture *f = *state;

    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 8; i++) {
            assert_int_equal(in(f, i), values[i]);
        }
        out(f, LCR, 0x83);
        assert_int_equal(in(f, DATA), 12);
        assert_int_equal(in(f, IER), 0);
        out(f, DATA, 1);
        out(f, IER, 2);
        assert_int_equal(in(f, DATA), 1);
        assert_int_equal(in(f, IER), 2);
        out(f, LCR, 0x03);
        out(f, IER, 0x0f);
        out(f, FCR, 0xc1);
        out(f, MCR, 0x0b);
        out(f, SCR, 0x55);
        gc_machine_reset(f->machine);
        assert_false(f->irq);
    }
}

/* What Linux's driver does to find out which port this is. */
static void test_linux_finds_a_16550a(void **state)
{
    Fixture *f = *state;

    out(f, IER, 0);
    assert_int_equal(in(f, IER) & 0x0f, 0);
    out(f, IER, 0x0f);
    assert_int_equal(in(f, IER) & 0x0f, 0x0f);
    out(f, IER, 0);
    out(f, MCR, 0x1a);
    assert_int_equal(in(f, MSR) & 0xf0, 0x90);
    out(f, MCR, 0x08);
    out(f, LCR, 0);
    out(f, FCR, 0x01);
    assert_int_equal(in(f, IIR) >> 6, 3);
    out(f, SCR, 0xa5);
    assert_int_equal(in(f, SCR), 0xa5);
    out(f, LCR, 0x80); /* a 16650 would have a register of zeros here */
    assert_int_not_equal(in(f, IIR), 0);
    out(f, LCR, 0);
    out(f, FCR, 0x21); /* a 16750 would have a longer FIFO now */
    assert_int_equal(in(f, IIR) >> 5, 6);
    out(f, IER, 0x40); /* an XScale would keep this */
    assert_int_equal(in(f, IER), 0);
}

static void test_sent_bytes_reach_the_peer(void **state)
{
    Fixture *f = *state;

    out(f, DATA, 'h');
    assert_int_equal(in(f, LSR), 0x60); /* polling never waits */
    out(f, DATA, 'i');
    assert_string_equal(f->sent->str, "hi");
    assert_false(f->irq);
    gc_serial_set_peer(f->serial, NULL, NULL);
    out(f, DATA, '!');
    assert_string_equal(f->sent->str, "hi");
    assert_int_equal(in(f, LSR), 0x60);
}

static void test_an_empty_transmitter_interrupts(void **state)
{
    Fixture *f = *state;

    out(f, IER, 0x02);
    assert_true(f->irq);
    assert_int_equal(f->gsi, 4);
    assert_int_equal(in(f, IIR), 0x02);
    assert_false(f->irq); /* having been asked */
    assert_int_equal(in(f, IIR), 0x01);
    out(f, DATA, 'x');
    assert_true(f->irq);
    assert_int_equal(f->n_edges, 2);
    out(f, IER, 0x00);
    assert_false(f->irq);
    out(f, IER, 0x02); /* enabled again, it comes again */
    assert_int_equal(f->n_edges, 3);
}

static void test_received_bytes_interrupt(void **state)
{
    Fixture *f = *state;

    assert_int_equal(receive(f, "ab"), 1); /* without a FIFO */
    assert_false(f->irq);
    assert_int_equal(in(f, LSR), 0x61);
    out(f, IER, 0x01);
    assert_true(f->irq);
    assert_int_equal(in(f, IIR), 0x04);
    assert_int_equal(in(f, DATA), 'a');
    assert_false(f->irq);
    assert_int_equal(in(f, IIR), 0x01);
    assert_int_equal(in(f, DATA), 'a'); /* the last one stays */
    assert_int_equal(in(f, LSR), 0x60);
}

static void test_fifo_and_its_trigger(void **state)
{
    Fixture *f = *state;

    out(f, FCR, 0x41); /* 4 bytes */
    out(f, IER, 0x01);
    assert_int_equal(receive(f, "abc"), 3);
    assert_int_equal(in(f, IIR), 0xcc); /* no more came in time */
    assert_int_equal(receive(f, "d"), 1);
    assert_int_equal(in(f, IIR), 0xc4);
    assert_int_equal(receive(f, "0123456789ABCDEF"), 12);
    assert_int_equal(in(f, DATA), 'a');
    for (unsigned i = 0; i < 15; i++) {
        assert_int_equal(in(f, DATA), "bcd0123456789AB"[i]);
    }
    assert_int_equal(in(f, LSR), 0x60);
    assert_false(f->irq);
}

static void test_the_fifo_can_be_emptied(void **state)
{
    static const uint8_t ways[] = {0x03, 0x00}; /* cleared, switched off */
    Fixture *f = *state;

    for (unsigned i = 0; i < G_N_ELEMENTS(ways); i++) {
        out(f, FCR, 0x01);
        assert_int_equal(receive(f, "abc"), 3);
        out(f, FCR, ways[i]);
        assert_int_equal(in(f, LSR), 0x60);
    }
}

/* A peer that has more than fits goes on when the guest has read all. */
static void test_the_peer_waits_for_room(void **state)
{
    const char *text = "The quick brown fox jumps over the lazy dog";
    g_autoptr(GString) read = g_string_new(NULL);
    Fixture *f = *state;

    out(f, FCR, 0x01);
    f->more = text;
    send_more(f);
    while ((in(f, LSR) & 0x01) != 0) {
        g_string_append_c(read, (char)in(f, DATA));
    }
    assert_string_equal(read->str, text);
    assert_int_equal(f->n_ready, 2);
    assert_string_equal(f->more, "");
}

static void test_loopback(void **state)
{
    Fixture *f = *state;

    out(f, FCR, 0x01);
    out(f, MCR, 0x1f);
    assert_int_equal(in(f, MSR), 0xf0);
    out(f, MCR, 0x10);
    assert_int_equal(in(f, MSR), 0x00);
    out(f, DATA, 'x');
    assert_string_equal(f->sent->str, "");
    assert_int_equal(in(f, DATA), 'x');
    assert_int_equal(receive(f, "y"), 0); /* the line is cut */
    out(f, MCR, 0x0b);
    assert_int_equal(f->n_ready, 1);
    assert_int_equal(in(f, MSR), 0xb0);
}

static void test_overrun(void **state)
{
    Fixture *f = *state;

    out(f, MCR, 0x10);
    out(f, IER, 0x05);
    out(f, DATA, 'a');
    assert_int_equal(in(f, IIR), 0x04);
    out(f, DATA, 'b');
    assert_int_equal(in(f, IIR), 0x06);
    assert_int_equal(in(f, LSR), 0x63);
    assert_int_equal(in(f, LSR), 0x61);
    assert_int_equal(in(f, IIR), 0x04);
    assert_int_equal(in(f, DATA), 'a');
}

static void test_the_ports_are_apart(void **state)
{
    Fixture *f = *state;

    f->port = 0x2f8;
    out(f, IER, 0x02);
    assert_true(f->irq);
    assert_int_equal(f->gsi, 3);
    out(f, DATA, 'x');
    assert_string_equal(f->sent->str, "");
    assert_null(gc_machine_get_serial(f->machine, 2));
}

/* Every register in every width, as a hostile guest has it. */
static void test_any_access_is_survived(void **state)
{
    static const unsigned widths[] = {1, 2, 4, 8};
    Fixture *f = *state;
    GcBus *ports = gc_machine_get_ports(f->machine);
    uint32_t value = 1;

    for (unsigned i = 0; i < 200000; i++) {
        uint64_t addr = f->port - 4 + i % 16;
        unsigned width = widths[i / 16 % 4];

        value = value * 1664525 + 1013904223;
        if ((value >> 31) != 0) {
            gc_bus_write_uint(ports, addr, width, value >> 8);
        } else {
            gc_bus_read_uint(ports, addr, width);
        }
        if (i % 64 == 0) {
            f->more = "0123456789ABCDEF!";
            send_more(f);
        }
    }
    gc_machine_reset(f->machine);
    assert_int_equal(in(f, LSR) & 0x60, 0x60);
    assert_int_equal(in(f, MSR), 0xb0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_state_after_reset),
        TEST(test_linux_finds_a_16550a),
        TEST(test_sent_bytes_reach_the_peer),
        TEST(test_an_empty_transmitter_interrupts),
        TEST(test_received_bytes_interrupt),
        TEST(test_fifo_and_its_trigger),
        TEST(test_the_fifo_can_be_emptied),
        TEST(test_the_peer_waits_for_room),
        TEST(test_loopback),
        TEST(test_overrun),
        TEST(test_the_ports_are_apart),
        TEST(test_any_access_is_survived),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
