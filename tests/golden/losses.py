"""Golden numbers for the losses from PyTorch 2.13 (CPU, double), written to losses.json.

    python3 tests/golden/losses.py

Each case holds logits, labels and sample weights, the sum over rows of weight · loss, and its gradient by
the logits (autograd). PyTorch has no focal, hinge of labels 0/1 or hazard loss: focal is the formula of
torchvision.ops.sigmoid_focal_loss (with sigmoid), and of Lin et al. 2017 over softmax; hazard is binary
cross-entropy of person-period rows, one for each period at risk.
"""
import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(11)
ROWS = 12


def sigmoid_focal(z, y, gamma, alpha):  # torchvision/ops/focal_loss.py
    p = torch.sigmoid(z)
    ce = F.binary_cross_entropy_with_logits(z, y, reduction="none")
    p_t = p * y + (1 - p) * (1 - y)
    loss = ce * ((1 - p_t) ** gamma)
    return loss if alpha is None else (alpha * y + (1 - alpha) * (1 - y)) * loss


def softmax_focal(z, y, gamma):
    log_p = F.log_softmax(z, 1).gather(1, y[:, None]).squeeze(1)
    return -((1 - log_p.exp()) ** gamma) * log_p


def hazard(z, y):
    rows = []
    for logits, (period, event) in zip(z, y.tolist()):
        target = torch.zeros(int(period))
        if event:
            target[-1] = 1
        rows.append(F.binary_cross_entropy_with_logits(logits[: int(period)], target, reduction="sum"))
    return torch.stack(rows)


def case(loss, activation, width, y, per_row, class_weight=None, spread=3.0):
    z = (spread * torch.randn(ROWS, width)).requires_grad_()
    w = torch.rand(ROWS) + 0.5
    full = w if class_weight is None else w * torch.tensor(class_weight)[y.long()]
    value = (full * per_row(z, y)).sum()
    value.backward()
    if class_weight is not None:
        loss = {**loss, "class_weight": class_weight}
    return {"loss": loss, "activation": activation, "width": width, "z": z.flatten().tolist(),
            "y": y.flatten().tolist(), "w": w.tolist(), "value": value.item(), "gradient": z.grad.flatten().tolist()}


def two_classes():
    return torch.randint(0, 2, (ROWS,)).double()


def classes(n):
    return torch.randint(0, n, (ROWS,))


def smoothed_bce(smoothing):
    def per_row(z, y):
        target = y * (1 - smoothing) + smoothing / 2
        return F.binary_cross_entropy_with_logits(z.squeeze(1), target, reduction="none")
    return per_row


def cross_entropy(smoothing):
    return lambda z, y: F.cross_entropy(z, y, reduction="none", label_smoothing=smoothing)


def focal(gamma, alpha=None):
    return lambda z, y: sigmoid_focal(z.squeeze(1), y, gamma, alpha)


def hinge(power):
    return lambda z, y: F.relu(1 - (2 * y - 1) * z.squeeze(1)) ** power


def main():
    periods = torch.stack([torch.randint(1, 6, (ROWS,)).double(), two_classes()], 1)
    periods[0] = torch.tensor([0.0, 0.0])  # censored before the first period ended
    several = torch.randn(ROWS, 3)
    cases = [
        case({"type": "bce"}, "sigmoid", 1, two_classes(), smoothed_bce(0)),
        case({"type": "bce", "label_smoothing": 0.2}, "sigmoid", 1, two_classes(), smoothed_bce(0.2), [0.5, 2.0]),
        case({"type": "bce"}, "sigmoid", 1, two_classes(), smoothed_bce(0), spread=60),
        case({"type": "cross_entropy"}, "softmax", 4, classes(4), cross_entropy(0), [1.0, 2.0, 0.5, 1.5]),
        case({"type": "cross_entropy", "label_smoothing": 0.1}, "softmax", 3, classes(3), cross_entropy(0.1)),
        case({"type": "cross_entropy"}, "softmax", 3, classes(3), cross_entropy(0), spread=60),
        case({"type": "focal"}, "sigmoid", 1, two_classes(), focal(2)),
        case({"type": "focal", "gamma": 1.5, "alpha": 0.25}, "sigmoid", 1, two_classes(), focal(1.5, 0.25)),
        case({"type": "focal", "gamma": 0}, "sigmoid", 1, two_classes(), focal(0), [1.0, 3.0]),
        case({"type": "focal"}, "softmax", 3, classes(3), lambda z, y: softmax_focal(z, y, 2)),
        case({"type": "focal", "gamma": 0.5}, "softmax", 4, classes(4), lambda z, y: softmax_focal(z, y, 0.5),
             [2.0, 1.0, 1.0, 0.5], spread=1),
        case({"type": "mse"}, "linear", 1, torch.randn(ROWS),
             lambda z, y: F.mse_loss(z.squeeze(1), y, reduction="none")),
        case({"type": "mse"}, "linear", 3, several, lambda z, y: F.mse_loss(z, y, reduction="none").mean(1)),
        case({"type": "hinge"}, "linear", 1, two_classes(), hinge(1), spread=1),
        case({"type": "hinge", "squared": True}, "sigmoid", 1, two_classes(), hinge(2), [1.0, 2.0], spread=1),
        case({"type": "hazard"}, "sigmoid", 5, periods, hazard),
    ]
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(cases, separators=(",", ":")).replace('},{"', '},\n{"') + "\n")


if __name__ == "__main__":
    main()
