/* SPDX-License-Identifier: MIT
 *
 * One step of a prep: what every kind of step has, and the table of functions that makes
 * it that kind. Layer: core/prep. One file per kind.
 *
 * Life: parse (options) → fit (learns from training cells) or load (what fit learned,
 * from JSON) → bind (finds its columns in the layout, adds what it makes) → apply (cells,
 * any number of times, on any thread). Binding happens again after load, in the same way,
 * so a loaded step passes the checks of a fitted one.
 */
#ifndef CHL_PREP_STEP_H
#define CHL_PREP_STEP_H

#include <jansson.h>

#include "core/base/strbuf.h"
#include "core/prep/layout.h"
#include "core/prep/work.h"

typedef struct chl_step chl_step;

/* What fitting may look at. */
typedef struct chl_fit {
    chl_layout *layout;     /* before the step */
    chl_work *work;         /* the training cells before the step */
    const chl_frame *frame; /* the training frame, for the target */
} chl_fit;

typedef struct chl_step_class {
    const char *name;
    size_t size;     /* of the struct that starts with a chl_step */
    int takes;       /* CHL_TAKES_… of the columns it works on; 0 = it has no columns */
    bool indicators; /* without "columns" it takes one-hot and flag columns, too */
    /* Without "columns" it takes only those of this name. NULL = of any name. */
    bool (*matches)(const chl_step *step, const char *name);
    /* Reads the options into the zeroed step; they stay alive as step->options. */
    chl_status (*parse)(chl_step *step, const json_t *options, chl_error *err);
    /* Learns; step->names and slots are chosen. NULL = nothing to learn. */
    chl_status (*fit)(chl_step *step, const chl_fit *fit, chl_error *err);
    /* Adds slots to the layout, kills those that it replaces. May be called again. */
    chl_status (*bind)(chl_step *step, chl_layout *layout, chl_error *err);
    /* Changes or fills cells. NULL = nothing to do. */
    chl_status (*apply)(const chl_step *step, chl_work *work, const chl_layout *layout,
                        chl_error *err);
    /* apply for the training rows themselves, where that differs (cross-fitting). */
    chl_status (*apply_fit)(const chl_step *step, const chl_fit *fit, chl_error *err);
    /* What fit learned to and from the members of a JSON object. NULL = nothing. */
    chl_status (*save)(const chl_step *step, json_t *state, chl_error *err);
    chl_status (*load)(chl_step *step, const json_t *state, chl_error *err);
    /* What it does, in words; step->n is 0 while it is not fitted. */
    void (*describe)(const chl_step *step, chl_strbuf *out);
    /* Frees what the kind added; must cope with a step that is half made. */
    void (*reset)(chl_step *step);
} chl_step_class;

struct chl_step {
    const chl_step_class *class;
    json_t *options; /* as given: with "step", owned */
    char **names;    /* [n] the columns it works on, once fitted or loaded */
    int *slots;      /* [n] their slots, once bound */
    int n;
};

extern const chl_step_class chl_step_derive, chl_step_drop, chl_step_impute,
    chl_step_clip, chl_step_onehot, chl_step_ordinal, chl_step_target_encode,
    chl_step_scale, chl_step_quantile, chl_step_piecewise, chl_step_sequence;

/* From {"step": …, options …}. Unknown kinds and options fail with a suggestion. */
CHL_MUST_CHECK chl_status chl_step_new(const json_t *json, chl_step **out,
                                       chl_error *err);
void chl_step_free(chl_step *step); /* NULL allowed */

/* Chooses the columns, learns, binds, applies. */
CHL_MUST_CHECK chl_status chl_step_fit(chl_step *step, chl_fit *fit, chl_error *err);
/* Finds the columns in the layout and lets the kind add its own. */
CHL_MUST_CHECK chl_status chl_step_bind(chl_step *step, chl_layout *layout,
                                        chl_error *err);

/* {"step": …, options …, "state": {…}}; the state only when `fitted`. A new reference. */
CHL_MUST_CHECK chl_status chl_step_to_json(const chl_step *step, bool fitted,
                                           json_t **out, chl_error *err);
/* Reads "state" of such an object into a new step. */
CHL_MUST_CHECK chl_status chl_step_load(chl_step *step, const json_t *json,
                                        chl_error *err);

/* Appends "Age, Balance, … (12 columns)" or, unfitted, what the options ask for. */
void chl_step_describe_columns(const chl_step *step, chl_strbuf *out);

/* Fails with "<step>: column '<name>': <message>" around the message in err. */
chl_status chl_step_fail(const chl_step *step, int i, chl_error *err);

/* work->codes = the codes of column i in `known`. A level that is not there is -1 and
 * counted, or with `strict` fails with its row. */
CHL_MUST_CHECK chl_status chl_step_codes(const chl_step *step, int i, chl_work *work,
                                         const chl_levels *known, bool strict,
                                         chl_error *err);

/* The target of each training row as 0 or 1, or of a frame with classes
 * (chl_frame_has_classes) as the class from 0: *y is new, to be freed; *classes is 2, or
 * how many there are. A frame without a target, and a row without one, fail. */
CHL_MUST_CHECK chl_status chl_fit_target(const chl_fit *fit, const char *where,
                                         double **y, int *classes, chl_error *err);

/* Adds a column of numbers of column i's lineage, named "<column><joint><label>". */
CHL_MUST_CHECK chl_status chl_step_add(const chl_step *step, int i, const char *joint,
                                       const char *label, chl_layout *layout, int *slot,
                                       chl_error *err);

/* The same with an indicator, a column that scale leaves alone. */
CHL_MUST_CHECK chl_status chl_step_add_indicator(const chl_step *step, int i,
                                                 const char *joint, const char *label,
                                                 chl_layout *layout, int *slot,
                                                 chl_error *err);

/* Kills slot i of the step and adds one of the same name and lineage for numbers. */
CHL_MUST_CHECK chl_status chl_step_replace(const chl_step *step, chl_layout *layout,
                                           int i, int *made, chl_error *err);

#endif
