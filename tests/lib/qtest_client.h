/* SPDX-License-Identifier: MIT */
/* A machine under test, driven over the qtest line protocol on its standard
 * input and output.
 *
 * The same tests run against guestcore's own program and, with
 * GUESTCORE_ORACLE set, against QEMU, which so tests the tests. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct QtestClient QtestClient;

/* Whether the machine under test is QEMU's. */
bool qtest_is_oracle(void);

/**
 * qtest_client_new:
 * @target: "x86_64", "aarch64"
 * @args: further arguments, separated by spaces
 *
 * Starts the machine.  Ends the test program with the status for "skipped"
 * if there is no such program.
 */
QtestClient *qtest_client_new(const char *target, const char *args);

/* Ends the machine, and checks that it ended of its own will. */
void qtest_client_free(QtestClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QtestClient, qtest_client_free)

/* One access; @width is b, w, l or q. */
uint64_t qtest_in(QtestClient *client, char width, uint64_t port);
void qtest_out(QtestClient *client, char width, uint64_t port, uint64_t value);
uint64_t qtest_read(QtestClient *client, char width, uint64_t addr);
void qtest_write(QtestClient *client, char width, uint64_t addr,
                 uint64_t value);

/* Guest memory. */
void qtest_get_memory(QtestClient *client, uint64_t addr, void *buf,
                      size_t len);
void qtest_set_memory(QtestClient *client, uint64_t addr, const void *buf,
                      size_t len);
