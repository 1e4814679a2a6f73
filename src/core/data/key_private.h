/* SPDX-License-Identifier: MIT
 *
 * Shared by key.c, key_text.c and key_check.c. Layer: core/data.
 */
#ifndef CHL_DATA_KEY_PRIVATE_H
#define CHL_DATA_KEY_PRIVATE_H

#include "core/base/control.h"
#include "core/data/column.h"
#include "core/data/key.h"

/* One of the two columns of a part, and what turns its values into words. */
typedef struct key_side {
    const chl_column *column; /* NULL: there is no such side */
    uint64_t *recode; /* category: the word of each code; NULL: the code itself. Owned */
    uint64_t *words;  /* string: the word of each row; NULL: from its bytes. Owned */
    int64_t skip;     /* bytes that all texts begin with; they tell nothing */
    int tail;         /* bytes behind them at most */
    bool with_length; /* texts differ in length: it is the word's last byte */
    bool with_i64;    /* f64: whole numbers get the words of i64 */
} key_side;

/* Chooses how text columns become words, so that words are equal (`ordered`: rise)
 * exactly as the texts. Other types are left alone. After a failure the sides still want
 * their reset. */
CHL_MUST_CHECK chl_status key_texts(key_side sides[2], bool ordered,
                                    const chl_control *control, chl_error *err);
void key_side_reset(key_side *side);

/* Words of texts that are short beyond what they have in common: side->words is NULL. */
void key_fill_tails(const key_side *side, int64_t from, int64_t n, uint64_t *words);

/* *same: rows with the same of `count` numbers, given by first appearance, have the same
 * key. Parts have a left column only. */
CHL_MUST_CHECK chl_status key_check_numbers(const chl_key_part *parts, int n,
                                            int64_t rows, const int64_t *ids,
                                            int64_t count, const chl_control *control,
                                            bool *same, chl_error *err);

#endif
