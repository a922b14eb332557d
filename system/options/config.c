/* SPDX-License-Identifier: MIT */
#include "system/options/config.h"

static void free_keyval(gpointer data)
{
    gc_keyval_free(data);
}

static void free_file(gpointer data)
{
    GcConfigFile *file = data;

    g_free(file->name);
    g_bytes_unref(file->bytes);
    g_free(file);
}

static void free_backend(gpointer data)
{
    GcConfigBackend *backend = data;

    g_free(backend->id);
    g_free(backend->path);
    g_free(backend);
}

GcConfig *gc_config_new(const char *target)
{
    GcConfig *config = g_new0(GcConfig, 1);

    config->target = target;
    config->accels = g_ptr_array_new_with_free_func(g_free);
    config->backends = g_ptr_array_new_with_free_func(free_backend);
    config->devices = g_ptr_array_new_with_free_func(g_free);
    config->files = g_ptr_array_new_with_free_func(free_file);
    config->chardevs = g_ptr_array_new_with_free_func(free_keyval);
    config->monitors = g_ptr_array_new_with_free_func(g_free);
    config->qmp = g_ptr_array_new_with_free_func(g_free);
    config->serials = g_ptr_array_new_with_free_func(g_free);
    config->smp = (GcConfigSmp){1, 1, 1, 1, 1};
    config->splash_time = -1;
    config->reboot_timeout = -1;
    config->fw_cfg_dma = true;
    return config;
}

void gc_config_free(GcConfig *config)
{
    if (config == NULL) {
        return;
    }
    g_free(config->message);
    g_free(config->machine);
    g_free(config->memory_backend);
    g_free(config->dumpdtb);
    g_ptr_array_unref(config->accels);
    g_ptr_array_unref(config->backends);
    g_ptr_array_unref(config->devices);
    g_ptr_array_unref(config->files);
    g_free(config->name);
    g_bytes_unref(config->kernel);
    g_bytes_unref(config->initrd);
    g_free(config->cmdline);
    g_ptr_array_unref(config->chardevs);
    g_ptr_array_unref(config->monitors);
    g_ptr_array_unref(config->qmp);
    g_ptr_array_unref(config->serials);
    g_free(config->qtest);
    g_free(config->qtest_log);
    g_free(config->pidfile);
    g_free(config->panic_dump.path);
    g_free(config->panic_dump.format);
    g_free(config);
}
