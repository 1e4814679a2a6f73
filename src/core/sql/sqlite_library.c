/* SPDX-License-Identifier: MIT */
#include "core/sql/sqlite_library.h"

#include "core/base/library.h"

chl_status sqlite_library_load(sqlite_library *api, chl_error *err)
{
    static const char *const files[] = {"libsqlite3.so.0", "libsqlite3.dylib",
                                        "libsqlite3.so", NULL};
    static const chl_symbol symbols[] = {
#define SQLITE_SYMBOL(name) {"sqlite3_" #name, offsetof(sqlite_library, name)},
        SQLITE_FUNCTIONS(SQLITE_SYMBOL)
#undef SQLITE_SYMBOL
            {NULL, 0}};
    static const chl_library library = {
        "SQLite", "libsqlite3-0 (Fedora: sqlite-libs, Homebrew: sqlite)", files, symbols,
        NULL};
    return chl_library_load(&library, api, err);
}
