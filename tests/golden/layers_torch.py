"""Golden numbers for layers from PyTorch 2.13 (CPU, double), written to layers_torch.json.

    python3 tests/golden/layers_torch.py

Each case holds a net's spec, its tensors before (as churnlab stores them), data, and what PyTorch has
after some full-batch steps of plain gradient descent: losses, tensors, predictions. The modules are
written here from the papers' formulas; where PyTorch has the layer, it is PyTorch's.
"""
import json
import pathlib

import torch
from torch import nn

torch.set_default_dtype(torch.float64)
torch.manual_seed(11)
ROWS, INPUTS, STEPS, LR = 12, 5, 5, 0.1
ACTIVATIONS = {"linear": lambda x: x, "relu": torch.relu, "tanh": torch.tanh, "gelu": nn.functional.gelu,
               "selu": nn.functional.selu, "sigmoid": torch.sigmoid}


def parameter(*shape, around=0.0):
    return nn.Parameter(around + 0.4 * torch.randn(*shape))


class Dense(nn.Module):
    def __init__(self, layer, shape):
        super().__init__()
        self.linear = nn.Linear(shape[1], layer["units"])
        self.out = (shape[0], layer["units"])

    def forward(self, x):
        return self.linear(x)

    def tensors(self):
        return {"weight": self.linear.weight.T, "bias": self.linear.bias}


class Copies(nn.Module):
    """TabM-mini's R."""

    def __init__(self, layer, shape):
        super().__init__()
        self.scale = parameter(layer["copies"], shape[1], around=1.0)
        self.out = (layer["copies"], shape[1])

    def forward(self, x):
        return x * self.scale

    def tensors(self):
        return {"scale": self.scale}


class BatchEnsemble(nn.Module):
    """s * (W (r * x)) + b."""

    def __init__(self, layer, shape):
        super().__init__()
        k = layer.get("copies", shape[0])
        self.weight, self.bias = parameter(shape[1], layer["units"]), parameter(k, layer["units"])
        self.r, self.s = parameter(k, shape[1], around=1.0), parameter(k, layer["units"], around=1.0)
        self.out = (k, layer["units"])

    def forward(self, x):
        return ((x * self.r) @ self.weight) * self.s + self.bias

    def tensors(self):
        return {"weight": self.weight, "bias": self.bias, "scale_in": self.r, "scale_out": self.s}


class MemberDense(nn.Module):
    """k linear layers."""

    def __init__(self, layer, shape):
        super().__init__()
        self.weight = parameter(shape[0], shape[1], layer["units"])
        self.bias = parameter(shape[0], layer["units"])
        self.out = (shape[0], layer["units"])

    def forward(self, x):
        return torch.einsum("bki,kio->bko", x, self.weight) + self.bias

    def tensors(self):
        return {"weight": self.weight, "bias": self.bias}


KINDS = {"dense": Dense, "copies": Copies, "batch_ensemble": BatchEnsemble, "member_dense": MemberDense}


class Net(nn.Module):
    """A row is (steps, width) in all layers; a graph by names."""

    def __init__(self, spec, inputs):
        super().__init__()
        self.spec, shapes, built = spec, {"input": (1, inputs)}, []
        before = "input"
        for i, layer in enumerate(spec["layers"]):
            sources = layer.get("from", [before])
            sources = [sources] if isinstance(sources, str) else sources
            kind = KINDS[layer["type"]]
            merging = getattr(kind, "merging", False)
            module = kind(layer, [shapes[s] for s in sources] if merging else shapes[sources[0]])
            before = layer.get("name", str(i))
            shapes[before] = module.out
            built.append((before, sources, merging, layer.get("activation", "linear"), module))
        self.built = built
        self.all = nn.ModuleList([b[4] for b in built])

    def forward(self, x):
        values = {"input": x.unsqueeze(1)}
        for i, (name, sources, merging, activation, module) in enumerate(self.built):
            inputs = [values[s] for s in sources]
            values[name] = module(inputs) if merging else module(inputs[0])
            if i < len(self.built) - 1 and not getattr(module, "activates", False):
                values[name] = ACTIVATIONS[activation](values[name])
        return values[name]

    def numbers(self):
        return {f"{i}.{name}": t.flatten().tolist()
                for i, b in enumerate(self.built) for name, t in b[4].tensors().items()}


def case(name, layers, x=None):
    x = torch.randn(ROWS, INPUTS) if x is None else x
    net = Net({"layers": layers}, x.shape[1])
    classes = layers[-1]["units"]
    y = torch.randint(0, max(classes, 2), (ROWS,))
    before, losses = net.numbers(), []
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=LR)
    for _ in range(STEPS):
        optimizer.zero_grad()
        logits = net(x)  # rows, copies, classes
        copies = logits.shape[1]
        flat, labels = logits.flatten(0, 1), y.repeat_interleave(copies)
        loss = nn.functional.binary_cross_entropy_with_logits(flat[:, 0], labels.double()) \
            if classes == 1 else nn.functional.cross_entropy(flat, labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        logits = net(x)
        p = (torch.sigmoid(logits) if classes == 1 else torch.softmax(logits, 2)).mean(1)
    return {"name": name, "spec": {"layers": layers}, "inputs": x.shape[1], "x": x.flatten().tolist(),
            "y": y.tolist(), "before": before, "losses": losses, "after": net.numbers(),
            "predictions": p.flatten().tolist()}


def head(units=1, kind="dense"):
    return {"type": kind, "units": units, "activation": "sigmoid" if units == 1 else "softmax"}


def tabm_cases():
    first = {"type": "batch_ensemble", "copies": 3, "units": 7, "activation": "relu"}
    second = {"type": "batch_ensemble", "units": 18, "activation": "gelu"}
    mini = [{"type": "copies", "copies": 4}, {"type": "dense", "units": 6, "activation": "relu"}]
    return [
        case("tabm", [first, second, head(1, "member_dense")]),
        case("tabm_classes", [{"type": "dense", "units": 33, "activation": "tanh"}, first,
                              head(3, "member_dense")]),
        case("tabm_mini", [*mini, head(1, "member_dense")]),
        case("tabm_packed", [*mini, {"type": "member_dense", "units": 9, "activation": "selu"}, head()]),
    ]


def main():
    cases = tabm_cases()
    golden = {"rows": ROWS, "lr": LR, "cases": cases}
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(golden, separators=(",", ":")).replace('},{"', '},\n{"') + "\n")


if __name__ == "__main__":
    main()
