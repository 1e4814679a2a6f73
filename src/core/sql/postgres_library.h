/* SPDX-License-Identifier: MIT
 *
 * The functions of libpq that core/sql calls. Layer: core/sql, private.
 */
#ifndef CHL_SQL_POSTGRES_LIBRARY_H
#define CHL_SQL_POSTGRES_LIBRARY_H

#include <libpq-fe.h>

#include "core/base/status.h"

#define POSTGRES_FUNCTIONS(X)                                                            \
    X(conninfoParse)                                                                     \
    X(conninfo)                                                                          \
    X(conninfoFree)                                                                      \
    X(freemem)                                                                           \
    X(connectStartParams)                                                                \
    X(connectPoll)                                                                       \
    X(status)                                                                            \
    X(socket)                                                                            \
    X(finish)                                                                            \
    X(errorMessage)                                                                      \
    X(transactionStatus)                                                                 \
    X(setNoticeProcessor)                                                                \
    X(sendQuery)                                                                         \
    X(sendQueryParams)                                                                   \
    X(setSingleRowMode)                                                                  \
    X(consumeInput)                                                                      \
    X(isBusy)                                                                            \
    X(getResult)                                                                         \
    X(clear)                                                                             \
    X(resultStatus)                                                                      \
    X(resultErrorField)                                                                  \
    X(cmdTuples)                                                                         \
    X(nfields)                                                                           \
    X(ntuples)                                                                           \
    X(fname)                                                                             \
    X(ftype)                                                                             \
    X(getisnull)                                                                         \
    X(getvalue)                                                                          \
    X(getlength)                                                                         \
    X(putCopyData)                                                                       \
    X(putCopyEnd)                                                                        \
    X(getCopyData)                                                                       \
    X(getCancel)                                                                         \
    X(cancel)                                                                            \
    X(freeCancel)

/* PQconnectPoll is api->connectPoll … */
typedef struct postgres_library {
#define POSTGRES_POINTER(name) __typeof__(&PQ##name) name;
    POSTGRES_FUNCTIONS(POSTGRES_POINTER)
#undef POSTGRES_POINTER
} postgres_library;

CHL_MUST_CHECK chl_status postgres_library_load(postgres_library *api, chl_error *err);

#endif
