/* SPDX-License-Identifier: MIT */
#include "hw/aml_writer.h"

#include <string.h>

#include "base/byteorder.h"

#define ZERO_OP 0x00
#define ONE_OP 0x01
#define NAME_OP 0x08
#define BYTE_PREFIX 0x0a
#define WORD_PREFIX 0x0b
#define DWORD_PREFIX 0x0c
#define STRING_PREFIX 0x0d
#define SCOPE_OP 0x10
#define BUFFER_OP 0x11
#define PACKAGE_OP 0x12
#define METHOD_OP 0x14
#define EXT_PREFIX 0x5b
#define ARG0_OP 0x68
#define DEVICE_OP 0x82
#define NOTIFY_OP 0x86
#define LEQUAL_OP 0x93
#define IF_OP 0xa0

#define IO_PORT 0x47 /* small resource, 7 bytes */
#define DECODE_16 0x01
#define END_TAG 0x79
#define EXTENDED_INTERRUPT 0x89
#define CONSUMER 0x01
#define EDGE 0x02

#define NAME_SIZE 4
#define MAX_ARGUMENTS 7
#define MAX_DEPTH 8

/* Something open: what begins it, then a length, then what it contains. */
typedef struct Block {
    bool is_resources;
    GByteArray *head;
    GByteArray *body;
} Block;

struct GcAml {
    Block blocks[MAX_DEPTH]; /* the first is the code itself */
    size_t depth;
};

static void open_block(GcAml *aml, bool is_resources)
{
    g_assert(aml->depth < MAX_DEPTH);
    aml->blocks[aml->depth++] = (Block){
        .is_resources = is_resources,
        .head = g_byte_array_new(),
        .body = g_byte_array_new(),
    };
}

static void clear_block(Block *block)
{
    g_byte_array_unref(block->head);
    g_byte_array_unref(block->body);
}

GcAml *gc_aml_new(void)
{
    GcAml *aml = g_new0(GcAml, 1);

    open_block(aml, false);
    return aml;
}

void gc_aml_free(GcAml *aml)
{
    if (aml == NULL) {
        return;
    }
    while (aml->depth > 0) {
        clear_block(&aml->blocks[--aml->depth]);
    }
    g_free(aml);
}

static Block *get_open(GcAml *aml)
{
    return &aml->blocks[aml->depth - 1];
}

static void put(GByteArray *array, size_t width, uint64_t value)
{
    uint8_t bytes[sizeof(value)];

    gc_put_uint(bytes, width, false, value);
    g_byte_array_append(array, bytes, (guint)width);
}

static void put_path(GByteArray *array, const char *path)
{
    size_t len = strlen(path);

    g_assert(len == NAME_SIZE || (len == NAME_SIZE + 1 && path[0] == '\\'));
    g_byte_array_append(array, (const uint8_t *)path, (guint)len);
}

static void put_integer(GByteArray *array, uint32_t value)
{
    if (value <= 1) {
        put(array, 1, value == 0 ? ZERO_OP : ONE_OP);
    } else if (value <= UINT8_MAX) {
        put(array, 1, BYTE_PREFIX);
        put(array, 1, value);
    } else if (value <= UINT16_MAX) {
        put(array, 1, WORD_PREFIX);
        put(array, 2, value);
    } else {
        put(array, 1, DWORD_PREFIX);
        put(array, 4, value);
    }
}

/* A length counts itself.  Its first byte has the number of bytes that
 * follow in the highest two bits, and then four bits of length; or six, if
 * none follows. */
static void put_length(GByteArray *array, size_t size)
{
    size_t more = 0;

    if (size + 1 < 0x40) {
        put(array, 1, size + 1);
        return;
    }
    while (more == 0 || (size + 1 + more) >> (4 + 8 * more) != 0) {
        more++;
    }
    g_assert(more <= 3);
    size += 1 + more;
    put(array, 1, more << 6 | (size & 0x0f));
    put(array, more, size >> 4);
}

static void put_array(GByteArray *array, const GByteArray *other)
{
    g_byte_array_append(array, other->data, other->len);
}

void gc_aml_begin_scope(GcAml *aml, const char *path)
{
    open_block(aml, false);
    put(get_open(aml)->head, 1, SCOPE_OP);
    put_path(get_open(aml)->body, path);
}

void gc_aml_begin_device(GcAml *aml, const char *name)
{
    open_block(aml, false);
    put(get_open(aml)->head, 1, EXT_PREFIX);
    put(get_open(aml)->head, 1, DEVICE_OP);
    put_path(get_open(aml)->body, name);
}

void gc_aml_begin_method(GcAml *aml, const char *name, unsigned n_arguments)
{
    g_assert(n_arguments <= MAX_ARGUMENTS);
    open_block(aml, false);
    put(get_open(aml)->head, 1, METHOD_OP);
    put_path(get_open(aml)->body, name);
    put(get_open(aml)->body, 1, n_arguments);
}

void gc_aml_begin_if_argument(GcAml *aml, unsigned argument, uint32_t value)
{
    g_assert(argument < MAX_ARGUMENTS);
    open_block(aml, false);
    put(get_open(aml)->head, 1, IF_OP);
    put(get_open(aml)->body, 1, LEQUAL_OP);
    put(get_open(aml)->body, 1, ARG0_OP + argument);
    put_integer(get_open(aml)->body, value);
}

void gc_aml_begin_resources(GcAml *aml)
{
    open_block(aml, true);
    put(get_open(aml)->head, 1, NAME_OP);
    put_path(get_open(aml)->head, "_CRS");
    put(get_open(aml)->head, 1, BUFFER_OP);
}

/* The resources get their end, and before them their size. */
static void close_resources(Block *block)
{
    GByteArray *buffer = g_byte_array_new();

    put(block->body, 1, END_TAG);
    put(block->body, 1, 0); /* no checksum */
    put_integer(buffer, block->body->len);
    put_array(buffer, block->body);
    g_byte_array_unref(block->body);
    block->body = buffer;
}

void gc_aml_end(GcAml *aml)
{
    Block block;

    g_assert(aml->depth > 1);
    block = aml->blocks[--aml->depth];
    if (block.is_resources) {
        close_resources(&block);
    }
    put_array(get_open(aml)->body, block.head);
    put_length(get_open(aml)->body, block.body->len);
    put_array(get_open(aml)->body, block.body);
    clear_block(&block);
}

/* Where something begins that is no resource. */
static GByteArray *put_op(GcAml *aml, uint8_t op)
{
    GByteArray *body = get_open(aml)->body;

    g_assert(!get_open(aml)->is_resources);
    put(body, 1, op);
    return body;
}

static GByteArray *put_name(GcAml *aml, const char *path)
{
    GByteArray *body = put_op(aml, NAME_OP);

    put_path(body, path);
    return body;
}

void gc_aml_add_string(GcAml *aml, const char *path, const char *value)
{
    GByteArray *body = put_name(aml, path);

    put(body, 1, STRING_PREFIX);
    g_byte_array_append(body, (const uint8_t *)value, (guint)strlen(value) + 1);
}

void gc_aml_add_integer(GcAml *aml, const char *path, uint32_t value)
{
    put_integer(put_name(aml, path), value);
}

void gc_aml_add_package(GcAml *aml, const char *path, const uint32_t *values,
                        size_t n)
{
    GByteArray *body = put_name(aml, path);
    GByteArray *package = g_byte_array_new();

    g_assert(n <= UINT8_MAX);
    put(package, 1, n);
    for (size_t i = 0; i < n; i++) {
        put_integer(package, values[i]);
    }
    put(body, 1, PACKAGE_OP);
    put_length(body, package->len);
    put_array(body, package);
    g_byte_array_unref(package);
}

void gc_aml_add_eisa_id(GcAml *aml, const char *path, const char *id)
{
    GByteArray *body = put_name(aml, path);
    uint32_t value = 0;
    uint8_t bytes[4];

    g_assert(strlen(id) == 7);
    for (size_t i = 0; i < 3; i++) { /* letters of 5 bits */
        value = value << 5 | ((uint32_t)id[i] - '@');
    }
    for (size_t i = 3; i < 7; i++) {
        value = value << 4 | (uint32_t)g_ascii_xdigit_value(id[i]);
    }
    gc_put_uint(bytes, sizeof(bytes), true, value);
    put(body, 1, DWORD_PREFIX);
    g_byte_array_append(body, bytes, sizeof(bytes));
}

void gc_aml_add_notify(GcAml *aml, const char *path, uint32_t value)
{
    GByteArray *body = put_op(aml, NOTIFY_OP);

    put_path(body, path);
    put_integer(body, value);
}

void gc_aml_add_ports(GcAml *aml, uint16_t first, uint8_t n)
{
    GByteArray *body = get_open(aml)->body;

    g_assert(get_open(aml)->is_resources);
    put(body, 1, IO_PORT);
    put(body, 1, DECODE_16);
    put(body, 2, first); /* the lowest and the highest place … */
    put(body, 2, first);
    put(body, 1, 1); /* … and the step between them */
    put(body, 1, n);
}

void gc_aml_add_interrupt(GcAml *aml, uint32_t gsi)
{
    GByteArray *body = get_open(aml)->body;

    g_assert(get_open(aml)->is_resources);
    put(body, 1, EXTENDED_INTERRUPT);
    put(body, 2, 6); /* bytes that follow */
    put(body, 1, CONSUMER | EDGE);
    put(body, 1, 1); /* interrupts */
    put(body, 4, gsi);
}

GBytes *gc_aml_finish(const GcAml *aml)
{
    const GByteArray *body = aml->blocks[0].body;

    g_assert(aml->depth == 1);
    return g_bytes_new(body->data, body->len);
}
