/* SPDX-License-Identifier: MIT
 *
 * Muon (Jordan, Jin, Boza, You, Cesista, Newhouse, Bernstein 2024) for the matrices of
 * hidden layers, AdamW with adam_lr for the output layer, biases and norms. As PyTorch's
 * torch.optim.Muon, but in single precision where it rounds to bfloat16. Layer:
 * core/train.
 *
 *   B = momentum · B + (1 - momentum) · g;  U = B, or g + momentum · (B - g) (nesterov)
 *   X = U / |U|, wide side across; five times: A = X Xᵀ, X = a X + (b A + c A A) X
 *   W = W (1 - lr · decay) - lr · s · X
 *
 * with s = sqrt(max(1, outputs / inputs)) or 0.2 sqrt(max(outputs, inputs)).
 */
#include <math.h>
#include <string.h>

#include "core/train/optimizer.h"

enum { ROUNDS = 5 };
static const double A = 3.4445, B = -4.7750, C = 2.0315;
static const double SMALLEST_NORM = 1e-7;

/* A weight [in × out] at `at`. X has its shorter side as rows. */
typedef struct matrix {
    int64_t at, in, out;
    bool panels;
    bool turned;                    /* X is [out × in] */
    int64_t rows, cols, row_ld, ld; /* of X; ld: cols padded, row_ld: rows padded */
} matrix;

/* Matrix k of a tensor. */
static matrix matrix_of(const chl_param *p, int64_t block)
{
    matrix m = {.at = p->pack_at + block * p->rows * chl_padded(p->cols),
                .in = p->rows,
                .out = p->cols,
                .panels = p->form == CHL_FORM_PANELS,
                .turned = p->rows > p->cols};
    m.rows = m.turned ? m.out : m.in;
    m.cols = m.turned ? m.in : m.out;
    m.row_ld = chl_padded(m.rows);
    m.ld = chl_padded(m.cols);
    return m;
}

/* Muon steps over weights of products but for those of the outputs. */
static bool is_hidden(const chl_net *net, const chl_param *p)
{
    return p->role == CHL_ROLE_WEIGHT && p->trained && p->rows > 1 && p->cols > 1 &&
           chl_layer_head(net, p->layer) < 0;
}

/* X, Xᵀ, A and b A + c A A of the largest matrix; X twice. */
static int64_t scratch_of(const matrix *m)
{
    return 2 * m->rows * m->ld + m->cols * m->row_ld + 2 * m->rows * m->row_ld;
}

int64_t chl_muon_scratch_size(const chl_net *net)
{
    int64_t largest = 0;
    for (int i = 0; i < net->tensor_count; i++) {
        matrix m = matrix_of(&net->tensors[i], 0);
        if (is_hidden(net, &net->tensors[i]) && scratch_of(&m) > largest) {
            largest = scratch_of(&m);
        }
    }
    return largest;
}

/* The number of row i, column j of the weight. */
static int64_t place(const matrix *m, int64_t i, int64_t j)
{
    int64_t padded = chl_padded(m->out);
    if (!m->panels) {
        return m->at + i * padded + j;
    }
    int64_t panel = j / CHL_PANEL * CHL_PANEL, rest = padded - panel;
    return m->at + panel * m->in + i * (rest < CHL_PANEL ? rest : CHL_PANEL) + j - panel;
}

static int64_t place_of_x(const matrix *m, int64_t i, int64_t j)
{
    return m->turned ? place(m, j, i) : place(m, i, j);
}

/* Moves the momentum; x = the update's direction, of norm 1. */
static void gather(const chl_optimizer_state *s, const matrix *m, const chl_real *grads,
                   chl_real *x)
{
    const chl_optimizer *o = s->options;
    chl_real rest = (chl_real)(1 - o->momentum), momentum = (chl_real)o->momentum;
    double square = 0;
    memset(x, 0, (size_t)(m->rows * m->ld) * sizeof *x);
    for (int64_t i = 0; i < m->rows; i++) {
        for (int64_t j = 0; j < m->cols; j++) {
            int64_t k = place_of_x(m, i, j);
            chl_real *held = &s->memory[k];
            *held += rest * (grads[k] - *held);
            chl_real u = o->nesterov ? grads[k] + momentum * (*held - grads[k]) : *held;
            x[i * m->ld + j] = u;
            square += (double)u * (double)u;
        }
    }
    chl_real scale = (chl_real)(1 / fmax(sqrt(square), SMALLEST_NORM));
    for (int64_t i = 0; i < m->rows * m->ld; i++) {
        x[i] *= scale;
    }
}

/* c[rows × n] = a[rows × k] · b[k × n], all row-major. */
static void multiply(const chl_kernels *kernels, int64_t rows, int64_t k, int64_t n,
                     const chl_real *a, int64_t a_ld, const chl_real *b, chl_real *c)
{
    chl_product p = {.m = rows,
                     .n = n,
                     .k = k,
                     .a = a,
                     .a_row = a_ld,
                     .a_col = 1,
                     .b = b,
                     .b_row = n,
                     .c = c,
                     .c_row = n};
    kernels->product(&p);
}

static void transpose(const matrix *m, const chl_real *x, chl_real *turned)
{
    for (int64_t i = 0; i < m->rows; i++) {
        for (int64_t j = 0; j < m->cols; j++) {
            turned[j * m->row_ld + i] = x[i * m->ld + j];
        }
    }
}

/* One round of the Newton–Schulz iteration: from x to next. */
static void improve(const chl_kernels *kernels, const matrix *m, const chl_real *x,
                    chl_real *next, chl_real *turned)
{
    chl_real *gram = turned + m->cols * m->row_ld, *mix = gram + m->rows * m->row_ld;
    transpose(m, x, turned);
    multiply(kernels, m->rows, m->cols, m->row_ld, x, m->ld, turned, gram);
    multiply(kernels, m->rows, m->rows, m->row_ld, gram, m->row_ld, gram, mix);
    for (int64_t i = 0; i < m->rows * m->row_ld; i++) {
        mix[i] = (chl_real)B * gram[i] + (chl_real)C * mix[i];
    }
    multiply(kernels, m->rows, m->rows, m->ld, mix, m->row_ld, x, next);
    for (int64_t i = 0; i < m->rows * m->ld; i++) {
        next[i] += (chl_real)A * x[i];
    }
}

static void step_matrix(const chl_optimizer_state *s, double lr, const matrix *m,
                        const chl_real *grads, chl_real *params)
{
    chl_real *x = s->scratch, *next = x + m->rows * m->ld;
    chl_real *turned = next + m->rows * m->ld;
    gather(s, m, grads, x);
    memset(turned, 0, (size_t)(m->cols * m->row_ld) * sizeof *turned);
    for (int round = 0; round < ROUNDS; round++) {
        improve(s->kernels, m, x, next, turned);
        chl_real *held = x;
        x = next;
        next = held;
    }
    double in = (double)m->in, out = (double)m->out;
    double adjust = s->options->adjust == CHL_MUON_MATCH_RMS ? 0.2 * sqrt(fmax(in, out))
                                                             : sqrt(fmax(1, out / in));
    chl_real keep = (chl_real)(1 - lr * s->options->weight_decay);
    chl_real factor = (chl_real)(lr * adjust);
    for (int64_t i = 0; i < m->rows; i++) {
        for (int64_t j = 0; j < m->cols; j++) {
            chl_real *w = &params[place_of_x(m, i, j)];
            *w = *w * keep - factor * x[i * m->ld + j];
        }
    }
}

void chl_muon_update(const chl_optimizer_state *s, double lr, const chl_real *grads,
                     chl_real *params)
{
    double adam_lr = s->options->adam_lr * (lr / s->options->lr);
    for (int i = 0; i < s->net->tensor_count; i++) {
        const chl_param *p = &s->net->tensors[i];
        if (is_hidden(s->net, p)) {
            for (int64_t block = 0; block < p->blocks; block++) {
                matrix m = matrix_of(p, block);
                step_matrix(s, lr, &m, grads, params);
            }
        } else if (p->role != CHL_ROLE_STATE) {
            if (chl_param_decays(p)) {
                chl_optimizer_decay(s, adam_lr, p->pack_at, chl_param_packed(p), params);
            }
            chl_adam_update(s, adam_lr, p->pack_at, chl_param_packed(p), grads, params);
        }
    }
}
