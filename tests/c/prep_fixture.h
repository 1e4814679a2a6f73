/* SPDX-License-Identifier: MIT
 *
 * Frames and preps for tests from short texts: CSV with the target in column y, steps as
 * JSON with single quotes (and backquotes for the quotes in expressions). What it makes
 * belongs to the caller.
 */
#ifndef CHL_TEST_PREP_FIXTURE_H
#define CHL_TEST_PREP_FIXTURE_H

#include <jansson.h>

#include "chl_test.h"

#include "core/base/alloc.h"
#include "core/io/csv.h"
#include "core/prep/prep.h"

/* Columns named in `categories` (separated by spaces) are categories; y is the target,
 * id the id where they exist. */
static inline chl_frame *frame_of(const char *csv, const char *categories)
{
    char words[256];
    const char *typed[16];
    chl_type types[16];
    int n = 0;
    snprintf(words, sizeof words, "%s", categories);
    for (char *word = strtok(words, " "); word && n < 16; word = strtok(NULL, " ")) {
        typed[n] = word;
        types[n++] = CHL_CATEGORY;
    }
    chl_csv_options options = {.typed = typed, .types = types, .typed_count = n};
    chl_frame *frame = NULL, *named = NULL;
    assert_ok(chl_csv_read_bytes(csv, strlen(csv), "test", &options, &frame, &err));
    const char *target = chl_frame_find(frame, "y") >= 0 ? "y" : NULL;
    const char *id = chl_frame_find(frame, "id") >= 0 ? "id" : NULL;
    assert_ok(chl_frame_with_roles(frame, target, NULL, id, &named, &err));
    chl_frame_release(frame);
    return named;
}

static inline json_t *json_of(const char *text)
{
    char *copy = chl_strdup(text);
    json_error_t problem;
    for (char *c = copy; *c; c++) {
        *c = *c == '\'' ? '"' : *c == '`' ? '\'' : *c;
    }
    json_t *json = json_loads(copy, JSON_DECODE_ANY, &problem);
    if (!json) {
        fail_msg("%s: %s", copy, problem.text);
    }
    chl_free(copy);
    return json;
}

static inline chl_status add_steps(chl_prep *prep, const json_t *steps, chl_error *err)
{
    for (size_t i = 0; i < json_array_size(steps); i++) {
        CHL_TRY(chl_prep_add(prep, json_array_get(steps, i), err));
    }
    return CHL_OK;
}

/* An unfitted prep of a JSON list of steps. */
static inline chl_prep *prep_of(const char *steps)
{
    chl_prep *prep = NULL;
    json_t *json = json_of(steps);
    assert_ok(chl_prep_new(&prep, &err));
    assert_ok(add_steps(prep, json, &err));
    json_decref(json);
    return prep;
}

/* The status and message of fitting such steps on such a frame. */
static inline chl_status try_fit(const char *steps, const char *csv,
                                 const char *categories, chl_error *err)
{
    chl_prep *prep = NULL;
    chl_matrix x = {0};
    json_t *json = json_of(steps);
    chl_frame *frame = frame_of(csv, categories);
    chl_status status = chl_prep_new(&prep, err);
    if (status == CHL_OK) {
        status = add_steps(prep, json, err);
    }
    if (status == CHL_OK) {
        status = chl_prep_fit_transform(prep, frame, &x, err);
    }
    chl_matrix_reset(&x);
    chl_frame_release(frame);
    json_decref(json);
    chl_prep_free(prep);
    return status;
}

/* The same for adding the steps alone. */
static inline chl_status try_add(const char *steps, chl_error *err)
{
    chl_prep *prep = NULL;
    json_t *json = json_of(steps);
    chl_status status = chl_prep_new(&prep, err);
    if (status == CHL_OK) {
        status = add_steps(prep, json, err);
    }
    json_decref(json);
    chl_prep_free(prep);
    return status;
}

/* A fitted prep; the training matrix goes to *x unless NULL. */
static inline chl_prep *fitted_prep(const char *steps, const chl_frame *train,
                                    chl_matrix *x)
{
    chl_matrix own;
    chl_prep *prep = prep_of(steps);
    assert_ok(chl_prep_fit_transform(prep, train, x ? x : &own, &err));
    if (!x) {
        chl_matrix_reset(&own);
    }
    return prep;
}

/* The encoded names, joined by " | ". */
static inline void assert_encoded(const chl_prep *prep, const char *expected)
{
    chl_strbuf names = {0};
    for (int j = 0; j < chl_prep_encoded_count(prep); j++) {
        chl_strbuf_printf(&names, "%s%s", j ? " | " : "", chl_prep_encoded_name(prep, j));
    }
    assert_string_equal(names.data, expected);
    chl_strbuf_reset(&names);
}

#endif
