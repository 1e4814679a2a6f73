"""Golden numbers for the layers of sequences from PyTorch 2.13 (CPU, double), in sequences.json.

    python3 tests/golden/sequences.py

Each case: a spec after its `sequence` layer, tensors by name, rows of flat columns whose last one is the
length, and what PyTorch has: the output (steps that do not count are 0) and the gradients of sum(out²)/2
of every tensor.
"""
import json
import pathlib

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

torch.set_default_dtype(torch.float64)
torch.manual_seed(11)
STEPS, FEATURES = 5, 3
LENGTHS = [3, 5, 1, 3, 4, 2, 5]


def data():
    x = torch.randn(len(LENGTHS), STEPS, FEATURES)
    for row, length in enumerate(LENGTHS):
        x[row, length:] = 0
    return x


def gates(w, count):
    """[count·units, in] as [count·in, units]: each gate transposed."""
    return torch.cat([block.T for block in w.chunk(count)]).flatten().tolist()


def recurrent_tensors(rnn, layer, count, gru, of):
    bias, state_bias = of(rnn.bias_ih_l0), of(rnn.bias_hh_l0)
    units = len(bias) // count
    out = {f"{layer}.weight": gates(of(rnn.weight_ih_l0), count),
           f"{layer}.recurrent": gates(of(rnn.weight_hh_l0), count)}
    if gru:
        out[f"{layer}.recurrent_bias"] = state_bias[-units:].tolist()
    return out, bias, state_bias, units


def recurrent_case(kind, units, whole):
    gru = kind == "gru"
    count = 3 if gru else 4
    rnn = (nn.GRU if gru else nn.LSTM)(FEATURES, units, batch_first=True)
    x = data()
    packed = pack_padded_sequence(x, torch.tensor(LENGTHS), batch_first=True, enforce_sorted=False)
    steps, last = rnn(packed)
    steps, _ = pad_packed_sequence(steps, batch_first=True, total_length=STEPS)
    out = steps if whole else (last if gru else last[0])[0]
    (out.square().sum() / 2).backward()
    tensors, bias, state_bias, n = recurrent_tensors(rnn, 1, count, gru, lambda p: p.detach())
    summed = bias + state_bias
    if gru:
        summed[-n:] = bias[-n:]
    tensors["1.bias"] = summed.tolist()
    grads, bias, _, _ = recurrent_tensors(rnn, 1, count, gru, lambda p: p.grad)
    grads["1.bias"] = bias.tolist()
    layer = {"type": kind, "units": units, "return_sequences": whole}
    return case([layer], tensors, x, out, grads)


def vectors(module, name, of):
    return {f"{name}_scale": of(module.weight).tolist(), f"{name}_bias": of(module.bias).tolist()}


def linear(module, name, of):
    return {f"{name}_weight": of(module.weight).T.flatten().tolist(), f"{name}_bias": of(module.bias).tolist()}


def transformer_tensors(dense, block, heads, of):
    attention = block.self_attn
    out = {"1.weight": of(dense.weight).T.flatten().tolist(), "1.bias": of(dense.bias).tolist()}
    parts = {"qkv_weight": gates(of(attention.in_proj_weight), 3 * heads),
             "qkv_bias": of(attention.in_proj_bias).tolist()}
    parts |= linear(attention.out_proj, "out", of)
    parts |= vectors(block.norm1, "norm1", of) | vectors(block.norm2, "norm2", of)
    parts |= linear(block.linear1, "up", of) | linear(block.linear2, "down", of)
    return out | {f"2.{name}": values for name, values in parts.items()}


def transformer_case(width, heads, units, activation, norm_first):
    dense = nn.Linear(FEATURES, width)
    block = nn.TransformerEncoderLayer(width, heads, units, 0.0, activation, batch_first=True,
                                       norm_first=norm_first)
    for p in block.parameters():  # norms and biases of 1 and 0 would hide mistakes
        p.data += 0.1 * torch.randn_like(p)
    x, lengths = data(), torch.tensor(LENGTHS)
    padding = torch.arange(STEPS)[None, :] >= lengths[:, None]
    out = block(dense(x), src_key_padding_mask=padding).masked_fill(padding[:, :, None], 0)
    (out.square().sum() / 2).backward()
    tensors = transformer_tensors(dense, block, heads, lambda p: p.detach())
    grads = transformer_tensors(dense, block, heads, lambda p: p.grad)
    layer = {"type": "transformer", "heads": heads, "units": units, "activation": activation,
             "norm_first": norm_first}
    return case([{"type": "dense", "units": width}, layer], tensors, x, out, grads)


def case(layers, tensors, x, out, grads):
    flat = torch.cat([x.flatten(1), torch.tensor(LENGTHS).double()[:, None]], 1)
    return {"layers": layers, "tensors": tensors, "x": flat.flatten().tolist(), "out": out.flatten().tolist(),
            "grads": grads}


def main():
    cases = [recurrent_case(kind, units, whole)
             for kind in ("lstm", "gru") for units, whole in ((4, False), (6, True))]
    cases += [transformer_case(8, 2, 12, "relu", True), transformer_case(18, 3, 5, "gelu", False),
              transformer_case(32, 2, 20, "gelu", True)]
    golden = {"rows": len(LENGTHS), "steps": STEPS, "features": FEATURES, "cases": cases}
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(golden, separators=(",", ":")).replace('},{"', '},\n{"') + "\n")


if __name__ == "__main__":
    main()
