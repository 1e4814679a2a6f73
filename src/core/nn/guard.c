/* SPDX-License-Identifier: MIT
 *
 * Where a number stopped being finite. Layer: core/nn.
 */
#include <math.h>

#include "core/nn/trainer.h"

chl_status chl_trainer_check(chl_trainer *t, double value, const char *what, int epoch,
                             int64_t batch, chl_error *err)
{
    if (isfinite(value)) {
        return CHL_OK;
    }
    return chl_fail(err, CHL_ENUMERIC,
                    "train: member %d, epoch %d, batch %lld: %s: expected a finite "
                    "number, got %s (a lower learning rate or clip_norm may help)",
                    t->member + 1, epoch, (long long)batch + 1, what,
                    isnan(value) ? "NaN" : "Inf");
}
