/* SPDX-License-Identifier: MIT */
#include "core/trees/xgboost_library.h"

#include <stddef.h>
#include <string.h>

#include "core/base/library.h"

static chl_status check_version(const xgboost_library *api, chl_error *err)
{
    int major = 0, minor = 0, patch = 0;
    api->version(&major, &minor, &patch);
    if (major > 3 || major < 1 || (major == 1 && minor < 6)) {
        return chl_fail(err, CHL_EFORMAT,
                        "XGBoost: expected a library of version 1.6 to 3, got %d.%d.%d",
                        major, minor, patch);
    }
    return CHL_OK;
}

chl_status xgboost_library_load(xgboost_library *api, chl_error *err)
{
    static const char *const files[] = {"libxgboost.so",
                                        "libxgboost.so.2",
                                        "libxgboost.so.1",
                                        "libxgboost.so.0", /* Debian's */
                                        "libxgboost.dylib",
                                        "/opt/homebrew/opt/xgboost/lib/libxgboost.dylib",
                                        "/usr/local/opt/xgboost/lib/libxgboost.dylib",
                                        NULL};
    static const chl_symbol symbols[] = {
        {"XGBGetLastError", offsetof(xgboost_library, get_error)},
        {"XGBoostVersion", offsetof(xgboost_library, version)},
        {"XGDMatrixCreateFromMat", offsetof(xgboost_library, matrix_new)},
        {"XGDMatrixFree", offsetof(xgboost_library, matrix_free)},
        {"XGDMatrixSetFloatInfo", offsetof(xgboost_library, matrix_set)},
        {"XGBoosterCreate", offsetof(xgboost_library, booster_new)},
        {"XGBoosterFree", offsetof(xgboost_library, booster_free)},
        {"XGBoosterSetParam", offsetof(xgboost_library, set_param)},
        {"XGBoosterUpdateOneIter", offsetof(xgboost_library, update)},
        {"XGBoosterPredictFromDMatrix", offsetof(xgboost_library, predict)},
        {"XGBoosterSaveModelToBuffer", offsetof(xgboost_library, save)},
        {NULL, 0}};
    static const chl_library library = {
        "XGBoost",
        "libxgboost0 (Homebrew: xgboost), or set CHURNLAB_XGBOOST to the file "
        "libxgboost.so, "
        "such as the one that `pip install xgboost` put into site-packages/xgboost/lib",
        files, symbols, "CHURNLAB_XGBOOST"};
    CHL_TRY(chl_library_load(&library, api, err));
    return check_version(api, err);
}

chl_status xgboost_fail(const xgboost_library *api, chl_error *err)
{
    const char *text = api->get_error();
    const char *after = text && *text == '[' ? strchr(text, ']') : NULL;
    text = after ? after + 1 + strspn(after + 1, " ") : text ? text : "no reason";
    return chl_fail(err, CHL_EINVAL, "XGBoost: %.*s", (int)strcspn(text, "\n"), text);
}
