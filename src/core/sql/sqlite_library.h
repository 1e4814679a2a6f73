/* SPDX-License-Identifier: MIT
 *
 * The functions of libsqlite3 that core/sql calls. Layer: core/sql, private.
 */
#ifndef CHL_SQL_SQLITE_LIBRARY_H
#define CHL_SQL_SQLITE_LIBRARY_H

#include <sqlite3.h>

#include "core/base/status.h"

#define SQLITE_FUNCTIONS(X)                                                              \
    X(open_v2)                                                                           \
    X(close_v2)                                                                          \
    X(errmsg)                                                                            \
    X(system_errno)                                                                      \
    X(progress_handler)                                                                  \
    X(busy_handler)                                                                      \
    X(exec)                                                                              \
    X(prepare_v2)                                                                        \
    X(finalize)                                                                          \
    X(step)                                                                              \
    X(reset)                                                                             \
    X(stmt_readonly)                                                                     \
    X(changes)                                                                           \
    X(total_changes)                                                                     \
    X(get_autocommit)                                                                    \
    X(column_count)                                                                      \
    X(column_name)                                                                       \
    X(column_decltype)                                                                   \
    X(column_type)                                                                       \
    X(column_int64)                                                                      \
    X(column_double)                                                                     \
    X(column_text)                                                                       \
    X(column_blob)                                                                       \
    X(column_bytes)                                                                      \
    X(bind_parameter_count)                                                              \
    X(bind_parameter_name)                                                               \
    X(bind_null)                                                                         \
    X(bind_int64)                                                                        \
    X(bind_double)                                                                       \
    X(bind_text64)

/* sqlite3_open_v2 is api->open_v2 … */
typedef struct sqlite_library {
#define SQLITE_POINTER(name) __typeof__(&sqlite3_##name) name;
    SQLITE_FUNCTIONS(SQLITE_POINTER)
#undef SQLITE_POINTER
} sqlite_library;

CHL_MUST_CHECK chl_status sqlite_library_load(sqlite_library *api, chl_error *err);

#endif
