/* SPDX-License-Identifier: MIT */
#include "core/base/json_text.h"

static int append(const char *bytes, size_t n, void *out)
{
    chl_strbuf_append(out, bytes, n);
    return ((chl_strbuf *)out)->failed ? -1 : 0;
}

chl_status chl_json_text(const json_t *json, chl_strbuf *out, chl_error *err)
{
    int failed = json_dump_callback(json, append, out,
                                    JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    return failed ? chl_fail_memory(err) : CHL_OK;
}
