/* SPDX-License-Identifier: MIT
 *
 * Between a member in training and its state in a checkpoint. Layer: core/train.
 */
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/train/trainer.h"

/* Doubles that may be NAN are null in JSON. */
static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static double number_at(const json_t *list, size_t i)
{
    const json_t *value = json_array_get(list, i);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static int64_t whole_at(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static int64_t packed_numbers(const chl_trainer *t)
{
    return t->net->pack_params + t->net->pack_state;
}

/* ---- from the trainer ---- */

static json_t *epoch_facts(const chl_epoch *e)
{
    json_t *heads = json_array();
    for (int h = 0; heads && h < e->heads; h++) {
        json_array_append_new(heads, number(e->val_head[h]));
    }
    return json_pack("[i, o, o, o, o, o]", e->epoch, number(e->lr), number(e->loss),
                     number(e->val_loss), number(e->val_auc), heads);
}

static json_t *history_facts(const chl_series *series)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < series->count; i++) {
        json_array_append_new(list, epoch_facts(&series->epochs[i]));
    }
    return list;
}

static json_t *schedule_facts(const chl_schedules *schedules)
{
    json_t *list = json_array();
    for (int i = 0; list && i < schedules->count; i++) {
        const chl_schedule *s = &schedules->list[i];
        json_array_append_new(list,
                              json_pack("[o, I, I]", number(s->best), (json_int_t)s->bad,
                                        (json_int_t)s->cooling));
    }
    return list;
}

static chl_status write_facts(const chl_trainer *t, bool over, json_t *facts,
                              chl_error *err)
{
    const chl_series *series = &t->job->series[t->member];
    json_t *now = json_pack(
        "{s:b, s:i, s:i, s:i, s:I, s:o, s:o, s:o, s:[o, i, I], s:[I, o, I]}", "over",
        over, "epoch", (int)series->count, "best_epoch", series->best_epoch, "stopped",
        (int)series->stopped, "steps", (json_int_t)t->steps, "lr", number(t->lr),
        "history", history_facts(series), "schedules", schedule_facts(&t->schedules),
        "early_stop", number(t->stop.best), t->stop.best_epoch,
        (json_int_t)t->stop.waited, "optimizer", (json_int_t)t->optimizer.steps,
        number(t->optimizer.product), (json_int_t)t->optimizer.pairs);
    bool done = now && json_object_update(facts, now) == 0;
    json_decref(now);
    return done ? CHL_OK : chl_fail_memory(err);
}

static void copy_numbers(chl_real *to, const chl_real *from, int64_t n)
{
    if (n > 0) {
        memcpy(to, from, (size_t)n * sizeof *to);
    }
}

chl_status chl_trainer_save(chl_trainer *t, bool over, chl_error *err)
{
    const int64_t all = packed_numbers(t);
    const int64_t size[CHL_CHECKPOINT_PARTS] = {
        [CHL_PART_WEIGHTS] = all,
        [CHL_PART_MEMORY] = over ? 0 : t->optimizer.memory_size,
        [CHL_PART_AVERAGE] = over || t->average.decay <= 0 ? 0 : t->net->pack_params,
        [CHL_PART_BEST] = over || t->stop.best_epoch == 0 ? 0 : all,
    };
    chl_member_state s;
    CHL_TRY(chl_member_state_init(&s, size, err));
    chl_packed kept = {.params = chl_member_state_part(&s, CHL_PART_WEIGHTS)};
    kept.state = kept.params + t->net->pack_params;
    if (over) {
        memset(kept.params, 0, (size_t)all * sizeof *kept.params);
        chl_packed_load(&kept, t->net);
    } else {
        copy_numbers(kept.params, t->pass.packed.params, all);
    }
    copy_numbers(chl_member_state_part(&s, CHL_PART_MEMORY), t->optimizer.memory,
                 size[CHL_PART_MEMORY]);
    copy_numbers(chl_member_state_part(&s, CHL_PART_AVERAGE), t->average.numbers.params,
                 size[CHL_PART_AVERAGE]);
    copy_numbers(chl_member_state_part(&s, CHL_PART_BEST), t->best, size[CHL_PART_BEST]);
    chl_status status = write_facts(t, over, s.facts, err);
    if (status == CHL_OK) {
        status = chl_checkpoint_put(&t->job->checkpoint, t->member, &s, err);
    }
    chl_member_state_reset(&s);
    return status;
}

/* ---- back into it ---- */

static chl_epoch read_epoch(const chl_trainer *t, const json_t *e, int epoch)
{
    chl_epoch out = {.task = t->job->number,
                     .member = t->member,
                     .epoch = epoch,
                     .lr = number_at(e, 1),
                     .loss = number_at(e, 2),
                     .val_loss = number_at(e, 3),
                     .val_auc = number_at(e, 4)};
    const json_t *heads = json_array_get(e, 5);
    int count = t->job->options.losses.count;
    out.heads = count > 1 ? count : 0;
    for (int h = 0; h < out.heads; h++) {
        out.val_head[h] = number_at(heads, (size_t)h);
    }
    return out;
}

static chl_status read_history(chl_trainer *t, const json_t *list, chl_error *err)
{
    chl_series *series = &t->job->series[t->member];
    size_t n = json_array_size(list);
    chl_epoch *epochs =
        chl_grow(series->epochs, &series->capacity, n + 1, sizeof *epochs);
    if (!epochs) {
        return chl_fail_memory(err);
    }
    series->epochs = epochs;
    for (size_t i = 0; i < n; i++) {
        epochs[i] = read_epoch(t, json_array_get(list, i), (int)i + 1);
    }
    series->count = n;
    return CHL_OK;
}

static void read_schedules(chl_schedules *schedules, const json_t *list)
{
    for (int i = 0; i < schedules->count; i++) {
        const json_t *item = json_array_get(list, (size_t)i);
        chl_schedule *s = &schedules->list[i];
        s->best = number_at(item, 0);
        s->bad = json_integer_value(json_array_get(item, 1));
        s->cooling = json_integer_value(json_array_get(item, 2));
    }
}

static chl_status bad_part(const chl_trainer *t, chl_error *err)
{
    return chl_fail(err, CHL_EFORMAT,
                    "resume: member %d: expected the numbers of this net and optimizer",
                    t->member + 1);
}

static bool within(const json_t *value, int64_t least, int64_t most)
{
    int64_t n = json_integer_value(value);
    return json_is_integer(value) && n >= least && n <= most;
}

static bool sound_schedules(const chl_schedules *schedules, const json_t *list,
                            int64_t epoch)
{
    for (int i = 0; i < schedules->count; i++) {
        const json_t *item = json_array_get(list, (size_t)i);
        if (!within(json_array_get(item, 1), 0, epoch) ||
            !within(json_array_get(item, 2), 0, INT64_MAX)) {
            return false;
        }
    }
    return json_array_size(list) == (size_t)schedules->count;
}

/* Whole numbers that are used as indices or counts. */
static bool sound_facts(const chl_trainer *t, const json_t *facts)
{
    const json_t *stop = json_object_get(facts, "early_stop");
    const json_t *optimizer = json_object_get(facts, "optimizer");
    int64_t epoch = whole_at(facts, "epoch");
    return within(json_object_get(facts, "epoch"), 1, INT32_MAX) &&
           within(json_object_get(facts, "best_epoch"), 0, epoch) &&
           within(json_object_get(facts, "stopped"), 0, CHL_STOP_CONVERGED) &&
           within(json_object_get(facts, "steps"), 0, INT64_MAX / 2) &&
           json_is_real(json_object_get(facts, "lr")) &&
           (size_t)epoch == json_array_size(json_object_get(facts, "history")) &&
           within(json_array_get(stop, 1), 0, epoch) &&
           within(json_array_get(stop, 2), 0, epoch) &&
           within(json_array_get(optimizer, 0), 0, INT64_MAX / 2) &&
           within(json_array_get(optimizer, 2), 0, INT64_MAX / 2) &&
           sound_schedules(&t->schedules, json_object_get(facts, "schedules"), epoch);
}

static bool fits(const chl_trainer *t, const chl_member_state *s, bool over)
{
    int64_t all = packed_numbers(t);
    int64_t average = t->average.decay > 0 ? t->net->pack_params : 0;
    if (s->size[CHL_PART_WEIGHTS] != all || !sound_facts(t, s->facts)) {
        return false;
    }
    const json_t *best = json_array_get(json_object_get(s->facts, "early_stop"), 1);
    int64_t kept = json_integer_value(best) > 0 ? all : 0;
    return over ||
           (s->size[CHL_PART_MEMORY] == t->optimizer.memory_size &&
            s->size[CHL_PART_AVERAGE] == average && s->size[CHL_PART_BEST] == kept);
}

static void read_numbers(chl_trainer *t, const chl_member_state *s)
{
    copy_numbers(t->pass.packed.params, chl_member_state_part(s, CHL_PART_WEIGHTS),
                 s->size[CHL_PART_WEIGHTS]);
    copy_numbers(t->optimizer.memory, chl_member_state_part(s, CHL_PART_MEMORY),
                 s->size[CHL_PART_MEMORY]);
    copy_numbers(t->average.numbers.params, chl_member_state_part(s, CHL_PART_AVERAGE),
                 s->size[CHL_PART_AVERAGE]);
    copy_numbers(t->best, chl_member_state_part(s, CHL_PART_BEST),
                 s->size[CHL_PART_BEST]);
}

static void read_facts(chl_trainer *t, const json_t *facts)
{
    const json_t *stop = json_object_get(facts, "early_stop");
    const json_t *optimizer = json_object_get(facts, "optimizer");
    t->steps = whole_at(facts, "steps");
    t->lr = json_number_value(json_object_get(facts, "lr"));
    t->stop.best = number_at(stop, 0);
    t->stop.best_epoch = (int)json_integer_value(json_array_get(stop, 1));
    t->stop.waited = json_integer_value(json_array_get(stop, 2));
    t->optimizer.steps = json_integer_value(json_array_get(optimizer, 0));
    t->optimizer.product = number_at(optimizer, 1);
    t->optimizer.pairs = json_integer_value(json_array_get(optimizer, 2));
    read_schedules(&t->schedules, json_object_get(facts, "schedules"));
}

chl_status chl_trainer_restore(chl_trainer *t, bool *over, chl_error *err)
{
    chl_checkpoint *c = &t->job->checkpoint;
    *over = false;
    if (!chl_checkpoint_on(c) || !c->members[t->member].facts) {
        return CHL_OK;
    }
    const chl_member_state *s = &c->members[t->member]; /* no other thread writes it */
    *over = json_is_true(json_object_get(s->facts, "over"));
    if (!fits(t, s, *over)) {
        return bad_part(t, err);
    }
    CHL_TRY(read_history(t, json_object_get(s->facts, "history"), err));
    read_facts(t, s->facts);
    read_numbers(t, s);
    if (*over) {
        chl_packed_store(&t->pass.packed, t->net);
        chl_series *series = &t->job->series[t->member];
        series->best_epoch = (int)whole_at(s->facts, "best_epoch");
        series->stopped = (chl_stop_reason)whole_at(s->facts, "stopped");
    }
    return CHL_OK;
}
