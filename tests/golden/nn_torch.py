"""Golden numbers for the nets from PyTorch 2.13 (CPU, double), written to nn_torch.json.

    python3 tests/golden/nn_torch.py

Each training case holds initial tensors (weights [in, out]), data, and what PyTorch has after some
full-batch steps; each plateau case the learning rates of ReduceLROnPlateau; `activations` values and
derivatives on a grid.
"""
import json
import math
import pathlib

import torch
from torch import nn

torch.set_default_dtype(torch.float64)
torch.manual_seed(7)
ROWS, INPUTS, STEPS = 24, 5, 6
ACTIVATIONS = {
    "relu": nn.ReLU(), "leaky_relu": nn.LeakyReLU(0.01), "tanh": nn.Tanh(),
    "sigmoid": nn.Sigmoid(), "gelu": nn.GELU(), "selu": nn.SELU(),
    "elu": nn.ELU(), "silu": nn.SiLU(), "mish": nn.Mish(),
}


def dense(units, activation="linear"):
    return {"type": "dense", "units": units, "activation": activation}


def build(layers):
    """The torch modules of a spec without its last activation, and (index, module) of the tensors."""
    modules, owners, width = [], [], INPUTS
    for i, layer in enumerate(layers):
        if layer["type"] == "dense":
            owners.append((i, nn.Linear(width, layer["units"])))
            modules.append(owners[-1][1])
            width = layer["units"]
        elif layer["type"] == "batch_norm":
            owners.append((i, nn.BatchNorm1d(width, momentum=0.1)))
            modules.append(owners[-1][1])
        name = layer.get("activation", "linear")
        if name != "linear" and i < len(layers) - 1:
            modules.append(ACTIVATIONS[name])
    return nn.Sequential(*modules), owners


def tensors(owners):
    out = {}
    for i, module in owners:
        if isinstance(module, nn.Linear):
            out[f"{i}.weight"] = module.weight.T.flatten().tolist()
            out[f"{i}.bias"] = module.bias.tolist()
        else:
            out[f"{i}.gamma"] = module.weight.tolist()
            out[f"{i}.beta"] = module.bias.tolist()
            out[f"{i}.running_mean"] = module.running_mean.tolist()
            out[f"{i}.running_var"] = module.running_var.tolist()
    return out


def train_case(name, layers, loss, optimizer, make):
    net, owners = build(layers)
    x = torch.randn(ROWS, INPUTS)
    classes = layers[-1]["units"]
    bce = classes == 1
    y = torch.randint(0, 2 if bce else classes, (ROWS,))
    if bce:
        weight = torch.tensor(loss["class_weight"][1]) if "class_weight" in loss else None
        criterion = nn.BCEWithLogitsLoss(pos_weight=weight)
        target = y.double()
    else:
        criterion = nn.CrossEntropyLoss(label_smoothing=loss.get("label_smoothing", 0))
        target = y
    before = tensors(owners)
    step = make(net.parameters())
    losses = []
    for _ in range(STEPS):
        step.zero_grad()
        logits = net(x)
        value = criterion(logits.squeeze(1) if bce else logits, target)
        value.backward()
        step.step()
        losses.append(value.item())
    net.eval()
    with torch.no_grad():
        logits = net(x)
        p = torch.sigmoid(logits) if bce else torch.softmax(logits, 1)
    return {
        "name": name, "spec": {"layers": layers}, "loss": loss, "optimizer": optimizer,
        "x": x.flatten().tolist(), "y": y.tolist(), "before": before, "losses": losses,
        "after": tensors(owners), "predictions": p.flatten().tolist(),
    }


def plateau_case(options, values):
    p = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([p], lr=0.1)
    higher = options.get("monitor") == "val_auc"
    known = {"factor": 0.5, "patience": 5, "cooldown": 0, "min_lr": 0, "threshold": 1e-4}
    known.update({k: v for k, v in options.items() if k in known})
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, mode="max" if higher else "min", **known)
    rates = []
    for value in values:
        schedule.step(value)
        rates.append(optimizer.param_groups[0]["lr"])
    return {"options": options, "values": values, "rates": rates}


def timed_case(schedule, make, steps=40):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer, steps)
    factors = []
    for _ in range(steps):
        factors.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return {"schedule": schedule, "factors": factors}


def spare_biases(parameters, decay):
    parameters = list(parameters)
    return [{"params": [p for p in parameters if p.ndim > 1], "weight_decay": decay},
            {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0}]


def activation_case(name, grid):
    x = torch.tensor(grid, requires_grad=True)
    y = ACTIVATIONS[name](x)
    y.sum().backward()
    return {"name": name, "y": y.tolist(), "slope": x.grad.tolist()}


def main():
    hidden = [dense(6, "tanh"), dense(1, "sigmoid")]
    normed = [dense(6), {"type": "batch_norm", "momentum": 0.9}, {"type": "activation", "activation": "gelu"},
              dense(1, "sigmoid")]
    classes = [dense(7, "selu"), dense(5, "leaky_relu"), dense(3, "softmax")]
    optim = torch.optim
    cases = [
        train_case("sgd", hidden, {"type": "bce"}, {"type": "sgd", "lr": 0.1},
                   lambda p: optim.SGD(p, lr=0.1)),
        train_case("momentum", hidden, {"type": "bce"}, {"type": "sgd", "lr": 0.1, "momentum": 0.9},
                   lambda p: optim.SGD(p, lr=0.1, momentum=0.9)),
        train_case("nesterov", hidden, {"type": "bce"},
                   {"type": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True},
                   lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True)),
        train_case("adam", hidden, {"type": "bce", "class_weight": [1, 2.5]},
                   {"type": "adam", "lr": 0.01}, lambda p: optim.Adam(p, lr=0.01)),
        train_case("adamw", hidden, {"type": "bce"},
                   {"type": "adamw", "lr": 0.02, "weight_decay": 0.1, "beta1": 0.8, "eps": 1e-6},
                   lambda p: optim.AdamW(spare_biases(p, 0.1), lr=0.02, betas=(0.8, 0.999), eps=1e-6)),
        train_case("batch_norm", normed, {"type": "bce"}, {"type": "sgd", "lr": 0.1},
                   lambda p: optim.SGD(p, lr=0.1)),
        train_case("cross_entropy", classes, {"type": "cross_entropy", "label_smoothing": 0.1},
                   {"type": "adam", "lr": 0.01}, lambda p: optim.Adam(p, lr=0.01)),
    ]
    falling = [1, .9, .8, .8, .81, .79, .795, .7951, .7950, .79, .78999, .7899, .7, .7, .7, .7, .7, .7, .7, .7]
    plateaus = [
        plateau_case({"factor": 0.5, "patience": 2}, falling),
        plateau_case({"factor": 0.1, "patience": 0, "cooldown": 2, "min_lr": 0.002}, falling),
        plateau_case({"factor": 0.3, "patience": 1, "threshold": 0.05}, falling),
        plateau_case({"factor": 0.5, "patience": 1, "monitor": "val_auc"}, [1 - v / 2 for v in falling]),
    ]
    lrs = torch.optim.lr_scheduler
    timed = [
        timed_case({"type": "cosine"}, lambda o, n: lrs.CosineAnnealingLR(o, n)),
        timed_case({"type": "cosine", "lowest": 0.1}, lambda o, n: lrs.CosineAnnealingLR(o, n, eta_min=0.1)),
        timed_case({"type": "one_cycle"}, lambda o, n: lrs.OneCycleLR(o, 1.0, n)),
        timed_case({"type": "one_cycle", "share": 0.45, "start": 0.2, "finish": 0.01},
                   lambda o, n: lrs.OneCycleLR(o, 1.0, n, pct_start=0.45, div_factor=5, final_div_factor=20)),
        timed_case({"type": "warm_up", "share": 0.25}, lambda o, n: lrs.LinearLR(o, 0.1, 1.0, 9)),
        # RealMLP's formulas, there is no PyTorch class
        timed_case({"type": "coslog4"}, lambda o, n: lrs.LambdaLR(
            o, lambda i: 0.5 * (1 - math.cos(2 * math.pi * math.log2(1 + 15 * i / n))))),
        timed_case({"type": "flat_cos"}, lambda o, n: lrs.LambdaLR(
            o, lambda i: 1.0 if i / n <= 0.5 else 0.5 * (1 + math.cos(math.pi * (2 * i / n - 1))))),
    ]
    grid = [v / 8 for v in range(-96, 97)] + [-30.0, 30.0, -1e-3, 1e-3, 1e-6, -1e-6]
    golden = {"rows": ROWS, "inputs": INPUTS, "train": cases, "plateau": plateaus, "timed": timed, "grid": grid,
              "activations": [activation_case(name, grid) for name in ACTIVATIONS]}
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(golden, separators=(",", ":")).replace('},{"', '},\n{"') + "\n")


if __name__ == "__main__":
    main()
