/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hw/machine/machine.h"
#include "system/serial_line.h"
#include "tests/unit/cmocka_all.h"

#define MIB (UINT64_C(1) << 20)
#define PORT 0x3f8
#define LINE_STATUS 5
#define MODEM_CONTROL 4
#define LOOPBACK 0x10

static uint8_t ram[MIB];

typedef struct Fixture {
    GcMachine *machine;
    GcSerialLine *line;
} Fixture;

static int set_up(void **state)
{
    Fixture *f = g_new0(Fixture, 1);
    GcMachineConfig config = GC_MACHINE_CONFIG_INIT;

    config.ram = ram;
    config.ram_size = sizeof(ram);
    config.serials[0] = true;
    f->machine = gc_machine_new(gc_machine_type_find("pc", "x86_64"), "x86_64",
                                &config, NULL);
    gc_machine_reset(f->machine);
    f->line = gc_serial_line_new(gc_machine_get_serial(f->machine, 0));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *f = *state;

    gc_serial_line_free(f->line);
    gc_machine_free(f->machine);
    g_free(f);
    return 0;
}

static void run_loop(void)
{
    while (g_main_context_iteration(NULL, FALSE)) {
    }
}

/* A peer's own end of its connection. */
static int add_peer(Fixture *f)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    gc_serial_line_accept(f->line, gc_stream_new_socket(fds[0]));
    return fds[1];
}

static uint8_t in(Fixture *f, unsigned offset)
{
    return (uint8_t)gc_bus_read_uint(gc_machine_get_ports(f->machine),
                                     PORT + offset, 1);
}

static void out(Fixture *f, unsigned offset, uint8_t value)
{
    gc_bus_write_uint(gc_machine_get_ports(f->machine), PORT + offset, 1,
                      value);
}

static void say(Fixture *f, const char *text)
{
    for (; *text != '\0'; text++) {
        out(f, 0, (uint8_t)*text);
    }
}

static void assert_hears(int fd, const char *text)
{
    char buf[64] = {0};

    run_loop();
    assert_int_equal(recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT),
                     strlen(text));
    assert_string_equal(buf, text);
}

static void test_all_peers_hear_the_guest(void **state)
{
    Fixture *f = *state;
    int first = add_peer(f);
    int second;

    say(f, "one");
    second = add_peer(f);
    say(f, "two");
    assert_hears(first, "onetwo");
    assert_hears(second, "two");
    close(first);
    run_loop();
    say(f, "three");
    assert_hears(second, "three");
    close(second);
    run_loop();
    say(f, "nobody");
}

/* More than the port and one read hold: none of it gets lost. */
static void test_the_guest_hears_all(void **state)
{
    static uint8_t data[300000];
    Fixture *f = *state;
    int fd = add_peer(f);
    size_t sent = 0;
    size_t heard = 0;

    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 7 + i / 251);
    }
    while (heard < sizeof(data)) {
        ssize_t n = send(fd, data + sent, sizeof(data) - sent, MSG_DONTWAIT);

        sent += n > 0 ? (size_t)n : 0;
        run_loop();
        while ((in(f, LINE_STATUS) & 1) != 0) {
            assert_int_equal(in(f, 0), data[heard]);
            heard++;
        }
    }
    assert_int_equal(sent, sizeof(data));
    close(fd);
}

/* As long as the guest does not read, there is a bound to what is taken. */
static void test_a_deaf_guest_holds_its_peer(void **state)
{
    static const uint8_t data[65536];
    Fixture *f = *state;
    int fd = add_peer(f);
    size_t sent = 0;

    out(f, MODEM_CONTROL, LOOPBACK);
    for (unsigned i = 0; i < 200; i++) {
        ssize_t n = send(fd, data, sizeof(data), MSG_DONTWAIT);

        sent += n > 0 ? (size_t)n : 0;
        run_loop();
    }
    assert_in_range(sent, 1, 4 * MIB);
    close(fd);
}

/* It misses something, and the guest is not held up; then it hears again. */
static void test_a_peer_that_does_not_read(void **state)
{
    static uint8_t buf[65536];
    Fixture *f = *state;
    int fd = add_peer(f);
    size_t heard = 0;

    for (size_t i = 0; i < 4 * MIB; i++) {
        out(f, 0, 'x');
    }
    for (;;) {
        ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

        run_loop();
        if (n < 0) {
            break;
        }
        heard += (size_t)n;
    }
    assert_in_range(heard, MIB, 2 * MIB);
    say(f, "again");
    assert_hears(fd, "again");
    close(fd);
}

static void test_a_peer_that_only_listens(void **state)
{
    Fixture *f = *state;
    int fd = add_peer(f);

    shutdown(fd, SHUT_WR);
    run_loop();
    say(f, "still there");
    assert_hears(fd, "still there");
    close(fd);
    run_loop();
    say(f, "nobody");
}

static void test_a_line_of_no_port(void **state)
{
    Fixture f = {.line = gc_serial_line_new(NULL)};
    int fd = add_peer(&f);

    (void)state;
    assert_int_equal(send(fd, "x", 1, 0), 1);
    run_loop();
    gc_serial_line_free(f.line);
    gc_serial_line_free(NULL);
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_all_peers_hear_the_guest),
        TEST(test_the_guest_hears_all),
        TEST(test_a_deaf_guest_holds_its_peer),
        TEST(test_a_peer_that_does_not_read),
        TEST(test_a_peer_that_only_listens),
        TEST(test_a_line_of_no_port),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
