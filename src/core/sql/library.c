/* SPDX-License-Identifier: MIT */
#include "core/sql/library.h"

#include <dlfcn.h>
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

chl_status chl_library_load(const chl_library *library, void *functions, chl_error *err)
{
    for (const char *const *file = library->files; *file; file++) {
        void *handle = dlopen(*file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        if (handle) {
            chl_status status = find_symbols(library, handle, functions, err);
            dlclose(handle);
            return status;
        }
    }
    return chl_fail(err, CHL_EIO, "%s: cannot load %s: install the package %s",
                    library->what, library->files[0], library->package);
}
