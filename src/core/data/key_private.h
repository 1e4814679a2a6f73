/* SPDX-License-Identifier: MIT
 *
 * Shared by key.c and key_text.c. Layer: core/data.
 */
#ifndef CHL_DATA_KEY_PRIVATE_H
#define CHL_DATA_KEY_PRIVATE_H

#include "core/base/control.h"
#include "core/data/column.h"

/* One of the two columns of a part, and what turns its values into words. */
typedef struct key_side {
    const chl_column *column; /* NULL: there is no such side */
    uint64_t *recode; /* category: the word of each code; NULL: the code itself. Owned */
    uint64_t *words;  /* string: the word of each row. Owned */
    bool with_i64;    /* f64: whole numbers get the words of i64 */
} key_side;

/* Fills recode and words of text columns so that words are equal (`ordered`: rise)
 * exactly as the texts. Other types are left alone. After a failure the sides still want
 * their reset. */
CHL_MUST_CHECK chl_status key_texts(key_side sides[2], bool ordered,
                                    const chl_control *control, chl_error *err);
void key_side_reset(key_side *side);

#endif
