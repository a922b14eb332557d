/* SPDX-License-Identifier: MIT */
/* What the device tests share: the transport they run over and the deliberate
 * differences from QEMU. */
#pragma once

#include <string.h>

#include "tests/lib/fwcfg_client.h"
#include "tests/unit/cmocka_all.h"

typedef enum Difference {
#define X(constant, name) DIFFERENCE_##constant,
#include "tests/device/differences.def"
#undef X
} Difference;

/* Whether what QEMU does is expected here, where it is not what guestcore
 * does. */
static inline bool differs(Difference difference)
{
    (void)difference;
    return qtest_is_oracle();
}

/* Set by main() from its argument. */
extern FwCfgTransport transport;

/* The next bytes of the selected item are these. */
static inline void expect_next(FwCfgClient *client, const void *bytes,
                               size_t len)
{
    g_autofree uint8_t *buf = g_malloc(len + 1);

    fwcfg_read(client, buf, len);
    assert_memory_equal(buf, bytes, len);
}

static inline void expect_item(FwCfgClient *client, uint16_t key,
                               const void *bytes, size_t len)
{
    fwcfg_select(client, key);
    expect_next(client, bytes, len);
}

/* The key of a file that must be there with that size. */
static inline uint16_t require_file(FwCfgClient *client, const char *name,
                                    uint32_t size)
{
    uint32_t found = 0;
    uint16_t key = fwcfg_find_file(client, name, &found);

    assert_int_not_equal(key, 0);
    assert_int_equal(found, size);
    return key;
}
