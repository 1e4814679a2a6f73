/* SPDX-License-Identifier: MIT
 *
 * What a model says of rows: methods of core.model's objects. Layer: bind.
 */
#include "bind/frame_box.h"
#include "bind/model_box.h"
#include "core/data/classes.h"

/*** @module churnlab.model */

/*** @type Model */

/*** The frame with the column `churn`, the probability of the positive target values. A
 * model of classes: with `p_<class>` for each class, `class`, the most probable one, and,
 * where it has positive values, `churn`, the sum of their probabilities.
 * @function Model:score_frame
 * @tparam Frame frame
 * @treturn Frame
 * @treturn integer cells whose level training did not have
 * @usage model:score_frame(test):col("churn"):max() <= 1 */
int chlua_model_score_frame(lua_State *L)
{
    const chl_model *model = chlua_check_model(L, 1);
    const chl_frame *frame = chlua_check_frame(L, 2);
    chl_control control;
    chl_frame *out = NULL;
    chl_prep_unseen unseen = {0};
    chl_error err = {0};
    chlua_control(L, &control);
    chl_status status =
        chl_model_score_columns(model, frame, &control, &out, &unseen, &err);
    chlua_control_done(L);
    chlua_check(L, status, &err);
    chlua_push_frame(L, out);
    lua_pushinteger(L, unseen.cells);
    return 2;
}

/*** The probabilities alone.
 * @function Model:probabilities
 * @tparam Frame frame
 * @treturn Matrix rows × 1, or rows × classes
 * @usage model:probabilities(test):rows() == #test */
int chlua_model_probabilities(lua_State *L)
{
    const chl_model *model = chlua_check_model(L, 1);
    const chl_frame *frame = chlua_check_frame(L, 2);
    chl_matrix *p = chlua_push_matrix(L);
    chl_control control;
    chl_error err = {0};
    chlua_check(L, chl_matrix_init(p, frame->rows, chl_model_outputs(model), &err), &err);
    chlua_control(L, &control);
    chl_status status = chl_model_score(model, frame, &control, p->data, NULL, &err);
    chlua_control_done(L);
    chlua_check(L, status, &err);
    return 1;
}

/* A column of f64 under construction in a box that is pushed. */
static chl_column *push_numbers(lua_State *L, int64_t rows)
{
    chl_column *column = NULL;
    chl_error err = {0};
    void **slot = chlua_new_box(L, CHLUA_COLUMN);
    chl_status status = chl_column_new(CHL_F64, rows, true, &column, &err);
    *slot = column;
    chlua_check(L, status, &err);
    return column;
}

/*** The target as the model means it, whatever the frame's own roles.
 * @function Model:labels
 * @tparam Frame frame with the target
 * @treturn Column f64: 0 and 1, or of a model of classes the class from 0
 * @raise a value that is no class
 * @usage model:labels(test):mean() < 1 */
int chlua_model_labels(lua_State *L)
{
    const chl_model *model = chlua_check_model(L, 1);
    const chl_frame *frame = chlua_check_frame(L, 2);
    chl_column *column = push_numbers(L, frame->rows);
    chl_error err = {0};
    chlua_check(L, chl_model_labels(model, frame, "labels", column->values.f64, &err),
                &err);
    chl_column_seal(column);
    return 1;
}

/* ---- of frames ---- */

static chl_status read_classes(const chl_frame *frame, chl_column *column, json_t **names,
                               bool *ordered, chl_error *err)
{
    chl_classes classes;
    const chl_column *target = chl_frame_column(frame, frame->target);
    CHL_TRY(chl_classes_init(&classes, target, frame->target, err));
    chl_status status =
        chl_classes_index(&classes, target, frame->target, column->values.f64, err);
    *names = status == CHL_OK ? json_array() : NULL;
    for (int c = 0; *names && c < classes.count; c++) {
        if (json_array_append_new(*names, json_string(classes.names[c])) != 0) {
            status = chl_fail(err, CHL_EINVAL, "target '%s': a class's name is not UTF-8",
                              frame->target);
            json_decref(*names);
            *names = NULL;
        }
    }
    *ordered = classes.ordered;
    chl_classes_reset(&classes);
    return status;
}

/* The labels by the classes at 2. */
static int index_classes(lua_State *L, const chl_frame *frame)
{
    int n;
    const char *const *names = chlua_check_strings(L, 2, &n);
    chl_column *column = push_numbers(L, frame->rows);
    chl_classes classes = {.count = n, .names = (char **)(uintptr_t)names};
    chl_error err = {0};
    chlua_check(L,
                chl_classes_index(&classes, chl_frame_column(frame, frame->target),
                                  frame->target, column->values.f64, &err),
                &err);
    chl_column_seal(column);
    lua_pushvalue(L, 2);
    return 2;
}

/*** The target as a column of classes, numbered from 0: whole numbers in numeric order,
 * categories in the order of their levels, texts in byte order.
 * @function Frame:class_labels
 * @tparam[opt] {string,...} classes those of other rows, instead of those that occur
 * @treturn Column f64
 * @treturn {string,...} the classes
 * @treturn ?boolean of those that occur, whether their order means something: of numbers
 * and ordered levels
 * @raise a target with one value, more than 256, dates or fractions; a value that is none
 * of the given classes
 * @usage local y, names = frame:class_labels() */
int chlua_frame_class_labels(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    if (!frame->target) {
        return luaL_error(L,
                          "class_labels: the frame has no target column (set its target "
                          "role)");
    }
    lua_settop(L, 2);
    if (!lua_isnil(L, 2)) {
        return index_classes(L, frame);
    }
    chl_column *column = push_numbers(L, frame->rows);
    json_t *names = NULL;
    bool ordered = false;
    chl_error err = {0};
    chlua_check(L, read_classes(frame, column, &names, &ordered, &err), &err);
    chl_column_seal(column);
    chlua_push_json(L, names);
    lua_pushboolean(L, ordered);
    return 3;
}
