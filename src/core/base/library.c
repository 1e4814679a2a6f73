/* SPDX-License-Identifier: MIT */
#include "core/base/library.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifndef RTLD_NODELETE
#define RTLD_NODELETE 0
#endif

static chl_status find_symbols(const chl_library *library, void *handle, void *functions,
                               chl_error *err)
{
    for (const chl_symbol *symbol = library->symbols; symbol->name; symbol++) {
        void *address = dlsym(handle, symbol->name);
        if (!address) {
            return chl_fail(err, CHL_EIO, "%s: the library lacks %s: it is too old",
                            library->what, symbol->name);
        }
        memcpy((char *)functions + symbol->offset, &address, sizeof address);
    }
    return CHL_OK;
}

static chl_status load_file(const chl_library *library, const char *file, void *functions,
                            bool *found, chl_error *err)
{
    void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    *found = handle != NULL;
    if (!handle) {
        return CHL_OK;
    }
    chl_status status = find_symbols(library, handle, functions, err);
    dlclose(handle);
    return status;
}

/* The file that the environment names, and no other. */
static chl_status load_named(const chl_library *library, const char *file,
                             void *functions, chl_error *err)
{
    bool found;
    CHL_TRY(load_file(library, file, functions, &found, err));
    if (found) {
        return CHL_OK;
    }
    const char *reason = dlerror();
    return chl_fail(err, CHL_EIO, "%s: %s: expected a shared library, got %s",
                    library->what, library->variable, reason ? reason : file);
}

chl_status chl_library_load(const chl_library *library, void *functions, chl_error *err)
{
    const char *named = library->variable ? getenv(library->variable) : NULL;
    if (named && *named) {
        return load_named(library, named, functions, err);
    }
    for (const char *const *file = library->files; *file; file++) {
        bool found;
        CHL_TRY(load_file(library, *file, functions, &found, err));
        if (found) {
            return CHL_OK;
        }
    }
    return chl_fail(err, CHL_EIO, "%s: cannot load %s: install the package %s",
                    library->what, library->files[0], library->package);
}
