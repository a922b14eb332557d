/* SPDX-License-Identifier: MIT */
#include "guest/attach/run_state.h"

#include <string.h>

#include "base/error.h"

bool gc_run_state_query(GcQmpClient *client, GcRunState *ret_state,
                        GError **error)
{
    g_autoptr(JsonNode) result =
        gc_qmp_client_execute(client, "query-status", NULL, error);
    JsonObject *answer;
    GcRunState state;

    if (result == NULL) {
        return false;
    }
    if (!JSON_NODE_HOLDS_OBJECT(result) ||
        !json_object_has_member(json_node_get_object(result), "running")) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "query-status does not say whether the guest runs");
        return false;
    }
    answer = json_node_get_object(result);
    state.runs = gc_qmp_get_int(answer, "running") != 0;
    g_strlcpy(state.status, gc_qmp_get_string(answer, "status", ""),
              sizeof(state.status));
    *ret_state = state;
    return true;
}

bool gc_run_state_is_paused(const GcRunState *state)
{
    return strcmp(state->status, "paused") == 0;
}
