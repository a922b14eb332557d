/* SPDX-License-Identifier: MIT */
#include "guest/attach/qmp_client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fileio.h"

/* How long QEMU may take.  It answers in milliseconds, but stopping a guest
 * waits for its disks. */
#define GREETING_SECONDS 10
#define COMMAND_SECONDS 120

/* The longest line that is accepted; "info mtree" has some 100 KiB. */
#define MAX_LINE (16u * 1024 * 1024)
#define MAX_DEPTH 256u

/* How often a wait looks whether it was cancelled. */
#define LOOK_MS 200

struct GcQmpClient {
    int fd;
    pid_t pid;
    GcQmpLimits limits;
    bool is_lost;
    gint64 last_id;       /* of the command sent last */
    GByteArray *received; /* not yet parsed */
};

void gc_qmp_client_free(GcQmpClient *client)
{
    if (client != NULL) {
        gc_close_fd(&client->fd);
        g_byte_array_unref(client->received);
        g_free(client);
    }
}

pid_t gc_qmp_client_get_pid(const GcQmpClient *client)
{
    return client->pid;
}

int gc_qmp_client_get_fd(const GcQmpClient *client)
{
    return client->fd;
}

void gc_qmp_client_clear_limits(GcQmpClient *client)
{
    client->limits = (GcQmpLimits){0};
}

bool gc_qmp_client_is_lost(const GcQmpClient *client)
{
    return client->is_lost;
}

static gint64 get_deadline(const GcQmpClient *client, gint64 seconds)
{
    gint64 deadline = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;

    return client->limits.deadline != 0 ? MIN(deadline, client->limits.deadline)
                                        : deadline;
}

static bool is_cancelled(const GcQmpClient *client)
{
    return client->limits.is_cancelled != NULL &&
           client->limits.is_cancelled(client->limits.user_data);
}

/* Waits until the socket is ready for @events. */
static bool wait_for(const GcQmpClient *client, short events, gint64 deadline,
                     GError **error)
{
    struct pollfd poll_fd = {.fd = client->fd, .events = events};
    int ready;

    do {
        gint64 left = (deadline - g_get_monotonic_time()) / 1000;

        if (is_cancelled(client)) {
            g_set_error(error, GC_ERROR, GC_ERROR_CANCELLED, "cancelled");
            return false;
        }
        if (client->limits.deadline != 0 &&
            g_get_monotonic_time() >= client->limits.deadline) {
            g_set_error(error, GC_ERROR, GC_ERROR_CANCELLED, "timed out");
            return false;
        }
        if (left < 0) {
            g_set_error(error, GC_ERROR, GC_ERROR_IO, "QEMU does not answer");
            return false;
        }
        ready = poll(&poll_fd, 1, (int)MIN(left + 1, LOOK_MS));
    } while (ready == 0 || (ready < 0 && errno == EINTR));
    if (ready < 0) {
        gc_set_error_errno(error, errno, "cannot wait for QEMU");
        return false;
    }
    return true;
}

static bool receive_more(GcQmpClient *client, gint64 deadline, GError **error)
{
    uint8_t bytes[65536];
    ssize_t n;

    if (client->received->len >= MAX_LINE) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "QEMU sent a line of more than %u bytes", MAX_LINE);
        return false;
    }
    if (!wait_for(client, POLLIN, deadline, error)) {
        return false;
    }
    n = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return true;
    }
    client->is_lost = n <= 0;
    if (n < 0) {
        gc_set_error_errno(error, errno, "cannot read from QEMU");
        return false;
    }
    if (n == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_IO, "QEMU closed the connection");
        return false;
    }
    g_byte_array_append(client->received, bytes, (guint)n);
    return true;
}

/* The next line, without its end. */
static char *receive_line(GcQmpClient *client, gint64 deadline, GError **error)
{
    GByteArray *received = client->received;
    guint searched = 0;

    for (;;) {
        const uint8_t *end = received->len > searched
                                 ? memchr(received->data + searched, '\n',
                                          received->len - searched)
                                 : NULL;

        if (end != NULL) {
            guint length = (guint)(end - received->data);
            char *line = g_strndup((const char *)received->data, length);

            g_byte_array_remove_range(received, 0, length + 1);
            return line;
        }
        searched = received->len;
        if (!receive_more(client, deadline, error)) {
            return NULL;
        }
    }
}

/* The parser calls itself for each bracket inside another; QEMU needs some
 * ten of them. */
static bool is_too_deep(const char *line)
{
    unsigned depth = 0;
    bool in_string = false;

    for (; *line != '\0' && depth <= MAX_DEPTH; line++) {
        if (*line == '"') {
            in_string = !in_string;
        } else if (in_string && *line == '\\' && line[1] != '\0') {
            line++;
        } else if (!in_string && (*line == '[' || *line == '{')) {
            depth++;
        } else if (!in_string && (*line == ']' || *line == '}')) {
            depth -= depth > 0;
        }
    }
    return depth > MAX_DEPTH;
}

static JsonObject *receive_object(GcQmpClient *client, gint64 deadline,
                                  GError **error)
{
    g_autofree char *line = receive_line(client, deadline, error);
    g_autoptr(JsonNode) node = NULL;
    g_autoptr(GError) json_error = NULL;

    if (line == NULL) {
        return NULL;
    }
    node = !is_too_deep(line) ? json_from_string(line, &json_error) : NULL;
    if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node)) {
        g_autofree char *shown = g_strescape(line, NULL);

        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "what answers is not QMP: \"%.60s\"", shown);
        return NULL;
    }
    return json_node_dup_object(node);
}

/* Sends @bytes, and @fd with the first of them unless it is -1. */
static ssize_t send_some(int socket, const char *bytes, size_t len, int fd)
{
    union {
        char buffer[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec part = {(void *)(uintptr_t)bytes, len};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (fd >= 0) {
        struct cmsghdr *header;

        message.msg_control = control.buffer;
        message.msg_controllen = sizeof(control.buffer);
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &fd, sizeof(int));
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool send_all(GcQmpClient *client, const char *bytes, int fd,
                     gint64 deadline, GError **error)
{
    size_t len = strlen(bytes);

    while (len > 0) {
        ssize_t n;

        if (!wait_for(client, POLLOUT, deadline, error)) {
            return false;
        }
        n = send_some(client->fd, bytes, len, fd);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (n < 0) {
            client->is_lost = true;
            gc_set_error_errno(error, errno, "cannot write to QEMU");
            return false;
        }
        bytes += n;
        len -= (size_t)n;
        fd = -1;
    }
    return true;
}

static char *make_command(const char *command, gint64 id, JsonObject *arguments)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "execute");
    json_builder_add_string_value(builder, command);
    json_builder_set_member_name(builder, "id");
    json_builder_add_int_value(builder, id);
    if (arguments != NULL) {
        JsonNode *node = json_node_new(JSON_NODE_OBJECT);

        json_node_take_object(node, arguments);
        json_builder_set_member_name(builder, "arguments");
        json_builder_add_value(builder, node);
    }
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    text = json_to_string(root, FALSE);
    return g_strconcat(text, "\n", NULL);
}

/* What QEMU says is wrong, from {"error": {"class": ..., "desc": ...}}; NULL
 * if @reply is no refusal. */
static const char *get_refusal(JsonObject *reply)
{
    JsonNode *error = json_object_get_member(reply, "error");
    JsonNode *desc =
        error != NULL && JSON_NODE_HOLDS_OBJECT(error)
            ? json_object_get_member(json_node_get_object(error), "desc")
            : NULL;

    if (error == NULL) {
        return NULL;
    }
    if (desc == NULL || !JSON_NODE_HOLDS_VALUE(desc) ||
        json_node_get_value_type(desc) != G_TYPE_STRING) {
        return "no reason given";
    }
    return json_node_get_string(desc);
}

/* Whether it answers an earlier command, for which nobody waits any more. */
static bool is_late(const GcQmpClient *client, JsonObject *reply)
{
    JsonNode *id = json_object_get_member(reply, "id");

    return id != NULL && (!JSON_NODE_HOLDS_VALUE(id) ||
                          json_node_get_int(id) != client->last_id);
}

/* The answer to the command that was sent last; events on the way are
 * dropped. */
static JsonNode *receive_reply(GcQmpClient *client, gint64 deadline,
                               GError **error)
{
    for (;;) {
        g_autoptr(JsonObject) reply = receive_object(client, deadline, error);
        const char *refusal;

        if (reply == NULL) {
            return NULL;
        }
        if (is_late(client, reply)) {
            continue;
        }
        if (json_object_has_member(reply, "return")) {
            return json_object_dup_member(reply, "return");
        }
        refusal = get_refusal(reply);
        if (refusal != NULL) {
            g_set_error(error, GC_ERROR, GC_ERROR_FORMAT, "%s", refusal);
            return NULL;
        }
    }
}

bool gc_qmp_client_send(GcQmpClient *client, const char *command,
                        JsonObject *arguments, int fd, GError **error)
{
    g_autofree char *text = make_command(command, ++client->last_id, arguments);

    if (!send_all(client, text, fd, get_deadline(client, COMMAND_SECONDS),
                  error)) {
        g_prefix_error(error, "%s: ", command);
        return false;
    }
    return true;
}

JsonNode *gc_qmp_client_receive(GcQmpClient *client, const char *command,
                                GError **error)
{
    JsonNode *result =
        receive_reply(client, get_deadline(client, COMMAND_SECONDS), error);

    if (result == NULL) {
        g_prefix_error(error, "%s: ", command);
    }
    return result;
}

JsonNode *gc_qmp_client_execute(GcQmpClient *client, const char *command,
                                JsonObject *arguments, GError **error)
{
    return gc_qmp_client_send(client, command, arguments, -1, error)
               ? gc_qmp_client_receive(client, command, error)
               : NULL;
}

char *gc_qmp_client_monitor(GcQmpClient *client, const char *command_line,
                            GError **error)
{
    JsonObject *arguments = json_object_new();
    g_autoptr(JsonNode) result = NULL;

    json_object_set_string_member(arguments, "command-line", command_line);
    result = gc_qmp_client_execute(client, "human-monitor-command", arguments,
                                   error);
    if (result == NULL) {
        return NULL;
    }
    if (!JSON_NODE_HOLDS_VALUE(result) ||
        json_node_get_value_type(result) != G_TYPE_STRING) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "%s: QEMU did not answer with text", command_line);
        return NULL;
    }
    return json_node_dup_string(result);
}

const char *gc_qmp_get_string(JsonObject *object, const char *name,
                              const char *fallback)
{
    JsonNode *node = json_object_get_member(object, name);
    const char *text = node != NULL && JSON_NODE_HOLDS_VALUE(node)
                           ? json_node_get_string(node)
                           : NULL;

    return text != NULL ? text : fallback;
}

gint64 gc_qmp_get_int(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_int(node)
                                                       : 0;
}

static bool connect_socket(GcQmpClient *client, const char *path,
                           GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred peer;
    socklen_t peer_size = sizeof(peer);

    if (strlen(path) >= sizeof(address.sun_path)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "a socket's path has less than %zu characters",
                    sizeof(address.sun_path));
        return false;
    }
    strcpy(address.sun_path, path);
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0 || connect(client->fd, (const struct sockaddr *)&address,
                                  sizeof(address)) != 0) {
        gc_set_error_errno(error, errno, "cannot connect");
        return false;
    }
    if (getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) ==
        0) {
        client->pid = peer.pid;
    }
    return true;
}

static bool negotiate(GcQmpClient *client, GError **error)
{
    g_autoptr(GError) greeting_error = NULL;
    g_autoptr(JsonObject) greeting = receive_object(
        client, get_deadline(client, GREETING_SECONDS), &greeting_error);
    g_autoptr(JsonNode) result = NULL;

    if (greeting == NULL) {
        g_propagate_prefixed_error(
            error, g_steal_pointer(&greeting_error),
            "no QMP greeting (a monitor serves one client at a time): ");
        return false;
    }
    if (!json_object_has_member(greeting, "QMP")) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "what answers is not QMP");
        return false;
    }
    result = gc_qmp_client_execute(client, "qmp_capabilities", NULL, error);
    return result != NULL;
}

GcQmpClient *gc_qmp_client_new(const char *path, const GcQmpLimits *limits,
                               GError **error)
{
    g_autoptr(GcQmpClient) client = g_new0(GcQmpClient, 1);

    if (limits != NULL) {
        client->limits = *limits;
    }
    client->fd = -1;
    client->received = g_byte_array_new();
    if (!connect_socket(client, path, error) || !negotiate(client, error)) {
        g_prefix_error(error, "%s: ", path);
        return NULL;
    }
    return g_steal_pointer(&client);
}
