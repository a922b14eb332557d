/* SPDX-License-Identifier: MIT */
/* "socket,path=/x,server=on": the value of an option.  Readers take the keys
 * they know and then say that they are done; a key that nobody took is an
 * error, so that nothing a user writes is ignored. */
#pragma once

#include "guestcore/types.h"

typedef struct GcKeyval GcKeyval;

/**
 * gc_keyval_new:
 * @text: comma-separated key=value pairs; two commas stand for one in a value
 * @implied_key: (nullable): the key of a first part without "="
 * @error: (out) (optional): return location
 *
 * A later part without "=" is a switch: "wait" means wait=on, and "nowait"
 * means wait=off.
 *
 * Returns: (transfer full) (nullable): the pairs
 *
 * Errors: GC_ERROR_INVALID for an empty key or one that comes twice
 */
GcKeyval *gc_keyval_new(const char *text, const char *implied_key,
                        GError **error);
void gc_keyval_free(GcKeyval *keyval);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcKeyval, gc_keyval_free)

/* The text it was made of, for messages. */
const char *gc_keyval_get_text(const GcKeyval *keyval);

/* The value of @key without marking it as known; NULL if it is not there. */
const char *gc_keyval_peek(const GcKeyval *keyval, const char *key);

/* The value of @key, which is marked as known; NULL if it is not there.
 * Valid as long as @keyval. */
const char *gc_keyval_get(GcKeyval *keyval, const char *key);

/* As gc_keyval_get(); that the key is not there is an error. */
const char *gc_keyval_need(GcKeyval *keyval, const char *key, GError **error);

/* @ret_value keeps what it was if @key is not there.
 * Errors: GC_ERROR_INVALID if the value is not of the kind. */
bool gc_keyval_get_bool(GcKeyval *keyval, const char *key, bool *ret_value,
                        GError **error);
bool gc_keyval_get_number(GcKeyval *keyval, const char *key, uint64_t min,
                          uint64_t max, uint64_t *ret_value, GError **error);
bool gc_keyval_get_size(GcKeyval *keyval, const char *key, char default_unit,
                        uint64_t *ret_value, GError **error);

/* Goes through the pairs in order.  @index starts at 0; false at the end. */
bool gc_keyval_next(const GcKeyval *keyval, size_t *index, const char **ret_key,
                    const char **ret_value);

/* Marks every key as known: for a list that is handed on. */
void gc_keyval_know_all(GcKeyval *keyval);

/* Errors: GC_ERROR_INVALID with the first key that was never asked for. */
bool gc_keyval_finish(const GcKeyval *keyval, GError **error);

/* "on" and "off", and the other words that QEMU takes for them. */
bool gc_parse_bool(const char *text, bool *ret_value, GError **error);

/* A whole number from @min to @max, in C's notation. */
bool gc_parse_number(const char *text, uint64_t min, uint64_t max,
                     uint64_t *ret_value, GError **error);

/* A size: a number, with a fraction or without, and one of the suffixes
 * b, k, M, G, T, P, E; without one, @default_unit. */
bool gc_parse_size(const char *text, char default_unit, uint64_t *ret_value,
                   GError **error);
