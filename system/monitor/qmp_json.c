/* SPDX-License-Identifier: MIT */
#include "system/monitor/qmp_json.h"

#include <string.h>

#include "guestcore/error.h"

/* json-glib's message without its "<data>:1:2: Parse error: ". */
static const char *get_reason(const GError *error)
{
    static const char mark[] = "Parse error: ";
    const char *at = strstr(error->message, mark);

    return at != NULL ? at + strlen(mark) : error->message;
}

JsonNode *gc_qmp_json_parse(const char *text, size_t len, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_autoptr(GError) cause = NULL;
    JsonNode *root;

    if (!g_utf8_validate(text, (gssize)len, NULL)) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "JSON parse error, invalid UTF-8 sequence in input");
        return NULL;
    }
    if (!json_parser_load_from_data(parser, text, (gssize)len, &cause)) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT, "JSON parse error, %s",
                    get_reason(cause));
        return NULL;
    }
    root = json_parser_steal_root(parser);
    if (root == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "JSON parse error, expecting value");
    }
    return root;
}

/* One character, in ASCII; above 0xffff as two halves. */
static void write_unichar(GString *out, gunichar c)
{
    static const char plain[] = "\"\\\b\f\n\r\t";
    static const char escaped[] = "\"\\bfnrt";
    const char *at = c != 0 && c < 0x80 ? strchr(plain, (int)c) : NULL;

    if (at != NULL) {
        g_string_append_c(out, '\\');
        g_string_append_c(out, escaped[at - plain]);
    } else if (c >= 0x20 && c < 0x7f) {
        g_string_append_c(out, (char)c);
    } else if (c <= 0xffff) {
        g_string_append_printf(out, "\\u%04x", c);
    } else {
        g_string_append_printf(out, "\\u%04x\\u%04x",
                               0xd800 + ((c - 0x10000) >> 10),
                               0xdc00 + ((c - 0x10000) & 0x3ff));
    }
}

void gc_qmp_json_write_string(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (const char *at = text; *at != '\0';) {
        gunichar c = g_utf8_get_char_validated(at, -1);

        if (c == (gunichar)-1 || c == (gunichar)-2) {
            write_unichar(out, 0xfffd);
            at++;
        } else {
            write_unichar(out, c);
            at += g_unichar_to_utf8(c, NULL);
        }
    }
    g_string_append_c(out, '"');
}

static void write_object(GString *out, JsonObject *object)
{
    g_autoptr(GList) names = json_object_get_members(object);
    const char *separator = "";

    g_string_append_c(out, '{');
    for (GList *at = names; at != NULL; at = at->next) {
        g_string_append(out, separator);
        gc_qmp_json_write_string(out, at->data);
        g_string_append(out, ": ");
        gc_qmp_json_write(out, json_object_get_member(object, at->data));
        separator = ", ";
    }
    g_string_append_c(out, '}');
}

static void write_array(GString *out, JsonArray *array)
{
    g_string_append_c(out, '[');
    for (guint i = 0; i < json_array_get_length(array); i++) {
        g_string_append(out, i > 0 ? ", " : "");
        gc_qmp_json_write(out, json_array_get_element(array, i));
    }
    g_string_append_c(out, ']');
}

static void write_value(GString *out, JsonNode *node)
{
    char buf[G_ASCII_DTOSTR_BUF_SIZE];

    switch (json_node_get_value_type(node)) {
    case G_TYPE_BOOLEAN:
        g_string_append(out, json_node_get_boolean(node) ? "true" : "false");
        break;
    case G_TYPE_INT64:
        g_string_append_printf(out, "%" G_GINT64_FORMAT,
                               json_node_get_int(node));
        break;
    case G_TYPE_DOUBLE:
        g_string_append(
            out, g_ascii_dtostr(buf, sizeof(buf), json_node_get_double(node)));
        break;
    default:
        gc_qmp_json_write_string(out, json_node_get_string(node));
    }
}

void gc_qmp_json_write(GString *out, JsonNode *node)
{
    switch (json_node_get_node_type(node)) {
    case JSON_NODE_OBJECT:
        write_object(out, json_node_get_object(node));
        break;
    case JSON_NODE_ARRAY:
        write_array(out, json_node_get_array(node));
        break;
    case JSON_NODE_VALUE:
        write_value(out, node);
        break;
    case JSON_NODE_NULL:
    default:
        g_string_append(out, "null");
    }
}
