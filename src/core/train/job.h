/* SPDX-License-Identifier: MIT
 *
 * One task on its way into training and out of it; while it runs: member.h. Layer:
 * core/train, not for other rooms.
 */
#ifndef CHL_TRAIN_JOB_H
#define CHL_TRAIN_JOB_H

#include "core/train/member.h"

/* Checks options, nets and data of the job's task, and makes what all members share but
 * for the rows of x. */
CHL_MUST_CHECK chl_status chl_job_prepare(chl_job *job, chl_error *err);
void chl_job_reset(chl_job *job);

#endif
