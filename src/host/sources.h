/* SPDX-License-Identifier: MIT
 *
 * The Lua library inside the program: made by src/tools/embed at build time. Layer: host.
 */
#ifndef CHL_HOST_SOURCES_H
#define CHL_HOST_SOURCES_H

#include <stddef.h>

typedef struct chl_source {
    const char *module;         /* "churnlab.frame" */
    const unsigned char *bytes; /* Lua text */
    size_t length;
} chl_source;

extern const chl_source chl_sources[]; /* ends with a NULL module */

#endif
