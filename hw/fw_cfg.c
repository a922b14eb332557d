/* SPDX-License-Identifier: MIT */
/* The items of the fw_cfg device, its file directory, and the cursor that
 * the guest moves over them. */
#include "guestcore/fw_cfg.h"

#include <string.h>

#include "base/byteorder.h"
#include "base/error.h"
#include "base/trace.h"
#include "hw/fw_cfg_core.h"

#define KEY_INDEX_MASK 0x3fff
#define DIRECTORY_HEADER_SIZE 4
#define DIRECTORY_ENTRY_SIZE 64
#define FEATURE_TRADITIONAL 1
#define FEATURE_DMA 2

typedef struct File {
    char name[GC_FW_CFG_NAME_SIZE];
    GcFwCfgItem item;
} File;

static void item_clear(GcFwCfgItem *item)
{
    g_clear_pointer(&item->bytes, g_bytes_unref);
    g_clear_pointer(&item->own, g_free);
}

static void file_free(gpointer data)
{
    File *file = data;

    item_clear(&file->item);
    g_free(file);
}

/* Gives an item a content that the guest can only read. */
static void item_set(GcFwCfgItem *item, GBytes *bytes)
{
    GBytes *ref = g_bytes_ref(bytes);

    item_clear(item);
    item->bytes = ref;
    item->size = g_bytes_get_size(ref);
}

static bool item_exists(const GcFwCfgItem *item)
{
    return item->bytes != NULL || item->own != NULL;
}

const uint8_t *gc_fw_cfg_item_get_data(const GcFwCfgItem *item)
{
    return item->own != NULL ? item->own : g_bytes_get_data(item->bytes, NULL);
}

size_t gc_fw_cfg_item_get_rest(const GcFwCfgItem *item, uint32_t offset)
{
    return item != NULL && item->size > offset ? item->size - offset : 0;
}

GcFwCfg *gc_fw_cfg_new(const GcFwCfgMemoryOps *ops, void *opaque)
{
    GcFwCfg *cfg = g_new0(GcFwCfg, 1);
    uint32_t features = FEATURE_TRADITIONAL | (ops != NULL ? FEATURE_DMA : 0);
    g_autoptr(GBytes) signature = g_bytes_new_static("QEMU", 4);

    g_assert(ops == NULL || (ops->read != NULL && ops->write != NULL));
    cfg->memory_ops = ops;
    cfg->memory_opaque = opaque;
    cfg->files = g_ptr_array_new_with_free_func(file_free);
    cfg->slots = GC_FW_CFG_DEFAULT_SLOTS;
    cfg->directory_is_stale = true;
    gc_fw_cfg_add_bytes(cfg, GC_FW_CFG_SIGNATURE, signature, NULL);
    gc_fw_cfg_add_u32(cfg, GC_FW_CFG_ID, features, NULL);
    return cfg;
}

void gc_fw_cfg_free(GcFwCfg *cfg)
{
    if (cfg == NULL) {
        return;
    }
    for (size_t i = 0; i < GC_FW_CFG_FILE_FIRST; i++) {
        item_clear(&cfg->fixed[0][i]);
        item_clear(&cfg->fixed[1][i]);
    }
    g_ptr_array_unref(cfg->files);
    g_free(cfg);
}

void gc_fw_cfg_reset(GcFwCfg *cfg)
{
    gc_fw_cfg_select(cfg, GC_FW_CFG_SIGNATURE);
}

bool gc_fw_cfg_has_dma(const GcFwCfg *cfg)
{
    return cfg->memory_ops != NULL;
}

bool gc_fw_cfg_set_slots(GcFwCfg *cfg, unsigned slots, GError **error)
{
    if (slots < GC_FW_CFG_MIN_SLOTS || slots > GC_FW_CFG_MAX_SLOTS) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "fw_cfg: %u file slots: must be %d to %d", slots,
                    GC_FW_CFG_MIN_SLOTS, GC_FW_CFG_MAX_SLOTS);
        return false;
    }
    if (slots < cfg->files->len) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "fw_cfg: %u file slots: there are %u files", slots,
                    cfg->files->len);
        return false;
    }
    cfg->slots = slots;
    cfg->directory_is_stale = true;
    return true;
}

static void write_directory_entry(const File *file, uint16_t key,
                                  uint8_t *entry)
{
    gc_put_uint(entry, 4, true, file->item.size);
    gc_put_uint(entry + 4, 2, true, key);
    memcpy(entry + 8, file->name, GC_FW_CFG_NAME_SIZE);
}

/* The directory is made when somebody asks, so that adding n files is not
 * n directories.  It has all its slots from the start. */
static void rebuild_directory(GcFwCfg *cfg)
{
    size_t size =
        DIRECTORY_HEADER_SIZE + (size_t)cfg->slots * DIRECTORY_ENTRY_SIZE;
    uint8_t *data = g_malloc0(size);
    g_autoptr(GBytes) bytes = g_bytes_new_take(data, size);

    gc_put_uint(data, DIRECTORY_HEADER_SIZE, true, cfg->files->len);
    for (guint i = 0; i < cfg->files->len; i++) {
        write_directory_entry(g_ptr_array_index(cfg->files, i),
                              (uint16_t)(GC_FW_CFG_FILE_FIRST + i),
                              data + DIRECTORY_HEADER_SIZE +
                                  (size_t)i * DIRECTORY_ENTRY_SIZE);
    }
    item_set(&cfg->fixed[0][GC_FW_CFG_FILE_DIR], bytes);
    cfg->directory_is_stale = false;
}

GcFwCfgItem *gc_fw_cfg_find_item(GcFwCfg *cfg, uint16_t key)
{
    bool is_local = (key & GC_FW_CFG_ARCH_LOCAL) != 0;
    size_t index = key & KEY_INDEX_MASK;
    GcFwCfgItem *item;

    if (key == GC_FW_CFG_INVALID) {
        return NULL;
    }
    if (index >= GC_FW_CFG_FILE_FIRST) {
        index -= GC_FW_CFG_FILE_FIRST;
        if (is_local || index >= cfg->files->len) {
            return NULL;
        }
        return &((File *)g_ptr_array_index(cfg->files, index))->item;
    }
    if (key == GC_FW_CFG_FILE_DIR && cfg->directory_is_stale) {
        rebuild_directory(cfg);
    }
    item = &cfg->fixed[is_local ? 1 : 0][index];
    return item_exists(item) ? item : NULL;
}

uint16_t gc_fw_cfg_normalize_key(const GcFwCfg *cfg, uint16_t selector)
{
    unsigned index = selector & KEY_INDEX_MASK;

    if (selector == GC_FW_CFG_INVALID ||
        index >= GC_FW_CFG_FILE_FIRST + cfg->slots) {
        return GC_FW_CFG_INVALID;
    }
    return (uint16_t)(selector & (GC_FW_CFG_ARCH_LOCAL | KEY_INDEX_MASK));
}

void gc_fw_cfg_select(GcFwCfg *cfg, uint16_t selector)
{
    uint16_t key = gc_fw_cfg_normalize_key(cfg, selector);
    GcFwCfgItem *item = gc_fw_cfg_find_item(cfg, key);

    gc_trace(FW_CFG, "select 0x%04x: %s", selector,
             item != NULL ? "an item" : "nothing");
    cfg->position = (GcFwCfgPosition){.key = key, .offset = 0};
    if (item != NULL && item->ops != NULL && item->ops->select != NULL) {
        item->ops->select(item->opaque);
    }
}

void gc_fw_cfg_take(GcFwCfg *cfg, uint8_t *buf, size_t len)
{
    GcFwCfgItem *item = gc_fw_cfg_find_item(cfg, cfg->position.key);
    size_t rest = gc_fw_cfg_item_get_rest(item, cfg->position.offset);
    size_t there = MIN(len, rest);

    if (there > 0) {
        memcpy(buf, gc_fw_cfg_item_get_data(item) + cfg->position.offset,
               there);
        cfg->position.offset += (uint32_t)there;
    }
    memset(buf + there, 0, len - there);
}

static bool check_size(const char *what, GBytes *bytes, GError **error)
{
    if (g_bytes_get_size(bytes) > GC_FW_CFG_MAX_ITEM_SIZE) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "fw_cfg: %s: %zu bytes: at most %u fit an item", what,
                    g_bytes_get_size(bytes), GC_FW_CFG_MAX_ITEM_SIZE);
        return false;
    }
    return true;
}

bool gc_fw_cfg_add_bytes(GcFwCfg *cfg, uint16_t key, GBytes *bytes,
                         GError **error)
{
    bool is_local = (key & GC_FW_CFG_ARCH_LOCAL) != 0;
    unsigned index = key & ~(unsigned)GC_FW_CFG_ARCH_LOCAL;
    g_autofree char *what = g_strdup_printf("key 0x%04x", key);
    GcFwCfgItem *item;

    if (index >= GC_FW_CFG_FILE_FIRST) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "fw_cfg: %s: not a key of its own", what);
        return false;
    }
    item = &cfg->fixed[is_local ? 1 : 0][index];
    if (item_exists(item) || key == GC_FW_CFG_FILE_DIR) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "fw_cfg: %s: there is such an item", what);
        return false;
    }
    if (!check_size(what, bytes, error)) {
        return false;
    }
    item_set(item, bytes);
    return true;
}

static bool add_integer(GcFwCfg *cfg, uint16_t key, size_t width,
                        uint64_t value, GError **error)
{
    uint8_t data[sizeof(value)];
    g_autoptr(GBytes) bytes = NULL;

    gc_put_uint(data, width, false, value);
    bytes = g_bytes_new(data, width);
    return gc_fw_cfg_add_bytes(cfg, key, bytes, error);
}

bool gc_fw_cfg_add_u16(GcFwCfg *cfg, uint16_t key, uint16_t value,
                       GError **error)
{
    return add_integer(cfg, key, sizeof(value), value, error);
}

bool gc_fw_cfg_add_u32(GcFwCfg *cfg, uint16_t key, uint32_t value,
                       GError **error)
{
    return add_integer(cfg, key, sizeof(value), value, error);
}

bool gc_fw_cfg_add_u64(GcFwCfg *cfg, uint16_t key, uint64_t value,
                       GError **error)
{
    return add_integer(cfg, key, sizeof(value), value, error);
}

bool gc_fw_cfg_add_string(GcFwCfg *cfg, uint16_t key, const char *string,
                          GError **error)
{
    g_autoptr(GBytes) bytes = g_bytes_new(string, strlen(string) + 1);

    return gc_fw_cfg_add_bytes(cfg, key, bytes, error);
}

/* The index of the first file whose name is not less than @name. */
static guint find_place(const GcFwCfg *cfg, const char *name)
{
    guint low = 0;
    guint high = cfg->files->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        const File *file = g_ptr_array_index(cfg->files, middle);

        if (strcmp(file->name, name) >= 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static File *find_file(const GcFwCfg *cfg, const char *name)
{
    guint at = find_place(cfg, name);
    File *file =
        at < cfg->files->len ? g_ptr_array_index(cfg->files, at) : NULL;

    return file != NULL && strcmp(file->name, name) == 0 ? file : NULL;
}

/* The file of that name, or NULL and an error. */
static File *require_file(const GcFwCfg *cfg, const char *name, GError **error)
{
    File *file = find_file(cfg, name);

    if (file == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    "fw_cfg: %s: no such file", name);
    }
    return file;
}

static bool check_new_file(const GcFwCfg *cfg, const char *name, GBytes *bytes,
                           GError **error)
{
    size_t len = strlen(name);

    if (len == 0 || len >= GC_FW_CFG_NAME_SIZE) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "fw_cfg: file name \"%s\" is %zu bytes: must be 1 to %d",
                    name, len, GC_FW_CFG_NAME_SIZE - 1);
        return false;
    }
    if (find_file(cfg, name) != NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "duplicate fw_cfg file name: %s", name);
        return false;
    }
    if (cfg->files->len >= cfg->slots) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "fw_cfg: %s: all %u file slots are taken", name,
                    cfg->slots);
        return false;
    }
    return check_size(name, bytes, error);
}

/* Adds an empty file, or returns NULL. */
static File *insert_file(GcFwCfg *cfg, const char *name, GBytes *bytes,
                         GError **error)
{
    File *file;

    if (!check_new_file(cfg, name, bytes, error)) {
        return NULL;
    }
    file = g_new0(File, 1);
    g_strlcpy(file->name, name, sizeof(file->name));
    g_ptr_array_insert(cfg->files, (gint)find_place(cfg, name), file);
    cfg->directory_is_stale = true;
    return file;
}

bool gc_fw_cfg_add_file(GcFwCfg *cfg, const char *name, GBytes *bytes,
                        GError **error)
{
    File *file = insert_file(cfg, name, bytes, error);

    if (file == NULL) {
        return false;
    }
    item_set(&file->item, bytes);
    return true;
}

bool gc_fw_cfg_add_writable_file(GcFwCfg *cfg, const char *name, GBytes *bytes,
                                 GError **error)
{
    File *file = insert_file(cfg, name, bytes, error);
    size_t size;
    const void *data = g_bytes_get_data(bytes, &size);

    if (file == NULL) {
        return false;
    }
    /* One byte more, because an empty file has a place, too. */
    file->item.own = g_malloc0(size + 1);
    file->item.size = size;
    if (size > 0) {
        memcpy(file->item.own, data, size);
    }
    return true;
}

bool gc_fw_cfg_watch_file(GcFwCfg *cfg, const char *name,
                          const GcFwCfgFileOps *ops, void *opaque,
                          GError **error)
{
    File *file = require_file(cfg, name, error);

    if (file == NULL) {
        return false;
    }
    file->item.ops = ops;
    file->item.opaque = opaque;
    return true;
}

static bool set_writable(const File *file, GBytes *bytes, GError **error)
{
    size_t size;
    const void *data = g_bytes_get_data(bytes, &size);

    if (size != file->item.size) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "fw_cfg: %s: %zu bytes: a file that the guest writes "
                    "keeps its %zu",
                    file->name, size, file->item.size);
        return false;
    }
    if (size > 0) {
        memcpy(file->item.own, data, size);
    }
    return true;
}

bool gc_fw_cfg_set_file(GcFwCfg *cfg, const char *name, GBytes *bytes,
                        GError **error)
{
    File *file = require_file(cfg, name, error);

    if (file == NULL || !check_size(name, bytes, error)) {
        return false;
    }
    if (file->item.own != NULL) {
        return set_writable(file, bytes, error);
    }
    item_set(&file->item, bytes);
    cfg->directory_is_stale = true;
    if (cfg->position.key == gc_fw_cfg_find_file(cfg, name)) {
        cfg->position.offset =
            (uint32_t)MIN(cfg->position.offset, g_bytes_get_size(bytes));
    }
    return true;
}

uint16_t gc_fw_cfg_find_file(const GcFwCfg *cfg, const char *name)
{
    return find_file(cfg, name) != NULL
               ? (uint16_t)(GC_FW_CFG_FILE_FIRST + find_place(cfg, name))
               : GC_FW_CFG_INVALID;
}

GBytes *gc_fw_cfg_dup_item(GcFwCfg *cfg, uint16_t key)
{
    GcFwCfgItem *item =
        gc_fw_cfg_find_item(cfg, gc_fw_cfg_normalize_key(cfg, key));

    return item != NULL ? g_bytes_new(gc_fw_cfg_item_get_data(item), item->size)
                        : NULL;
}
