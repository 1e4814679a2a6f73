"""Training and scoring beside PyTorch and scikit-learn: the same net, rows and batches.

    python tests/bench/train_peers.py --program build/release/churnlab

churnlab runs on one thread (train_bench.lua). Training: a peer runs on one thread and on its
default, the faster counts. Scoring: one thread each. Each figure is the median of several epochs
or rounds by the wall clock.
"""
import argparse
import os
import statistics
import subprocess
import tempfile
import time
import warnings

import numpy
import threadpoolctl
import torch
from sklearn.neural_network import MLPClassifier

EPOCHS, ROUNDS, SCORED = 6, 15, 80_000
CASES = ["plain 32", "plain 128", "regularised 32"]


def run_ours(program, path):
    """{case: seconds an epoch}, rows scored a second."""
    script = os.path.join(os.path.dirname(__file__), "train_bench.lua")
    out = subprocess.run([program, "-j1", script, path], stdout=subprocess.PIPE, text=True,
                         check=True).stdout
    figures = {name: float(value) for name, value in
               (line.split(" = ") for line in out.splitlines())}
    return figures, figures.pop("rows a second")


def read_data(path):
    with open(path, "rb") as file:
        rows, columns = numpy.fromfile(file, "<i8", 2)
        x = numpy.fromfile(file, "<f8", rows * columns).reshape(rows, columns)
        return x, numpy.fromfile(file, "<f8", rows)


def torch_net(columns, regularised):
    nn = torch.nn
    middle = [nn.BatchNorm1d(64), nn.Dropout(0.2)] if regularised else []
    after = [nn.Dropout(0.1)] if regularised else []
    return nn.Sequential(nn.Linear(columns, 64), nn.ReLU(), *middle, nn.Linear(64, 32), nn.ReLU(),
                         *after, nn.Linear(32, 1))


def torch_epochs(x, y, batch, regularised):
    """Seconds of an epoch: shuffled mini-batches, BCE from logits, Adam."""
    torch.manual_seed(1)
    net = torch_net(x.shape[1], regularised)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    criterion = torch.nn.BCEWithLogitsLoss()
    times = []
    for _ in range(EPOCHS):
        start = time.perf_counter()
        order = torch.randperm(len(x))
        for i in range(0, len(x), batch):
            rows = order[i:i + batch]
            optimizer.zero_grad()
            criterion(net(x[rows]).squeeze(1), y[rows]).backward()
            optimizer.step()
        times.append(time.perf_counter() - start)
    return statistics.median(times), net


def torch_scoring(net, x):
    """Rows a second from float64 columns to probabilities; the best block size counts."""
    rate = 0
    with torch.no_grad():
        for block in (1024, 8192, len(x)):
            times = []
            for _ in range(ROUNDS):
                start = time.perf_counter()
                for i in range(0, len(x), block):
                    torch.sigmoid(net(x[i:i + block].float()))
                times.append(time.perf_counter() - start)
            rate = max(rate, len(x) / statistics.median(times))
    return rate


def run_torch(x, y):
    tensors = torch.from_numpy(x).float(), torch.from_numpy(y).float()
    many = torch.from_numpy(numpy.tile(x, (SCORED // len(x), 1)))
    epochs, rate = dict.fromkeys(CASES, float("inf")), 0
    for threads in sorted({1, torch.get_num_threads()}):
        torch.set_num_threads(threads)
        for case in CASES:
            kind, batch = case.split()
            seconds, net = torch_epochs(*tensors, int(batch), kind == "regularised")
            epochs[case] = min(epochs[case], seconds)
            if case == CASES[0] and threads == 1:
                rate = max(rate, torch_scoring(net.eval(), many))
    return epochs, rate


def run_sklearn(x, y):
    x = x.astype(numpy.float32)  # scikit-learn keeps float32, which is faster
    epochs = {}
    for case in CASES[:2]:
        net = MLPClassifier((64, 32), batch_size=int(case.split()[1]), random_state=1)
        times = []
        for _ in range(EPOCHS):
            start = time.perf_counter()
            net.partial_fit(x, y, classes=[0, 1])
            times.append(time.perf_counter() - start)
        epochs[case] = statistics.median(times)
    many, times = numpy.tile(x, (SCORED // len(x), 1)), []
    with threadpoolctl.threadpool_limits(1):  # comes with scikit-learn
        for _ in range(ROUNDS):
            start = time.perf_counter()
            net.predict_proba(many)
            times.append(time.perf_counter() - start)
    return epochs, SCORED / statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    warnings.filterwarnings("ignore")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "data.bin")
        ours, our_rate = run_ours(parser.parse_args().program, path)
        x, y = read_data(path)
    theirs, their_rate = run_torch(x, y)
    learn, learn_rate = run_sklearn(x, y)
    print(f"  {len(x):,} simulated bank rows x {x.shape[1]} columns, net 64-32-1, Adam; "
          f"torch {torch.__version__}")
    titles = {"plain 32": "batch 32", "plain 128": "batch 128",
              "regularised 32": "batch 32, batch norm, dropout"}
    for case in CASES:
        for name, seconds in (("PyTorch", theirs[case]), ("scikit-learn", learn.get(case))):
            if seconds:
                print(f"  train, {titles[case]:<30} {ours[case] * 1e3:7.2f} ms/epoch   "
                      f"{name:<12} {seconds * 1e3:7.2f}   ratio {seconds / ours[case]:5.1f}")
    for name, rate in (("PyTorch", their_rate), ("scikit-learn", learn_rate)):
        print(f"  {'score, one thread each':<37} {our_rate / 1e6:7.2f} M rows/s   {name:<12} "
              f"{rate / 1e6:7.2f}   ratio {our_rate / rate:5.1f}")


if __name__ == "__main__":
    main()
