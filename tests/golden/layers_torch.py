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


class Add(nn.Module):
    merging = True

    def __init__(self, layer, shapes):
        super().__init__()
        self.out = shapes[0]

    def forward(self, xs):
        return torch.stack(xs).sum(0)

    def tensors(self):
        return {}


class Concat(Add):
    def __init__(self, layer, shapes):
        super().__init__(layer, shapes)
        self.out = (shapes[0][0], sum(s[1] for s in shapes))

    def forward(self, xs):
        return torch.cat(xs, 2)


class Columns(nn.Module):
    def __init__(self, layer, shape):
        super().__init__()
        self.at = [c - 1 for c in layer["columns"]]
        self.out = (shape[0], len(self.at))

    def forward(self, x):
        return x[:, :, self.at]

    def tensors(self):
        return {}


class LayerNorm(nn.Module):
    def __init__(self, layer, shape):
        super().__init__()
        self.norm = nn.LayerNorm(shape[1], eps=layer.get("eps", 1e-5))
        self.norm.weight, self.norm.bias = parameter(shape[1], around=1.0), parameter(shape[1])
        self.out = shape

    def forward(self, x):
        return self.norm(x)

    def tensors(self):
        return {"gamma": self.norm.weight, "beta": self.norm.bias}


class Embedding(nn.Module):
    """One nn.Embedding a column; row 0 is for codes that training did not have."""

    def __init__(self, layer, shape):
        super().__init__()
        self.levels = layer["levels"]
        self.tables = nn.ModuleList([nn.Embedding(n + 1, layer["units"]) for n in self.levels])
        self.out = (1, layer["units"] * shape[1])

    def forward(self, x):
        parts = []
        for k, (n, table) in enumerate(zip(self.levels, self.tables)):
            code = x[:, :, k].long()
            parts.append(table(torch.where((code >= 0) & (code < n), code + 1, 0)))
        return torch.cat(parts, 2)

    def tensors(self):
        return {"table": torch.cat([t.weight for t in self.tables])}


class Scale(nn.Module):
    def __init__(self, layer, shape):
        super().__init__()
        self.scale = parameter(shape[1], around=1.0)
        self.out = shape

    def forward(self, x):
        return x * self.scale

    def tensors(self):
        return {"scale": self.scale}


class Parametric(nn.Module):
    """RealMLP's gate; relu is PyTorch's PReLU with a slope of 1 - gate."""
    activates = True

    def __init__(self, layer, shape):
        super().__init__()
        self.name, self.out = layer["activation"], shape
        self.gate = parameter(shape[1], around=1.0)

    def forward(self, x):
        if self.name == "relu":
            return nn.functional.prelu(x.transpose(1, 2), 1 - self.gate).transpose(1, 2)
        return x + (ACTIVATIONS[self.name](x) - x) * self.gate

    def tensors(self):
        return {"gate": self.gate}


class Periodic(nn.Module):
    """PLR, PLR-lite, PBLD, as their papers write them."""
    activates = True

    def __init__(self, layer, shape):
        super().__init__()
        self.layer, features, n = layer, shape[1], layer["frequencies"]
        own = 1 if layer.get("lite") else features
        self.frequency = parameter(features, n)
        z = n if layer.get("phases") else 2 * n
        self.weight, self.bias = parameter(own, z, layer["units"]), parameter(own, layer["units"])
        self.phase = parameter(features, n) if layer.get("phases") else None
        self.out = (1, features * (layer["units"] + bool(layer.get("densenet"))))

    def forward(self, x):
        x = x[:, 0, :, None]
        v = 2 * torch.pi * self.frequency * x
        z = torch.cos(v + self.phase) if self.phase is not None else torch.cat([torch.cos(v), torch.sin(v)], 2)
        y = (z[:, :, None, :] @ self.weight)[:, :, 0, :] + self.bias
        y = ACTIVATIONS[self.layer.get("activation", "linear")](y)
        if self.layer.get("densenet"):
            y = torch.cat([x, y], 2)
        return y.flatten(1).unsqueeze(1)

    def tensors(self):
        out = {"frequency": self.frequency, "weight": self.weight, "bias": self.bias}
        return out if self.phase is None else {**out, "phase": self.phase}


class PiecewiseLinear(nn.Module):
    def __init__(self, layer, shape):
        super().__init__()
        self.groups, units = layer["groups"], layer["units"]
        self.linears = nn.ModuleList([nn.Linear(len(g), units) for g in self.groups])
        self.out = (1, units * len(self.groups))

    def forward(self, x):
        parts = [f(x[:, :, [c - 1 for c in g]]) for f, g in zip(self.linears, self.groups)]
        return torch.cat(parts, 2)

    def tensors(self):
        return {"weight": torch.cat([f.weight.T for f in self.linears]),
                "bias": torch.cat([f.bias for f in self.linears])}


KINDS = {"periodic": Periodic, "piecewise_linear": PiecewiseLinear, "add": Add, "concat": Concat, "columns": Columns, "layer_norm": LayerNorm, "embedding": Embedding,
         "scale": Scale, "parametric": Parametric,
         "dense": Dense, "copies": Copies, "batch_ensemble": BatchEnsemble, "member_dense": MemberDense}


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
    before, losses = net.numbers(), []  # a tensor without a place in the net would be missed here
    assert sum(len(t) for t in before.values()) == sum(p.numel() for p in net.parameters())
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


def dense(units, activation="linear", **links):
    return {"type": "dense", "units": units, "activation": activation, **links}


def block_cases():
    residual = [dense(18, "relu", name="a"), dense(9, "tanh", name="b"), dense(18, name="c"),
                {"type": "add", "name": "d", "from": ["a", "c"]}, {"type": "concat", "from": ["d", "input", "b"]}]
    picked = [{"type": "columns", "columns": [3, 1, 3]}, {"type": "scale"}, {"type": "layer_norm", "eps": 0.01}]
    codes = torch.randn(ROWS, 6)
    codes[:, 1] = torch.randint(-1, 4, (ROWS,))
    codes[:, 4] = torch.randint(0, 3, (ROWS,))
    levels = [{"type": "columns", "columns": [2, 5], "name": "codes"},
              {"type": "embedding", "units": 3, "levels": [3, 3], "name": "vectors"},
              {"type": "concat", "from": ["vectors", "input"]}]
    return [
        case("residual", [*residual, dense(8, "relu"), head()]),
        case("columns_scale_layer_norm", [*picked, dense(20, "gelu"), {"type": "layer_norm"}, head(3)]),
        case("layer_norm_of_copies", [{"type": "copies", "copies": 3}, {"type": "layer_norm"}, head(2, "member_dense")]),
        case("embedding", [*levels, dense(7, "relu"), head()], codes),
        case("parametric", [dense(17), {"type": "parametric", "activation": "selu"}, dense(6),
                            {"type": "parametric", "activation": "gelu"}, head()]),
        case("prelu", [dense(17), {"type": "parametric", "activation": "relu"}, head()]),
    ]


def numeric_cases():
    plr = {"type": "periodic", "units": 5, "frequencies": 7, "activation": "relu"}
    pbld = {"type": "periodic", "units": 3, "frequencies": 16, "phases": True, "densenet": True}
    bins = {"type": "piecewise_linear", "units": 6, "groups": [[1, 2], [3], [5, 4, 1]], "activation": "gelu"}
    return [
        case("plr", [plr, dense(9, "relu"), head()]),
        case("plr_lite", [{"type": "scale"}, {**plr, "lite": True, "activation": "gelu"}, head(3)]),
        case("pbld", [{"type": "scale"}, pbld, dense(9, "selu"), head()]),
        case("piecewise_linear", [{"type": "scale"}, bins, dense(9, "relu"), head()]),
        case("piecewise_linear_wide", [{**bins, "units": 40, "activation": "relu"}, head()]),
    ]


def main():
    cases = tabm_cases() + block_cases() + numeric_cases()
    golden = {"rows": ROWS, "lr": LR, "cases": cases}
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(golden, separators=(",", ":")).replace('},{"', '},\n{"') + "\n")


if __name__ == "__main__":
    main()
