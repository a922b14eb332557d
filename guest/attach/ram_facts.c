/* SPDX-License-Identifier: MIT */
#include "guest/attach/ram_facts.h"

#include <string.h>

#include "base/error.h"

static void free_device(gpointer data)
{
    GcRamDevice *device = data;

    g_free(device->id);
    g_free(device->backend);
    g_free(device);
}

void gc_ram_facts_free(GcRamFacts *facts)
{
    if (facts == NULL) {
        return;
    }
    g_hash_table_unref(facts->backends);
    g_hash_table_unref(facts->blocks);
    g_ptr_array_unref(facts->devices);
    g_free(facts);
}

const char *gc_ram_facts_name(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash != NULL ? slash + 1 : name;
}

GHashTable *gc_ram_facts_table_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

static void add_size(GHashTable *table, const char *name, uint64_t size)
{
    g_hash_table_insert(table, g_strdup(gc_ram_facts_name(name)),
                        g_memdup2(&size, sizeof(size)));
}

bool gc_ram_facts_lookup(GHashTable *table, const char *name,
                         uint64_t *ret_size)
{
    const uint64_t *size = g_hash_table_lookup(table, gc_ram_facts_name(name));

    if (size != NULL) {
        *ret_size = *size;
    }
    return size != NULL;
}

const GcRamDevice *gc_ram_facts_find_device(const GcRamFacts *facts,
                                            const char *backend)
{
    for (guint i = 0; i < facts->devices->len; i++) {
        const GcRamDevice *device = g_ptr_array_index(facts->devices, i);

        if (strcmp(device->backend, gc_ram_facts_name(backend)) == 0) {
            return device;
        }
    }
    return NULL;
}

static uint64_t get_size(JsonObject *object, const char *name)
{
    return (uint64_t)MAX(gc_qmp_get_int(object, name), 0);
}

/* The objects of a list of them; what is none is left out. */
static GPtrArray *get_objects(JsonNode *result)
{
    GPtrArray *objects = g_ptr_array_new();
    JsonArray *list =
        JSON_NODE_HOLDS_ARRAY(result) ? json_node_get_array(result) : NULL;

    for (guint i = 0; list != NULL && i < json_array_get_length(list); i++) {
        JsonNode *item = json_array_get_element(list, i);

        if (JSON_NODE_HOLDS_OBJECT(item)) {
            g_ptr_array_add(objects, json_node_get_object(item));
        }
    }
    return objects;
}

static bool read_backends(GcRamFacts *facts, GcQmpClient *client,
                          GError **error)
{
    g_autoptr(JsonNode) result =
        gc_qmp_client_execute(client, "query-memdev", NULL, error);
    g_autoptr(GPtrArray) items = NULL;

    if (result == NULL) {
        return false;
    }
    items = get_objects(result);
    for (guint i = 0; i < items->len; i++) {
        JsonObject *item = g_ptr_array_index(items, i);
        const char *id = gc_qmp_get_string(item, "id", NULL);

        if (id != NULL) {
            add_size(facts->backends, id, get_size(item, "size"));
        }
    }
    if (g_hash_table_size(facts->backends) == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "query-memdev names no memory");
        return false;
    }
    return true;
}

/* {"type": "dimm", "data": {"addr": ...}}; virtio devices say "memaddr". */
static void add_device(GcRamFacts *facts, JsonObject *item)
{
    const char *type = gc_qmp_get_string(item, "type", "");
    JsonNode *node = json_object_get_member(item, "data");
    JsonObject *data = node != NULL && JSON_NODE_HOLDS_OBJECT(node)
                           ? json_node_get_object(node)
                           : NULL;
    const char *backend =
        data != NULL ? gc_qmp_get_string(data, "memdev", NULL) : NULL;
    GcRamDevice *device;

    if (backend == NULL) {
        return;
    }
    device = g_new0(GcRamDevice, 1);
    device->id = g_strdup(gc_qmp_get_string(data, "id", "without id"));
    device->backend = g_strdup(gc_ram_facts_name(backend));
    device->start = get_size(
        data, json_object_has_member(data, "addr") ? "addr" : "memaddr");
    device->size = get_size(data, "size");
    device->is_patchy = strcmp(type, "virtio-mem") == 0;
    device->max_size =
        device->is_patchy ? get_size(data, "max-size") : device->size;
    g_ptr_array_add(facts->devices, device);
}

static bool read_devices(GcRamFacts *facts, GcQmpClient *client, GError **error)
{
    g_autoptr(JsonNode) result =
        gc_qmp_client_execute(client, "query-memory-devices", NULL, error);
    g_autoptr(GPtrArray) items = NULL;

    if (result == NULL) {
        return false;
    }
    items = get_objects(result);
    for (guint i = 0; i < items->len; i++) {
        add_device(facts, g_ptr_array_index(items, i));
    }
    return true;
}

static bool read_total(GcRamFacts *facts, GcQmpClient *client, GError **error)
{
    g_autoptr(JsonNode) result =
        gc_qmp_client_execute(client, "query-memory-size-summary", NULL, error);
    JsonObject *summary;

    if (result == NULL) {
        return false;
    }
    if (!JSON_NODE_HOLDS_OBJECT(result)) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "query-memory-size-summary is not understood");
        return false;
    }
    summary = json_node_get_object(result);
    facts->total =
        get_size(summary, "base-memory") + get_size(summary, "plugged-memory");
    return true;
}

/* "NAME  4 KiB  0xOFFSET 0xUSED 0xTOTAL", and more in later versions. */
void gc_ram_facts_parse_blocks(GHashTable *blocks, const char *text)
{
    enum { NAME, USED = 4, N_COLUMNS = 6 };
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_autoptr(GRegex) blanks = g_regex_new("\\s+", 0, 0, NULL);
        g_auto(GStrv) columns =
            g_regex_split(blanks, g_strstrip(*line), G_REGEX_MATCH_DEFAULT);

        if (g_strv_length(columns) >= N_COLUMNS &&
            g_str_has_prefix(columns[USED], "0x")) {
            add_size(blocks, columns[NAME],
                     g_ascii_strtoull(columns[USED] + 2, NULL, 16));
        }
    }
}

/* A monitor that does not tell is no error: this is a second opinion. */
static bool read_blocks(GcRamFacts *facts, GcQmpClient *client, GError **error)
{
    g_autoptr(GError) own_error = NULL;
    g_autofree char *text =
        gc_qmp_client_monitor(client, "info ramblock", &own_error);

    if (text != NULL) {
        gc_ram_facts_parse_blocks(facts->blocks, text);
    } else if (!g_error_matches(own_error, GC_ERROR, GC_ERROR_FORMAT)) {
        g_propagate_error(error, g_steal_pointer(&own_error));
        return false;
    }
    return true;
}

GcRamFacts *gc_ram_facts_read(GcQmpClient *client, GError **error)
{
    g_autoptr(GcRamFacts) facts = g_new0(GcRamFacts, 1);

    facts->backends = gc_ram_facts_table_new();
    facts->blocks = gc_ram_facts_table_new();
    facts->devices = g_ptr_array_new_with_free_func(free_device);
    if (!read_backends(facts, client, error) ||
        !read_devices(facts, client, error) ||
        !read_total(facts, client, error) ||
        !read_blocks(facts, client, error)) {
        return NULL;
    }
    return g_steal_pointer(&facts);
}
