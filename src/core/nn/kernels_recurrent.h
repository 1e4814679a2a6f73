/* SPDX-License-Identifier: MIT
 *
 * One step of LSTM and GRU after the products, and its derivative, for one instruction
 * set. Layer: core/nn (part of kernels_body.h, no include guard).
 *
 * A row of gates is four blocks of `ld` numbers. LSTM: input, forget, cell, output. GRU:
 * the new state's part from x, reset, update, the new state's part from the state.
 */

/* sigmoid(a)' = s (1 - s) */
static inline V KERNEL(sigmoid_slope)(V s)
{
    return s * (SPLAT(1) - s);
}

static void KERNEL(lstm)(const chl_cell *s)
{
    int64_t ld = s->ld;
    for (int64_t r = 0; r < s->rows; r++) {
        chl_real *gates = s->gates + r * 4 * ld;
        const chl_real *sums = s->sums + r * 4 * ld;
        for (int64_t j = 0; j < ld; j += VL) {
            V a[4];
            for (int k = 0; k < 4; k++) {
                a[k] = KERNEL(load)(gates + k * ld + j) + KERNEL(load)(sums + k * ld + j);
            }
            V in = KERNEL(vsigmoid)(a[0]), forget = KERNEL(vsigmoid)(a[1]);
            V cell = KERNEL(vtanh)(a[2]), out = KERNEL(vsigmoid)(a[3]);
            V before = s->before ? KERNEL(load)(s->before + r * ld + j) : SPLAT(0);
            V after = FMA(forget, before, in * cell);
            KERNEL(store)(gates + j, in);
            KERNEL(store)(gates + ld + j, forget);
            KERNEL(store)(gates + 2 * ld + j, cell);
            KERNEL(store)(gates + 3 * ld + j, out);
            KERNEL(store)(s->after + r * ld + j, after);
            KERNEL(store)(s->h + r * ld + j, out * KERNEL(vtanh)(after));
        }
    }
}

static void KERNEL(lstm_back)(const chl_cell *s)
{
    const V one = SPLAT(1);
    int64_t ld = s->ld;
    for (int64_t r = 0; r < s->rows; r++) {
        chl_real *gates = s->gates + r * 4 * ld;
        for (int64_t j = 0; j < ld; j += VL) {
            V in = KERNEL(load)(gates + j), forget = KERNEL(load)(gates + ld + j);
            V cell = KERNEL(load)(gates + 2 * ld + j);
            V out = KERNEL(load)(gates + 3 * ld + j);
            V before = s->before ? KERNEL(load)(s->before + r * ld + j) : SPLAT(0);
            V bent = KERNEL(vtanh)(KERNEL(load)(s->after + r * ld + j));
            V dh = KERNEL(load)(s->h + r * ld + j);
            V dc = KERNEL(load)(s->carry + r * ld + j);
            dc = FMA(dh * out, one - bent * bent, dc);
            KERNEL(store)(gates + j, dc * cell * KERNEL(sigmoid_slope)(in));
            KERNEL(store)(gates + ld + j, dc * before * KERNEL(sigmoid_slope)(forget));
            KERNEL(store)(gates + 2 * ld + j, dc * in * (one - cell * cell));
            KERNEL(store)(gates + 3 * ld + j, dh * bent * KERNEL(sigmoid_slope)(out));
            KERNEL(store)(s->carry + r * ld + j, dc * forget);
        }
    }
}

static void KERNEL(gru)(const chl_cell *s)
{
    int64_t ld = s->ld;
    for (int64_t r = 0; r < s->rows; r++) {
        chl_real *gates = s->gates + r * 4 * ld;
        const chl_real *sums = s->sums + r * 4 * ld;
        for (int64_t j = 0; j < ld; j += VL) {
            V reset = KERNEL(vsigmoid)(KERNEL(load)(gates + ld + j) +
                                       KERNEL(load)(sums + ld + j));
            V update = KERNEL(vsigmoid)(KERNEL(load)(gates + 2 * ld + j) +
                                        KERNEL(load)(sums + 2 * ld + j));
            V part = KERNEL(load)(sums + 3 * ld + j);
            V new = KERNEL(vtanh)(FMA(reset, part, KERNEL(load)(gates + j)));
            V before = KERNEL(load)(s->before + r * ld + j);
            KERNEL(store)(gates + j, new);
            KERNEL(store)(gates + ld + j, reset);
            KERNEL(store)(gates + 2 * ld + j, update);
            KERNEL(store)(gates + 3 * ld + j, part);
            KERNEL(store)(s->h + r * ld + j, FMA(update, before - new, new));
        }
    }
}

static void KERNEL(gru_back)(const chl_cell *s)
{
    const V one = SPLAT(1);
    int64_t ld = s->ld;
    for (int64_t r = 0; r < s->rows; r++) {
        chl_real *gates = s->gates + r * 4 * ld;
        for (int64_t j = 0; j < ld; j += VL) {
            V new = KERNEL(load)(gates + j), reset = KERNEL(load)(gates + ld + j);
            V update = KERNEL(load)(gates + 2 * ld + j);
            V part = KERNEL(load)(gates + 3 * ld + j);
            V before = KERNEL(load)(s->before + r * ld + j);
            V dh = KERNEL(load)(s->h + r * ld + j);
            V dnew = dh * (one - update) * (one - new *new);
            KERNEL(store)(gates + j, dnew);
            KERNEL(store)(gates + ld + j, dnew * part * KERNEL(sigmoid_slope)(reset));
            KERNEL(store)
            (gates + 2 * ld + j, dh * (before - new) * KERNEL(sigmoid_slope)(update));
            KERNEL(store)(gates + 3 * ld + j, dnew * reset);
            KERNEL(store)(s->carry + r * ld + j, dh * update);
        }
    }
}
