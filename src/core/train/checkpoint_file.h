/* SPDX-License-Identifier: MIT
 *
 * The file of a checkpoint (checkpoint.h). Layer: core/train, not for other rooms.
 */
#ifndef CHL_TRAIN_CHECKPOINT_FILE_H
#define CHL_TRAIN_CHECKPOINT_FILE_H

#include "core/train/checkpoint.h"

/* c->header: what a resume must agree with. */
CHL_MUST_CHECK chl_status chl_checkpoint_make_header(chl_checkpoint *c,
                                                     const chl_train_task *task,
                                                     chl_error *err);
/* CHL_EINVAL names what of the file's header, `then`, differs from c's. */
CHL_MUST_CHECK chl_status chl_checkpoint_check_header(const chl_checkpoint *c,
                                                      const char *path,
                                                      const json_t *then, chl_error *err);

/* All members that have begun, to c->path. */
CHL_MUST_CHECK chl_status chl_checkpoint_write(const chl_checkpoint *c, chl_error *err);
/* Fills c->members from a file whose header agrees with c's. */
CHL_MUST_CHECK chl_status chl_checkpoint_read(chl_checkpoint *c, const char *path,
                                              chl_error *err);

#endif
