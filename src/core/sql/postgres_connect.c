/* SPDX-License-Identifier: MIT
 *
 * Connections to PostgreSQL, without their passwords in messages. Layer: core/sql.
 *
 * libpq takes urls apart, and adds the environment and ~/.pgpass. A url in which a '/' or
 * '@' of the password is not %-encoded is refused here: libpq would take half of the
 * password for a host and name it.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/alloc.h"
#include "core/sql/postgres.h"

enum { WAIT_MS = 100 };

/* ---- messages ---- */

static void hide(char *text, const char *secret)
{
    size_t length = secret ? strlen(secret) : 0;
    while (length > 0 && (text = strstr(text, secret))) {
        size_t stars = length < 3 ? length : 3;
        memset(text, '*', stars);
        memmove(text + stars, text + length, strlen(text + length) + 1);
        text += stars;
    }
}

chl_status postgres_fail_text(postgres_state *state, chl_status code, const char *message,
                              chl_error *err)
{
    char *text = chl_strdup(message);
    if (!text) {
        return chl_fail_memory(err);
    }
    hide(text, state->secrets[0]);
    hide(text, state->secrets[1]);
    sql_fail(err, code, "PostgreSQL", text);
    chl_free(text);
    return code;
}

chl_status postgres_fail(postgres_state *state, chl_error *err)
{
    return postgres_fail_text(state, CHL_EIO, state->api.errorMessage(state->connection),
                              err);
}

/* ---- the url ---- */

/* The password between "user:" and "@"; *length is 0 without one. */
static const char *find_password(const char *url, size_t *length)
{
    const char *user = strstr(url, "://") + 3;
    const char *end = user + strcspn(user, "@/");
    const char *colon = memchr(user, ':', (size_t)(end - user));
    *length = *end == '@' && colon ? (size_t)(end - colon - 1) : 0;
    return colon ? colon + 1 : user;
}

static chl_status check_url(const char *url, chl_error *err)
{
    const char *rest = strstr(url, "://") + 3;
    rest += strcspn(rest, "@/");
    rest += *rest == '@';
    if (memchr(rest, '@', strcspn(rest, "?"))) {
        return chl_fail(err, CHL_EINVAL,
                        "PostgreSQL: url: in a password '@' is %%40, '/' is %%2F, '%%' "
                        "is %%25");
    }
    return CHL_OK;
}

static chl_status parse_url(postgres_state *state, const char *url, chl_error *err)
{
    char *message = NULL;
    CHL_TRY(check_url(url, err));
    PQconninfoOption *options = state->api.conninfoParse(url, &message);
    if (options) {
        state->api.conninfoFree(options);
        return CHL_OK;
    }
    chl_status status =
        !message ? chl_fail_memory(err)
        : strstr(message, "percent")
            ? chl_fail(err, CHL_EINVAL,
                       "PostgreSQL: url: expected two hexadecimal digits after %%")
            : postgres_fail_text(state, CHL_EINVAL, message, err);
    state->api.freemem(message);
    return status;
}

/* What the connection works with: the seconds it may take, the password to hide. */
static chl_status read_settings(postgres_state *state, int *timeout, chl_error *err)
{
    PQconninfoOption *options = state->api.conninfo(state->connection);
    chl_status status = options ? CHL_OK : chl_fail_memory(err);
    for (PQconninfoOption *o = options; o && o->keyword; o++) {
        if (o->val && strcmp(o->keyword, "connect_timeout") == 0) {
            *timeout = atoi(o->val);
        } else if (o->val && strcmp(o->keyword, "password") == 0) {
            state->secrets[1] = chl_strdup(o->val);
            status = state->secrets[1] ? status : chl_fail_memory(err);
        }
    }
    state->api.conninfoFree(options);
    return status;
}

/* ---- connecting ---- */

void postgres_wait(postgres_state *state, bool write)
{
    struct pollfd file = {.fd = state->api.socket(state->connection),
                          .events = write ? POLLOUT : POLLIN};
    poll(&file, 1, WAIT_MS);
}

static bool is_over(const struct timespec *start, int timeout)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return timeout > 0 && now.tv_sec - start->tv_sec >= timeout;
}

static chl_status finish_connecting(postgres_state *state, int timeout, chl_error *err)
{
    struct timespec start;
    PostgresPollingStatusType step = PGRES_POLLING_WRITING;
    clock_gettime(CLOCK_MONOTONIC, &start);
    while (step != PGRES_POLLING_OK) {
        if (step == PGRES_POLLING_FAILED ||
            state->api.status(state->connection) == CONNECTION_BAD) {
            return postgres_fail(state, err);
        }
        CHL_TRY(chl_control_check(state->control, "PostgreSQL", err));
        if (is_over(&start, timeout)) {
            return chl_fail(err, CHL_EIO, "PostgreSQL: no connection after %d s",
                            timeout);
        }
        postgres_wait(state, step == PGRES_POLLING_WRITING);
        step = state->api.connectPoll(state->connection);
    }
    return CHL_OK;
}

static void ignore_notice(void *ctx, const char *message)
{
    (void)ctx;
    (void)message;
}

static chl_status connect_url(postgres_state *state, const char *url, chl_error *err)
{
    const char *const names[] = {"dbname", "fallback_application_name", "client_encoding",
                                 NULL};
    const char *const values[] = {url, "churnlab", "UTF8", NULL};
    int timeout = 0;
    CHL_TRY(postgres_library_load(&state->api, err));
    CHL_TRY(parse_url(state, url, err));
    state->connection = state->api.connectStartParams(names, values, 1);
    if (!state->connection) {
        return chl_fail_memory(err);
    }
    state->api.setNoticeProcessor(state->connection, ignore_notice, NULL);
    if (state->api.status(state->connection) == CONNECTION_BAD) {
        return postgres_fail(state, err);
    }
    CHL_TRY(read_settings(state, &timeout, err));
    CHL_TRY(finish_connecting(state, timeout, err));
    return postgres_run(state,
                        "SET datestyle = 'ISO'; SET timezone = 'UTC'; "
                        "SET extra_float_digits = 1",
                        err);
}

chl_status postgres_open(const char *url, bool read_only, const chl_control *control,
                         void **out, chl_error *err)
{
    size_t length;
    const char *password = find_password(url, &length);
    (void)read_only; /* a query's transaction is */
    *out = NULL;
    postgres_state *state = chl_calloc(1, sizeof *state);
    if (state && length > 0) {
        state->secrets[0] = chl_strndup(password, length);
    }
    if (!state || (length > 0 && !state->secrets[0])) {
        chl_free(state);
        return chl_fail_memory(err);
    }
    state->control = control;
    chl_status status = connect_url(state, url, err);
    if (status != CHL_OK) {
        postgres_close(state);
        return status;
    }
    *out = state;
    return CHL_OK;
}

void postgres_close(void *ctx)
{
    postgres_state *state = ctx;
    if (state->connection) {
        state->api.finish(state->connection);
    }
    chl_free(state->secrets[0]);
    chl_free(state->secrets[1]);
    chl_free(state);
}
