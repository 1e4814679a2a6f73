"""Reading and writing CSV beside pandas, polars and DuckDB, all on two threads: a file of about
200 MB of 17 mixed columns, made here. Every run is a process of its own; rounds are interleaved,
ratios are medians over the rounds (peer's seconds / ours)."""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile

THREADS = 2
RECIPES = {
    "pandas": ("import pandas as pd", "frame = pd.read_csv({path!r})",
               "frame.to_csv({to!r}, index=False)"),
    "polars": ("import polars as pl", "frame = pl.read_csv({path!r})",
               "frame.write_csv({to!r})"),
    "duckdb": ("import duckdb; duckdb.execute('set threads={threads}')",
               "duckdb.execute(\"create temp table t as select * from read_csv('{path}')\")",
               "duckdb.execute(\"copy t to '{to}' (header)\")"),
}


def make_file(path, rows):
    """Mixed integers, decimals, words, a date, an id; one column has a tenth missing."""
    import numpy as np  # not above: peak memory of this process would count for its children
    import pandas as pd
    rng = np.random.default_rng(1)
    income = np.round(rng.gamma(3, 900, rows), 1).astype(str)
    pd.DataFrame({
        "customer": np.char.add("C", np.char.zfill(np.arange(rows).astype(str), 8)),
        "age": rng.integers(18, 93, rows), "tenure": rng.integers(0, 120, rows),
        "orders": rng.integers(0, 10**6, rows), "account": rng.integers(10**9, 10**12, rows),
        "balance": np.round(rng.gamma(2, 40000, rows), 2),
        "salary": np.round(rng.uniform(1e4, 2e5, rows), 2),
        "score": rng.random(rows), "ratio": np.round(rng.normal(0, 1, rows), 4),
        "usage": np.round(rng.gamma(2, 10, rows), 3), "active": rng.integers(0, 2, rows),
        "card": np.where(rng.random(rows) < .5, "true", "false"),
        "country": rng.choice(["France", "Germany", "Spain", "Italy"], rows),
        "plan": rng.choice(["basic", "plus", "premium"], rows),
        "channel": rng.choice(["web", "shop", "phone", "partner", "app"], rows),
        "joined": (np.datetime64("2015-01-01") + rng.integers(0, 4000, rows)).astype(str),
        "income": np.where(rng.random(rows) < .1, "", income),
    }).to_csv(path, index=False)


def run(command, env):
    """Seconds that the command printed, and its peak resident MiB."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=env, text=True)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if status != 0:
        sys.exit(f"{command[:2]}: failed with status {status}")
    return float(text.split()[-1]), usage.ru_maxrss / 1024


def command_of(name, action, path, to, program):
    if name == "churnlab":
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "csv_bench.lua")
        return [program, script, action, path, to]
    load, read, write = (part.format(path=path, to=to, threads=THREADS)
                         for part in RECIPES[name])
    timed = read if action == "read" else write
    before = "" if action == "read" else read + "\n"
    return [sys.executable, "-c", f"import time\n{load}\n{before}start = time.perf_counter()\n"
            f"{timed}\nprint(time.perf_counter() - start)"]


def compare(action, path, to, program, rounds):
    names = ["churnlab", *RECIPES]
    env = dict(os.environ, POLARS_MAX_THREADS=str(THREADS), OMP_NUM_THREADS=str(THREADS),
               THREADS=str(THREADS))
    size = os.path.getsize(path) / 1e6
    seconds, peaks = {name: [] for name in names}, {name: 0 for name in names}
    for _ in range(rounds):
        for name in names:
            time, peak = run(command_of(name, action, path, to, program), env)
            seconds[name].append(time)
            peaks[name] = max(peaks[name], peak)
    print(f"  {action}_csv {size:.0f} MB, {rounds} rounds    MB/s   peak MiB   peer / churnlab")
    for name in names:
        ratios = [theirs / ours for theirs, ours in zip(seconds[name], seconds["churnlab"])]
        print(f"    {name:28s} {size / statistics.median(seconds[name]):8.0f} {peaks[name]:10.0f}"
              f"   {statistics.median(ratios):.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program")
    parser.add_argument("--make", help="write the file and stop")
    parser.add_argument("--rows", type=int, default=1_620_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if options.make:
        make_file(options.make, options.rows)
        return
    with tempfile.TemporaryDirectory() as folder:
        path, small = os.path.join(folder, "large.csv"), os.path.join(folder, "small.csv")
        for name, rows in ((path, options.rows), (small, options.rows // 8)):
            subprocess.run([sys.executable, __file__, "--make", name, "--rows", str(rows)],
                           check=True)
        to = os.path.join(folder, "out.csv")
        compare("read", path, to, options.program, options.rounds)
        compare("write", small, to, options.program, options.rounds)


if __name__ == "__main__":
    main()
