/* SPDX-License-Identifier: MIT */
#include "system/options/keyval.h"

#include <errno.h>
#include <string.h>

#include "guestcore/error.h"

typedef struct Pair {
    char *key;
    char *value;
    bool known;
} Pair;

struct GcKeyval {
    char *text;
    GArray *pairs; /* of Pair */
};

static void clear_pair(gpointer data)
{
    Pair *pair = data;

    g_free(pair->key);
    g_free(pair->value);
}

void gc_keyval_free(GcKeyval *keyval)
{
    if (keyval == NULL) {
        return;
    }
    g_free(keyval->text);
    g_array_unref(keyval->pairs);
    g_free(keyval);
}

static Pair *find_pair(const GcKeyval *keyval, const char *key)
{
    for (guint i = 0; i < keyval->pairs->len; i++) {
        Pair *pair = &g_array_index(keyval->pairs, Pair, i);

        if (strcmp(pair->key, key) == 0) {
            return pair;
        }
    }
    return NULL;
}

/* Takes one part off the front of *@text: up to a comma that stands alone,
 * with two commas made one. */
static char *take_part(const char **text)
{
    GString *part = g_string_new(NULL);
    const char *at = *text;

    for (; *at != '\0'; at++) {
        if (*at == ',' && at[1] != ',') {
            at++;
            break;
        }
        if (*at == ',') {
            at++;
        }
        g_string_append_c(part, *at);
    }
    *text = at;
    return g_string_free(part, FALSE);
}

/* Splits @part into @pair, which the caller clears. */
static void split_part(char *part, const char *implied_key, Pair *pair)
{
    char *equals = strchr(part, '=');

    if (equals != NULL) {
        pair->key = g_strndup(part, (gsize)(equals - part));
        pair->value = g_strdup(equals + 1);
    } else if (implied_key != NULL) {
        pair->key = g_strdup(implied_key);
        pair->value = g_strdup(part);
    } else if (g_str_has_prefix(part, "no") && part[2] != '\0') {
        pair->key = g_strdup(part + 2);
        pair->value = g_strdup("off");
    } else {
        pair->key = g_strdup(part);
        pair->value = g_strdup("on");
    }
}

static bool add_pair(GcKeyval *keyval, Pair *pair, GError **error)
{
    if (pair->key[0] == '\0') {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "%s: a parameter has no name", keyval->text);
    } else if (find_pair(keyval, pair->key) != NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "%s: parameter '%s' is given twice", keyval->text,
                    pair->key);
    } else {
        g_array_append_val(keyval->pairs, *pair);
        return true;
    }
    clear_pair(pair);
    return false;
}

GcKeyval *gc_keyval_new(const char *text, const char *implied_key,
                        GError **error)
{
    g_autoptr(GcKeyval) keyval = g_new0(GcKeyval, 1);
    const char *rest = text;

    keyval->text = g_strdup(text);
    keyval->pairs = g_array_new(FALSE, FALSE, sizeof(Pair));
    g_array_set_clear_func(keyval->pairs, clear_pair);
    while (*rest != '\0') {
        g_autofree char *part = take_part(&rest);
        Pair pair = {0};

        split_part(part, implied_key, &pair);
        implied_key = NULL;
        if (!add_pair(keyval, &pair, error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&keyval);
}

const char *gc_keyval_get_text(const GcKeyval *keyval)
{
    return keyval->text;
}

const char *gc_keyval_peek(const GcKeyval *keyval, const char *key)
{
    const Pair *pair = find_pair(keyval, key);

    return pair != NULL ? pair->value : NULL;
}

const char *gc_keyval_get(GcKeyval *keyval, const char *key)
{
    Pair *pair = find_pair(keyval, key);

    if (pair == NULL) {
        return NULL;
    }
    pair->known = true;
    return pair->value;
}

const char *gc_keyval_need(GcKeyval *keyval, const char *key, GError **error)
{
    const char *value = gc_keyval_get(keyval, key);

    if (value == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "parameter '%s' is missing", key);
    }
    return value;
}

bool gc_keyval_get_bool(GcKeyval *keyval, const char *key, bool *ret_value,
                        GError **error)
{
    const char *value = gc_keyval_get(keyval, key);

    if (value != NULL && !gc_parse_bool(value, ret_value, error)) {
        g_prefix_error(error, "parameter '%s': ", key);
        return false;
    }
    return true;
}

bool gc_keyval_get_number(GcKeyval *keyval, const char *key, uint64_t min,
                          uint64_t max, uint64_t *ret_value, GError **error)
{
    const char *value = gc_keyval_get(keyval, key);

    if (value != NULL && !gc_parse_number(value, min, max, ret_value, error)) {
        g_prefix_error(error, "parameter '%s': ", key);
        return false;
    }
    return true;
}

bool gc_keyval_get_size(GcKeyval *keyval, const char *key, char default_unit,
                        uint64_t *ret_value, GError **error)
{
    const char *value = gc_keyval_get(keyval, key);

    if (value != NULL &&
        !gc_parse_size(value, default_unit, ret_value, error)) {
        g_prefix_error(error, "parameter '%s': ", key);
        return false;
    }
    return true;
}

bool gc_keyval_next(const GcKeyval *keyval, size_t *index, const char **ret_key,
                    const char **ret_value)
{
    const Pair *pair;

    if (*index >= keyval->pairs->len) {
        return false;
    }
    pair = &g_array_index(keyval->pairs, Pair, *index);
    (*index)++;
    *ret_key = pair->key;
    *ret_value = pair->value;
    return true;
}

void gc_keyval_know_all(GcKeyval *keyval)
{
    for (guint i = 0; i < keyval->pairs->len; i++) {
        g_array_index(keyval->pairs, Pair, i).known = true;
    }
}

bool gc_keyval_finish(const GcKeyval *keyval, GError **error)
{
    for (guint i = 0; i < keyval->pairs->len; i++) {
        const Pair *pair = &g_array_index(keyval->pairs, Pair, i);

        if (!pair->known) {
            g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                        "unknown parameter '%s'", pair->key);
            return false;
        }
    }
    return true;
}

bool gc_parse_bool(const char *text, bool *ret_value, GError **error)
{
    static const char *const yes[] = {"on", "yes", "true", "y", NULL};
    static const char *const no[] = {"off", "no", "false", "n", NULL};

    if (g_strv_contains(yes, text)) {
        *ret_value = true;
    } else if (g_strv_contains(no, text)) {
        *ret_value = false;
    } else {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "'%s' is neither on nor off", text);
        return false;
    }
    return true;
}

bool gc_parse_number(const char *text, uint64_t min, uint64_t max,
                     uint64_t *ret_value, GError **error)
{
    char *end = NULL;
    uint64_t value = 0;
    bool valid = g_ascii_isdigit(text[0]);

    if (valid) {
        errno = 0;
        value = g_ascii_strtoull(text, &end, 0);
        valid = errno == 0 && *end == '\0';
    }
    if (!valid || value < min || value > max) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "'%s' is not a number from %" G_GUINT64_FORMAT
                    " to %" G_GUINT64_FORMAT,
                    text, min, max);
        return false;
    }
    *ret_value = value;
    return true;
}

/* How far a unit shifts; -1 if there is no such unit. */
static int get_unit_shift(char unit)
{
    static const char units[] = "bkmgtpe";
    const char *at = strchr(units, g_ascii_tolower(unit));

    return unit != '\0' && at != NULL ? 10 * (int)(at - units) : -1;
}

/* The digits after the point of *@text, in 1/2^@shift: exact enough for a
 * size, and without floating point. */
static uint64_t parse_fraction(const char **text, int shift)
{
    uint64_t numerator = 0;
    uint64_t denominator = 1;

    for (; g_ascii_isdigit(**text); (*text)++) {
        if (denominator < 1000000000) {
            numerator = numerator * 10 + (uint64_t)(**text - '0');
            denominator *= 10;
        }
    }
    return shift <= 30 ? (numerator << shift) / denominator
                       : ((numerator << 30) / denominator) << (shift - 30);
}

bool gc_parse_size(const char *text, char default_unit, uint64_t *ret_value,
                   GError **error)
{
    char *end = NULL;
    const char *fraction = NULL;
    const char *unit;
    uint64_t whole = 0;
    uint64_t part = 0;
    int shift = -1;

    errno = 0;
    if (g_ascii_isdigit(text[0])) {
        int base = text[0] == '0' && g_ascii_tolower(text[1]) == 'x' ? 16 : 10;

        whole = g_ascii_strtoull(text, &end, base);
        unit = end;
        if (*unit == '.' && base == 10) {
            fraction = unit + 1;
            unit += 1 + strspn(unit + 1, "0123456789");
        }
        shift = get_unit_shift(*unit != '\0' ? *unit : default_unit);
        if (*unit != '\0' && unit[1] != '\0') {
            shift = -1;
        }
    }
    if (shift >= 0 && fraction != NULL) {
        part = parse_fraction(&fraction, shift);
    }
    if (shift < 0 || errno != 0 || whole > (UINT64_MAX - part) >> shift) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "'%s' is not a size below 2^64 (suffixes: b, k, M, G, T, "
                    "P, E)",
                    text);
        return false;
    }
    *ret_value = (whole << shift) + part;
    return true;
}
