#!/usr/bin/env python3
"""Files that map into memory, and how much memory verbs and large files take.

Opens a column file of 10^6 x 14 beside pandas and pyarrow on a Feather file, runs verbs on it
in processes of their own and sets their peak against the size of the table, and scores a file
of SCORE_MB megabytes (2048; the same rows again and again) under a limit of resident memory.
"""
import argparse, os, subprocess, sys, tempfile, time

ROWS = int(os.environ.get("MEMORY_ROWS", "1000000"))
SCORE_MB = int(os.environ.get("SCORE_MB", "2048"))


def make_table(path):
    import numpy as np, pandas as pd
    rng = np.random.default_rng(1)
    table = {f"x{i}": rng.normal(size=ROWS) for i in range(8)}
    table |= {f"k{i}": rng.integers(0, 1000, ROWS) for i in range(4)}
    table["g"] = pd.Categorical(rng.choice(["a", "b", "c"], ROWS))
    table["open"] = rng.random(ROWS) < 0.5
    frame = pd.DataFrame(table)
    frame.to_csv(path + ".csv", index=False)
    frame.to_feather(path + ".feather", compression="uncompressed")


def best(f, n=7):
    times = []
    for _ in range(n):
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return min(times)


def task(program, *arguments):
    """Seconds and peak bytes of one task of memory_bench.lua."""
    script = os.path.join(os.path.dirname(__file__), "memory_bench.lua")
    out = subprocess.run([program, script, *arguments], check=True, capture_output=True, text=True)
    seconds, peak = out.stdout.split()
    return float(seconds), int(peak)


def opening(program, path):
    import pandas as pd, pyarrow.feather as feather
    ours, _ = task(program, "open", path + ".columns")
    peers = {"pyarrow (memory map, unchecked)": best(lambda: feather.read_table(path + ".feather")),
             "pandas read_feather": best(lambda: pd.read_feather(path + ".feather"))}
    print(f"  open {ROWS:,} x 14: read_columns {1e3 * ours:.1f} ms (every value checked; goal < 50)")
    for name, seconds in peers.items():
        print(f"    {name} {1e3 * seconds:.1f} ms")


def verbs(program, path):
    size = os.path.getsize(path + ".columns")
    print(f"  peak memory of verbs, as a multiple of the table ({size / 1e6:.0f} MB; goal <= 2.5)")
    for name in ("filter", "sort", "group", "join"):
        _, peak = task(program, name, path + ".columns")
        print(f"    {name:<7} {peak / size:.2f}")


# A child counts what its parent held before exec: so the parent is a Python with nothing in it.
WAIT = """import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
sys.exit("failed") if status else print(usage.ru_maxrss)"""


def peak_of(command):
    """Peak resident kilobytes of a command."""
    out = subprocess.run([sys.executable, "-c", WAIT, *command], check=True, capture_output=True)
    return int(out.stdout)


def scoring(program, folder):
    part, big, model = (os.path.join(folder, n) for n in ("part.csv", "big.csv", "bank.churn"))
    quiet = dict(check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run([program, "simulate", "bank", "--rows", "20000", "--seed", "1", "-o", part], **quiet)
    subprocess.run([program, "train", part, "--target", "Exited", "--id", "CustomerId", "-o", model], **quiet)
    with open(part, "rb") as file:
        header, rows = file.readline(), file.read()
    with open(big, "wb") as file:
        file.write(header)
        for _ in range(SCORE_MB * 2**20 // len(rows)):
            file.write(rows)
    start = time.perf_counter()
    peak = peak_of([program, "score", model, big, "-o", os.path.join(folder, "scored.csv")])
    seconds, size = time.perf_counter() - start, os.path.getsize(big)
    print(f"  score {size / 2**20:.0f} MB of CSV: {seconds:.1f} s, {size / 1e6 / seconds:.0f} MB/s, "
          f"peak {peak / 1024:.0f} MB resident (goal < 256)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    program = os.path.realpath(parser.parse_args().program)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "table")
        make_table(path)
        subprocess.run([program, os.path.join(os.path.dirname(__file__), "memory_bench.lua"), "make",
                        path + ".columns", path + ".csv"], check=True, stdout=subprocess.DEVNULL)
        opening(program, path)
        verbs(program, path)
        scoring(program, folder)


main()
