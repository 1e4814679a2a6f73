"""Golden traces of optimizers from PyTorch 2.13 (CPU, double), written to nn_optimizers.json.

    python3 tests/golden/nn_optimizers.py

Each case holds initial tensors (weights [in, out]), data, the loss before each step and the tensors
after the last. torch.optim.Muon orthogonalises in bfloat16; here that rounding is left out, so that
the trace is exact.
"""
import json
import pathlib

import torch
from torch import nn
from torch.nn import functional

torch.set_default_dtype(torch.float64)
torch.manual_seed(11)
torch.Tensor.bfloat16 = torch.Tensor.clone
ROWS, INPUTS = 24, 5
SPEC = {"layers": [{"type": "dense", "units": 6, "activation": "tanh", "l2": 1e-3},
                   {"type": "dense", "units": 19, "activation": "gelu"},
                   {"type": "dense", "units": 1, "activation": "sigmoid"}]}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(INPUTS, 6), nn.Linear(6, 19), nn.Linear(19, 1)

    def loss(self, x, y):
        h = functional.gelu(self.b(torch.tanh(self.a(x))))
        penalty = 1e-3 * (self.a.weight ** 2).sum()
        return functional.binary_cross_entropy_with_logits(self.c(h).squeeze(1), y) + penalty

    def tensors(self):
        out = {}
        for i, layer in enumerate((self.a, self.b, self.c)):
            out[f"{i}.weight"] = layer.weight.T.flatten().tolist()
            out[f"{i}.bias"] = layer.bias.tolist()
        return out


def case(name, options, make, steps=8):
    net = Net()
    x, y = torch.randn(ROWS, INPUTS), torch.randint(0, 2, (ROWS,)).double()
    before, losses, optimizers = net.tensors(), [], make(net)

    def closure():
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss = net.loss(x, y)
        loss.backward()
        return loss

    for _ in range(steps):
        losses.append(closure().item())
        if isinstance(optimizers[0], torch.optim.LBFGS):
            optimizers[0].step(closure)
        else:
            for optimizer in optimizers:
                optimizer.step()
    return {"name": name, "optimizer": options, "x": x.flatten().tolist(), "y": y.tolist(),
            "before": before, "losses": losses, "after": net.tensors()}


def weights_and_biases(net, layers):
    weights = [layer.weight for layer in layers]
    return weights, [layer.bias for layer in (net.a, net.b, net.c)]


def rmsprop(**options):
    return case("rmsprop", {"type": "rmsprop", **options},
                lambda net: [torch.optim.RMSprop(net.parameters(), **options)])


def nadam(**options):
    def make(net):
        weights, biases = weights_and_biases(net, (net.a, net.b, net.c))
        known = dict(lr=options["lr"], betas=(options.get("beta1", 0.9), options.get("beta2", 0.999)),
                     momentum_decay=options.get("momentum_decay", 4e-3), decoupled_weight_decay=True)
        return [torch.optim.NAdam([{"params": weights, "weight_decay": options.get("weight_decay", 0)},
                                   {"params": biases, "weight_decay": 0.0}], **known)]
    return case("nadam", {"type": "nadam", **options}, make)


def muon(**options):
    def make(net):
        hidden, biases = weights_and_biases(net, (net.a, net.b))
        decay = options["weight_decay"]
        return [torch.optim.Muon(hidden, lr=options["lr"], weight_decay=decay,
                                 momentum=options.get("momentum", 0.95),
                                 nesterov=options.get("nesterov", True),
                                 adjust_lr_fn=options.get("adjust_lr")),
                torch.optim.AdamW([{"params": [net.c.weight], "weight_decay": decay},
                                   {"params": biases, "weight_decay": 0.0}], lr=options["adam_lr"])]
    return case("muon", {"type": "muon", **options}, make)


def lbfgs(steps, **options):
    return case("lbfgs", {"type": "lbfgs", **options},
                lambda net: [torch.optim.LBFGS(
                    net.parameters(), lr=options.get("lr", 1), max_iter=options.get("iterations", 20),
                    history_size=options.get("history", 10), line_search_fn="strong_wolfe")], steps)


def main():
    cases = [
        rmsprop(lr=0.01), rmsprop(lr=0.003, alpha=0.9, momentum=0.8),
        rmsprop(lr=0.005, centered=True), rmsprop(lr=0.005, momentum=0.5, centered=True, eps=1e-5),
        nadam(lr=0.01), nadam(lr=0.02, beta1=0.8, beta2=0.99, momentum_decay=0.05, weight_decay=0.1),
        muon(lr=0.02, weight_decay=0.05, adam_lr=0.004),
        muon(lr=0.01, weight_decay=0.0, adam_lr=0.01, momentum=0.9, nesterov=False,
             adjust_lr="match_rms_adamw"),
        lbfgs(3, iterations=4), lbfgs(2, iterations=20), lbfgs(6, iterations=6, history=3, lr=0.5),
    ]
    golden = {"rows": ROWS, "inputs": INPUTS, "spec": SPEC, "cases": cases}
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(golden, separators=(",", ":")).replace('},{"', '},\n{"') + "\n")


if __name__ == "__main__":
    main()
