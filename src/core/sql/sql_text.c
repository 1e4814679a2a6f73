/* SPDX-License-Identifier: MIT
 *
 * Parts of statements, messages and progress for both backends. Layer: core/sql.
 */
#include <stdio.h>
#include <string.h>

#include "core/sql/backend.h"

void sql_put_name(chl_strbuf *out, const char *name)
{
    chl_strbuf_putc(out, '"');
    for (; *name; name++) {
        if (*name == '"') {
            chl_strbuf_putc(out, '"');
        }
        chl_strbuf_putc(out, *name);
    }
    chl_strbuf_putc(out, '"');
}

void sql_put_names(chl_strbuf *out, const char *const *names, int n)
{
    for (int i = 0; i < n; i++) {
        chl_strbuf_puts(out, i > 0 ? ", " : "");
        sql_put_name(out, names[i]);
    }
}

void sql_put_columns(chl_strbuf *out, const chl_frame *frame)
{
    for (int i = 0; i < frame->columns; i++) {
        chl_strbuf_puts(out, i > 0 ? ", " : "");
        sql_put_name(out, frame->fields[i].name);
    }
}

bool sql_is_key(const sql_insert *insert, const char *name)
{
    for (int i = 0; i < insert->key_count; i++) {
        if (strcmp(insert->keys[i], name) == 0) {
            return true;
        }
    }
    return false;
}

void sql_put_conflict(chl_strbuf *out, const sql_insert *insert)
{
    const char *before = " DO UPDATE SET ";
    chl_strbuf_puts(out, " ON CONFLICT (");
    sql_put_names(out, insert->keys, insert->key_count);
    chl_strbuf_putc(out, ')');
    for (int i = 0; i < insert->frame->columns; i++) {
        const char *name = insert->frame->fields[i].name;
        if (!sql_is_key(insert, name)) {
            chl_strbuf_puts(out, before);
            sql_put_name(out, name);
            chl_strbuf_puts(out, " = excluded.");
            sql_put_name(out, name);
            before = ", ";
        }
    }
    if (insert->key_count == insert->frame->columns) {
        chl_strbuf_puts(out, " DO NOTHING");
    }
}

chl_status sql_fail(chl_error *err, chl_status code, const char *engine,
                    const char *message)
{
    chl_fail(err, code, "%s: %s", engine, message ? message : "unknown error");
    size_t length = err ? strlen(err->message) : 0;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)err->message[i] < ' ') {
            err->message[i] = ' ';
        }
    }
    for (; length > 0 && err->message[length - 1] == ' '; length--) {
        err->message[length - 1] = '\0';
    }
    return code;
}

chl_status sql_progress(const chl_control *control, const char *verb, int64_t rows,
                        int64_t total, chl_error *err)
{
    char text[64];
    snprintf(text, sizeof text, "%s: %lld rows", verb, (long long)rows);
    chl_control_report(control, total > 0 ? (double)rows / (double)total : 0, text);
    return chl_control_cancelled(control) ? chl_fail(err, CHL_ECANCELLED, "interrupted")
                                          : CHL_OK;
}
