/* SPDX-License-Identifier: MIT
 *
 * Max-norm (Srebro & Shraibman 2005; Srivastava et al. 2014): after a step, the weights
 * into a unit whose Euclidean norm is over the limit shrink to it, as Keras's MaxNorm.
 * Layer: core/train.
 */
#include <math.h>

#include "core/train/trainer.h"

static const double SMALLEST = 1e-7; /* Keras's epsilon */

/* Columns of one strip of a matrix: `width` numbers a row, `step` between rows. */
static void limit_strip(chl_real *w, int64_t rows, int64_t step, int width, double most)
{
    double square[CHL_PANEL] = {0};
    for (int64_t i = 0; i < rows; i++) {
        for (int j = 0; j < width; j++) {
            double value = (double)w[i * step + j];
            square[j] += value * value;
        }
    }
    for (int j = 0; j < width; j++) {
        double norm = sqrt(square[j]);
        chl_real factor = (chl_real)(most / (SMALLEST + norm));
        for (int64_t i = 0; norm > most && i < rows; i++) {
            w[i * step + j] *= factor;
        }
    }
}

static void limit_matrix(const chl_param *p, chl_real *w, double most)
{
    int64_t padded = chl_padded(p->cols);
    for (int64_t j = 0; j < padded; j += CHL_PANEL) {
        int width = padded - j < CHL_PANEL ? (int)(padded - j) : CHL_PANEL;
        if (p->form == CHL_FORM_PANELS) {
            limit_strip(w + j * p->rows, p->rows, width, width, most);
        } else {
            limit_strip(w + j, p->rows, padded, width, most);
        }
    }
}

void chl_max_norm(const chl_net *net, chl_real *params)
{
    for (int i = 0; i < net->tensor_count; i++) {
        const chl_param *p = &net->tensors[i];
        double most = net->layers[p->layer].options.max_norm;
        if (most <= 0 || p->role != CHL_ROLE_WEIGHT || !p->trained) {
            continue;
        }
        int64_t size = p->rows * chl_padded(p->cols);
        for (int64_t block = 0; block < p->blocks; block++) {
            limit_matrix(p, params + p->pack_at + block * size, most);
        }
    }
}
