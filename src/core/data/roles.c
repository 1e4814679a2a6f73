/* SPDX-License-Identifier: MIT
 *
 * What the columns of a frame are for. Layer: core/data. A role belongs to a name: verbs
 * hand it on to the frame they make as long as the name is there.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/data/times.h"
#include "core/data/frame.h"

/* Sets *role to a copy of `value`; NULL and "" clear it. */
static chl_status set_role(char **role, const char *value, chl_error *err)
{
    char *copy = NULL;
    if (value && value[0]) {
        copy = chl_strdup(value);
        if (!copy) {
            return chl_fail_memory(err);
        }
    }
    chl_free(*role);
    *role = copy;
    return CHL_OK;
}

static const char *kept_name(const chl_frame *frame, const char *name)
{
    return name && chl_frame_find(frame, name) >= 0 ? name : NULL;
}

chl_status chl_frame_copy_roles(const chl_frame *from, chl_frame *to, chl_error *err)
{
    for (int i = 0; i < from->columns; i++) {
        int at = from->fields[i].personal ? chl_frame_find(to, from->fields[i].name) : -1;
        if (at >= 0) {
            to->fields[at].personal = true;
        }
    }
    const char *target = kept_name(to, from->target);
    CHL_TRY(set_role(&to->target, target, err));
    CHL_TRY(set_role(&to->positive, target ? from->positive : NULL, err));
    CHL_TRY(set_role(&to->id, kept_name(to, from->id), err));
    return set_role(&to->time, kept_name(to, from->time), err);
}

static const char *name_in(const chl_frame *from, const char *role, const chl_frame *to)
{
    return role ? to->fields[chl_frame_find(from, role)].name : NULL;
}

chl_status chl_frame_rename_roles(const chl_frame *from, chl_frame *to, chl_error *err)
{
    for (int i = 0; i < from->columns; i++) {
        to->fields[i].personal = from->fields[i].personal;
    }
    CHL_TRY(set_role(&to->target, name_in(from, from->target, to), err));
    CHL_TRY(set_role(&to->positive, from->positive, err));
    CHL_TRY(set_role(&to->id, name_in(from, from->id, to), err));
    return set_role(&to->time, name_in(from, from->time, to), err);
}

/* ---- setting ---- */

static chl_status check_column(const chl_frame *frame, const char *role, const char *name,
                               chl_error *err)
{
    int index;
    return name && name[0] ? chl_frame_index(frame, role, name, &index, err) : CHL_OK;
}

static chl_status check_time(const chl_frame *frame, const char *time, chl_error *err)
{
    const chl_column *times;
    return time && time[0] ? chl_frame_times(frame, "time", time, &times, err) : CHL_OK;
}

static chl_status set_personal(chl_frame *frame, const chl_roles *roles, chl_error *err)
{
    for (int i = 0; roles->personal && i < frame->columns; i++) {
        frame->fields[i].personal = false;
    }
    for (int i = 0; roles->personal && i < roles->personal_count; i++) {
        int index;
        CHL_TRY(chl_frame_index(frame, "personal", roles->personal[i], &index, err));
        frame->fields[index].personal = true;
    }
    return CHL_OK;
}

static chl_status apply_roles(chl_frame *frame, const chl_roles *roles, chl_error *err)
{
    CHL_TRY(check_column(frame, "target", roles->target, err));
    CHL_TRY(check_column(frame, "id", roles->id, err));
    CHL_TRY(check_time(frame, roles->time, err));
    CHL_TRY(set_personal(frame, roles, err));
    if (roles->target) {
        CHL_TRY(set_role(&frame->target, roles->target, err));
    }
    if (roles->positive) {
        CHL_TRY(set_role(&frame->positive, roles->positive, err));
    }
    if (roles->id) {
        CHL_TRY(set_role(&frame->id, roles->id, err));
    }
    return roles->time ? set_role(&frame->time, roles->time, err) : CHL_OK;
}

chl_status chl_frame_set_roles(const chl_frame *frame, const chl_roles *roles,
                               chl_frame **out, chl_error *err)
{
    *out = NULL;
    chl_frame *made = NULL;
    CHL_TRY(chl_frame_drop(frame, NULL, 0, &made, err)); /* a copy */
    chl_status status = apply_roles(made, roles, err);
    if (status != CHL_OK) {
        chl_frame_release(made);
        return status;
    }
    *out = made;
    return CHL_OK;
}

chl_status chl_frame_with_roles(const chl_frame *frame, const char *target,
                                const char *positive, const char *id, chl_frame **out,
                                chl_error *err)
{
    chl_roles roles = {.target = target, .positive = positive, .id = id};
    return chl_frame_set_roles(frame, &roles, out, err);
}

bool chl_frame_is_feature(const chl_frame *frame, int index)
{
    const char *const roles[] = {frame->target, frame->id, frame->time};
    for (int i = 0; i < 3; i++) {
        if (roles[i] && strcmp(roles[i], frame->fields[index].name) == 0) {
            return false;
        }
    }
    return !frame->fields[index].personal;
}
