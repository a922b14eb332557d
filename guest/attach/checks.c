/* SPDX-License-Identifier: MIT */
#include "guest/attach/checks.h"

#include <string.h>

#include "base/error.h"

/* What a check is run with, and where it tells. */
typedef struct Checks {
    GcQmpClient *client;
    bool force;
    GPtrArray *warnings;
} Checks;

static void warn(const Checks *checks, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

static void warn(const Checks *checks, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(checks->warnings, g_strdup_vprintf(format, args));
    va_end(args);
}

/* Turns the guest down, unless that is overruled. */
static bool refuse(const Checks *checks, GError **error, const char *format,
                   ...) G_GNUC_PRINTF(3, 4);

static bool refuse(const Checks *checks, GError **error, const char *format,
                   ...)
{
    va_list args;
    g_autofree char *reason = NULL;

    va_start(args, format);
    reason = g_strdup_vprintf(format, args);
    va_end(args);
    if (!checks->force) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED, "%s", reason);
        return false;
    }
    warn(checks, "%s", reason);
    return true;
}

/* A command that not every QEMU has: *@ret_result is NULL if it is refused. */
static bool ask(const Checks *checks, const char *command,
                JsonObject *arguments, JsonNode **ret_result, GError **error)
{
    g_autoptr(GError) own_error = NULL;

    *ret_result =
        gc_qmp_client_execute(checks->client, command, arguments, &own_error);
    if (own_error != NULL &&
        !g_error_matches(own_error, GC_ERROR, GC_ERROR_FORMAT)) {
        g_propagate_error(error, g_steal_pointer(&own_error));
        return false;
    }
    return true;
}

static const char *get_string(JsonNode *node, const char *name)
{
    return node != NULL && JSON_NODE_HOLDS_OBJECT(node)
               ? gc_qmp_get_string(json_node_get_object(node), name, "")
               : "";
}

static bool check_migration(const Checks *checks, GError **error)
{
    static const char *const idle[] = {"",          "none",   "completed",
                                       "cancelled", "failed", NULL};
    g_autoptr(JsonNode) migration = NULL;
    g_autoptr(JsonNode) run_state = NULL;
    const char *status;

    if (!ask(checks, "query-migrate", NULL, &migration, error) ||
        !ask(checks, "query-status", NULL, &run_state, error)) {
        return false;
    }
    status = get_string(migration, "status");
    if (strcmp(get_string(run_state, "status"), "inmigrate") == 0) {
        return refuse(checks, error,
                      "the guest has not arrived here yet: it waits for an "
                      "incoming migration");
    }
    if (g_str_has_prefix(status, "postcopy")) {
        return refuse(checks, error,
                      "part of the guest's memory is on another host: it is "
                      "in postcopy migration (%s)",
                      status);
    }
    return g_strv_contains(idle, status) ||
           refuse(checks, error,
                  "the guest is being migrated (%s): dump it afterwards",
                  status);
}

static JsonObject *make_path(const char *path, const char *property)
{
    JsonObject *arguments = json_object_new();

    json_object_set_string_member(arguments, "path", path);
    if (property != NULL) {
        json_object_set_string_member(arguments, "property", property);
    }
    return arguments;
}

static bool check_encryption(const Checks *checks, GError **error)
{
    g_autoptr(JsonNode) support = NULL;
    g_autoptr(JsonNode) sev = NULL;
    const char *object;

    if (!ask(checks, "qom-get",
             make_path("/machine", "confidential-guest-support"), &support,
             error) ||
        !ask(checks, "query-sev", NULL, &sev, error)) {
        return false;
    }
    object = support != NULL && JSON_NODE_HOLDS_VALUE(support)
                 ? json_node_get_string(support)
                 : NULL;
    if (object != NULL && object[0] != '\0') {
        return refuse(checks, error,
                      "the guest's memory and registers are hidden from this "
                      "host (confidential-guest-support is %s): no reader "
                      "could make sense of the dump",
                      object);
    }
    if (sev != NULL && JSON_NODE_HOLDS_OBJECT(sev) &&
        gc_qmp_get_int(json_node_get_object(sev), "enabled") != 0) {
        return refuse(checks, error,
                      "the guest's memory is encrypted (SEV): no reader could "
                      "make sense of the dump");
    }
    return true;
}

/* The type of a device that is passed through, out of "child<vfio-pci>"; NULL
 * if it is of another type. */
static char *get_passed_through(const char *property_type)
{
    static const char child[] = "child<";
    const char *type = property_type + strlen(child);

    if (!g_str_has_prefix(property_type, child) ||
        !(g_str_has_prefix(type, "vfio-") ||
          g_str_has_prefix(type, "vhost-vdpa"))) {
        return NULL;
    }
    return g_strndup(type, strcspn(type, ">"));
}

static bool check_devices_in(const Checks *checks, const char *path,
                             GError **error)
{
    g_autoptr(JsonNode) result = NULL;
    JsonArray *list;

    if (!ask(checks, "qom-list", make_path(path, NULL), &result, error)) {
        return false;
    }
    list = result != NULL && JSON_NODE_HOLDS_ARRAY(result)
               ? json_node_get_array(result)
               : NULL;
    for (guint i = 0; list != NULL && i < json_array_get_length(list); i++) {
        JsonNode *item = json_array_get_element(list, i);
        g_autofree char *type = get_passed_through(get_string(item, "type"));

        if (type != NULL) {
            warn(checks,
                 "device %s (%s) is passed through: it may write to memory "
                 "while the guest stands still",
                 get_string(item, "name"), type);
        }
    }
    return true;
}

static bool check_network(const Checks *checks, GError **error)
{
    g_autoptr(GError) own_error = NULL;
    g_autofree char *text =
        gc_qmp_client_monitor(checks->client, "info network", &own_error);

    if (text != NULL && strstr(text, "type=vhost-vdpa") != NULL) {
        warn(checks, "a network device is passed through (vDPA): it may write "
                     "to memory while the guest stands still");
    }
    if (own_error != NULL &&
        !g_error_matches(own_error, GC_ERROR, GC_ERROR_FORMAT)) {
        g_propagate_error(error, g_steal_pointer(&own_error));
        return false;
    }
    return true;
}

bool gc_checks_run(GcQmpClient *client, bool force, GPtrArray *warnings,
                   GError **error)
{
    const Checks checks = {client, force, warnings};

    return check_migration(&checks, error) &&
           check_encryption(&checks, error) &&
           check_devices_in(&checks, "/machine/peripheral", error) &&
           check_devices_in(&checks, "/machine/peripheral-anon", error) &&
           check_network(&checks, error);
}
