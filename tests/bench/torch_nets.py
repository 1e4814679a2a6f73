"""The nets of train_bench.lua in PyTorch. TabM as its paper gives it (Gorishniy, Kotelnikov,
Babenko 2025): y_i = s_i * (W (r_i * x_i)) + b_i for each of k members, then k heads."""
import torch

nn = torch.nn


class BatchEnsemble(nn.Module):
    def __init__(self, members, inputs, outputs, first):
        super().__init__()
        bound = inputs ** -0.5
        self.weight = nn.Parameter(torch.empty(outputs, inputs).uniform_(-bound, bound))
        signs = torch.randint(2, (members, inputs)) * 2.0 - 1
        self.r = nn.Parameter(signs if first else torch.ones(members, inputs))
        self.s = nn.Parameter(torch.ones(members, outputs))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound).repeat(members, 1))

    def forward(self, x):  # batch x members x inputs
        return (x * self.r) @ self.weight.T * self.s + self.bias


class Heads(nn.Module):
    """One linear unit a member."""

    def __init__(self, members, inputs):
        super().__init__()
        bound = inputs ** -0.5
        self.weight = nn.Parameter(torch.empty(members, inputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(members).uniform_(-bound, bound))

    def forward(self, x):
        return (x * self.weight).sum(-1) + self.bias


class TabM(nn.Module):
    def __init__(self, columns, members=32, units=(128, 128, 128), dropout=0.1):
        super().__init__()
        layers, inputs = [], columns
        for i, outputs in enumerate(units):
            layers += [BatchEnsemble(members, inputs, outputs, i == 0), nn.ReLU(),
                       nn.Dropout(dropout)]
            inputs = outputs
        self.members = members
        self.layers = nn.Sequential(*layers, Heads(members, inputs))

    def forward(self, x):
        return self.layers(x[:, None].expand(-1, self.members, -1))


def sequential(columns, units, regularised=False):
    layers, inputs = [], columns
    for i, outputs in enumerate(units):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        if regularised:
            layers += [nn.BatchNorm1d(outputs), nn.Dropout(0.2)] if i == 0 else [nn.Dropout(0.1)]
        inputs = outputs
    return nn.Sequential(*layers, nn.Linear(inputs, 1))


def make(kind, columns):
    if kind == "tabm":
        return TabM(columns)
    units = (256, 256, 256) if kind == "wide" else (64, 32)
    return sequential(columns, units, kind == "regularised")
