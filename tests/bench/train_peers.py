"""Training and scoring beside PyTorch, Keras and scikit-learn: the same net, rows and batches.

    python tests/bench/train_peers.py --program build/release/churnlab

Training: churnlab (train_bench.lua) and each peer run on one thread and on their default, the
faster counts, and churnlab's rounds stand before and after the peers', as the clock of a machine
drifts; PyTorch has the faster of Adam's two implementations, once as it is and
once compiled. Scoring: one thread each. Each figure is the median of several epochs or rounds by
the wall clock; the first epoch, in which peers compile, is left out.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy
import threadpoolctl
import torch
from sklearn.neural_network import MLPClassifier

import torch_nets

ROUNDS, SCORED = 15, 80_000
TITLES = {"plain 32": "64-32, batch 32", "plain 128": "64-32, batch 128",
          "regularised 32": "64-32, batch 32, norm, dropout",
          "wide 256": "256-256-256, batch 256", "tabm 256": "TabM 32 x 128-128-128, batch 256"}
EPOCHS = {"wide 256": 3, "tabm 256": 2}  # others: 6
COMPILED = ("plain 32", "wide 256", "tabm 256")
SLOW = ("tabm 256",)  # only with the faster Adam


def run_ours(program, path):
    """{case: seconds an epoch}, rows scored a second on one thread."""
    script, best = os.path.join(os.path.dirname(__file__), "train_bench.lua"), {}
    for threads in sorted({1, os.cpu_count()}, reverse=True):
        out = subprocess.run([program, f"-j{threads}", script, path], stdout=subprocess.PIPE,
                             text=True, check=True).stdout
        for name, value in (line.split(" = ") for line in out.splitlines()):
            best[name] = (float(value) if name == "rows a second"
                          else min(best.get(name, float("inf")), float(value)))
    return best, best.pop("rows a second")


def read_data(path):
    with open(path, "rb") as file:
        rows, columns = numpy.fromfile(file, "<i8", 2)
        x = numpy.fromfile(file, "<f8", rows * columns).reshape(rows, columns)
        return x, numpy.fromfile(file, "<f8", rows)


def torch_step(case, columns, compiled, fused):
    """A net and a function that trains it on one mini-batch: BCE from logits, Adam."""
    torch.manual_seed(1)
    kind = case.split()[0]
    net = torch_nets.make(kind, columns)
    forward = torch.compile(net) if compiled else net
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=fused)
    criterion = torch.nn.BCEWithLogitsLoss()

    def step(x, y):
        optimizer.zero_grad()
        logits = forward(x)
        y = y[:, None].expand(-1, logits.shape[1])
        criterion(logits, y).backward()
        optimizer.step()
    return net, step


def torch_epochs(x, y, case, compiled, fused):
    net, step = torch_step(case, x.shape[1], compiled, fused)
    batch, times = int(case.split()[1]), []
    for _ in range(1 + EPOCHS.get(case, 6)):
        start = time.perf_counter()
        order = torch.randperm(len(x))
        for i in range(0, len(x), batch):
            rows = order[i:i + batch]
            step(x[rows], y[rows])
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:]), net


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
    """{case: seconds}, the same compiled, rows a second."""
    tensors = torch.from_numpy(x).float(), torch.from_numpy(y).float()
    many = torch.from_numpy(numpy.tile(x, (SCORED // len(x), 1)))
    eager, compiled, rate = {}, {}, 0
    torch_threads = torch.get_num_threads()
    for threads in sorted({1, torch_threads}):
        torch.set_num_threads(threads)
        for case in TITLES:
            for fused in (True,) if case in SLOW else (False, True):
                seconds, net = torch_epochs(*tensors, case, False, fused)
                eager[case] = min(eager.get(case, seconds), seconds)
            if case in COMPILED and threads == torch_threads:
                compile_case(tensors, case, compiled)
            if case == "plain 32" and threads == 1:
                rate = torch_scoring(net.eval(), many)
    return eager, compiled, rate


def compile_case(tensors, case, compiled):
    """torch.compile needs a C++ compiler; without one the line is missing."""
    try:
        seconds, _ = torch_epochs(*tensors, case, True, True)
        compiled[case] = min(compiled.get(case, seconds), seconds)
    except Exception as problem:  # of many kinds, by the platform
        print(f"  torch.compile: {case}: {str(problem).splitlines()[0]}", file=sys.stderr)


def run_sklearn(x, y):
    x = x.astype(numpy.float32)  # scikit-learn keeps float32, which is faster
    epochs = {}
    for case in ("plain 32", "plain 128", "wide 256"):
        units = (256, 256, 256) if case == "wide 256" else (64, 32)
        net = MLPClassifier(units, batch_size=int(case.split()[1]), random_state=1)
        times = []
        for _ in range(EPOCHS.get(case, 6)):
            start = time.perf_counter()
            net.partial_fit(x, y, classes=[0, 1])
            times.append(time.perf_counter() - start)
        epochs[case] = statistics.median(times)
        if case == "plain 32":
            rate = sklearn_scoring(net, x)
    return epochs, rate


def sklearn_scoring(net, x):
    many, times = numpy.tile(x, (SCORED // len(x), 1)), []
    with threadpoolctl.threadpool_limits(1):  # comes with scikit-learn
        for _ in range(ROUNDS):
            start = time.perf_counter()
            net.predict_proba(many)
            times.append(time.perf_counter() - start)
    return SCORED / statistics.median(times)


def run_keras(path):
    """keras_peers.py in processes of their own; {} and 0 where Keras is not installed."""
    script, best = os.path.join(os.path.dirname(__file__), "keras_peers.py"), {}
    for threads in sorted({1, os.cpu_count()}):
        made = subprocess.run([sys.executable, script, path, str(threads)], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        for line in made.stdout.splitlines():
            name, value = line.split(" = ")
            if name == "backend":
                best[name] = value
            elif name == "rows a second":
                best[name] = float(value) if threads == 1 else best[name]
            else:
                best[name] = min(best.get(name, float("inf")), float(value))
    return best, best.pop("rows a second", 0), best.pop("backend", "Keras: not installed")


def print_training(ours, peers):
    for case, title in TITLES.items():
        for name, epochs in peers:
            if case in epochs and case in ours:
                print(f"  train, {title:<33} {ours[case] * 1e3:8.2f} ms/epoch   {name:<17} "
                      f"{epochs[case] * 1e3:8.2f}   ratio {epochs[case] / ours[case]:6.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    warnings.filterwarnings("ignore")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "data.bin")
        program = parser.parse_args().program
        ours, our_rate = run_ours(program, path)
        x, y = read_data(path)
        keras, keras_rate, backend = run_keras(path)
        eager, compiled, torch_rate = run_torch(x, y)
        learn, learn_rate = run_sklearn(x, y)
        again, _ = run_ours(program, path)
    ours = {case: min(seconds, again[case]) for case, seconds in ours.items()}
    print(f"  {len(x):,} simulated bank rows x {x.shape[1]} columns, Adam; "
          f"torch {torch.__version__}, {backend}")
    print_training(ours, [("PyTorch", eager), ("PyTorch compiled", compiled), ("Keras", keras),
                          ("scikit-learn", learn)])
    for name, rate in (("PyTorch", torch_rate), ("Keras", keras_rate),
                       ("scikit-learn", learn_rate)):
        if rate:
            print(f"  {'score 64-32, one thread each':<40} {our_rate / 1e6:8.2f} M rows/s   "
                  f"{name:<17} {rate / 1e6:8.2f}   ratio {our_rate / rate:6.1f}")


if __name__ == "__main__":
    main()
