/* SPDX-License-Identifier: MIT
 *
 * The columns of a result while its rows arrive. Layer: core/sql.
 *
 * A column has a type from the caller ("types"), from the database, or, undecided, from
 * the first value present. Errors name the row (of the whole result, from 1) and column.
 */
#ifndef CHL_SQL_COLUMNS_H
#define CHL_SQL_COLUMNS_H

#include <jansson.h>

#include "core/data/builder.h"
#include "core/data/frame.h"

enum { SQL_UNDECIDED = -1 };

typedef struct sql_column {
    char *name;          /* owned */
    int type;            /* chl_type or SQL_UNDECIDED */
    bool wanted;         /* the caller gave the type: values are converted */
    bool widens;         /* i64 may still become f64 (until the first batch is over) */
    bool open;           /* the builder is in use */
    int64_t gap;         /* missing rows before the first value of an undecided column */
    chl_builder builder; /* rows of this batch */
} sql_column;

typedef struct sql_columns {
    sql_column *list;
    int count;
    int64_t before; /* rows of earlier batches */
    int64_t rows;   /* complete rows of this batch */
} sql_columns;

CHL_MUST_CHECK chl_status sql_columns_init(sql_columns *columns, int count,
                                           chl_error *err);
void sql_columns_reset(sql_columns *columns);
/* Names column i (names must be unique) and says its declared type. */
CHL_MUST_CHECK chl_status sql_columns_declare(sql_columns *columns, int i,
                                              const char *name, int type, chl_error *err);
/* The number of the column of that name; fails with the nearest one. */
CHL_MUST_CHECK chl_status sql_columns_find(const sql_columns *columns, const char *where,
                                           const char *name, int *index, chl_error *err);
/* The caller's types: an object {column: type}, or NULL. After the last declare. */
CHL_MUST_CHECK chl_status sql_columns_want(sql_columns *columns, const json_t *types,
                                           chl_error *err);

/* The next value of column i. */
CHL_MUST_CHECK chl_status sql_columns_null(sql_columns *columns, int i, chl_error *err);
CHL_MUST_CHECK chl_status sql_columns_i64(sql_columns *columns, int i, int64_t value,
                                          chl_error *err);
CHL_MUST_CHECK chl_status sql_columns_f64(sql_columns *columns, int i, double value,
                                          chl_error *err);
CHL_MUST_CHECK chl_status sql_columns_text(sql_columns *columns, int i, const char *text,
                                           size_t length, chl_error *err);
/* As text, but also numbers from their text: for a database that sends text only. */
CHL_MUST_CHECK chl_status sql_columns_parse(sql_columns *columns, int i, const char *text,
                                            size_t length, chl_error *err);

/* The rows of this batch as a frame; types are settled from here on. */
CHL_MUST_CHECK chl_status sql_columns_finish(sql_columns *columns, chl_frame **out,
                                             chl_error *err);

#endif
