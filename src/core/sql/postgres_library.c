/* SPDX-License-Identifier: MIT */
#include "core/sql/postgres_library.h"

#include "core/base/library.h"

chl_status postgres_library_load(postgres_library *api, chl_error *err)
{
    static const char *const files[] = {
        "libpq.so.5", "libpq.5.dylib",
        "/opt/homebrew/opt/libpq/lib/libpq.5.dylib", /* not among the linked ones */
        "/usr/local/opt/libpq/lib/libpq.5.dylib", NULL};
    static const chl_symbol symbols[] = {
#define POSTGRES_SYMBOL(name) {"PQ" #name, offsetof(postgres_library, name)},
        POSTGRES_FUNCTIONS(POSTGRES_SYMBOL)
#undef POSTGRES_SYMBOL
            {NULL, 0}};
    static const chl_library library = {"PostgreSQL", "libpq5 (Fedora, Homebrew: libpq)",
                                        files, symbols, NULL};
    return chl_library_load(&library, api, err);
}
