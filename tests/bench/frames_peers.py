"""Verbs on frames beside pandas, polars and duckdb: 1,000,000 rows of 10 columns.

    python tests/bench/frames_peers.py --program build/release/churnlab

Every engine runs a case once a round, one after the other, so that a busy machine slows all of
them; a ratio is the median over the rounds of peer / ours. polars, duckdb and churnlab use as many
threads as there are processors.
"""
import argparse
import os
import statistics
import subprocess
import tempfile
import time

THREADS = len(os.sched_getaffinity(0))
os.environ["POLARS_MAX_THREADS"] = str(THREADS)

import duckdb  # noqa: E402
import numpy  # noqa: E402
import pandas  # noqa: E402
import polars  # noqa: E402

ROWS, KEYS = 1_000_000, 100_000
GROUPS = {"group 10": ["segment"], "group 100000": ["key"], "group 1000000": ["id"],
          "group 2 keys": ["segment", "n"], "group strings": ["name"]}
SORTS = {"sort i64": ["id"], "sort f64": ["a"], "sort string": ["name"],
         "sort 2 keys": ["segment", "a"]}
FILTERS = {"filter 1 %": 0.01, "filter 50 %": 0.5, "filter 99 %": 0.99}
DISTINCT = {"distinct key": ["key"], "distinct 2 keys": ["segment", "n"]}
DERIVES = {  # name: SQL (our text is in frames_bench.lua), with pandas, with polars
    "derive compare": ("a > 0.5 and b < 0.3", lambda t: (t.a > 0.5) & (t.b < 0.3),
                       lambda c: (c("a") > 0.5) & (c("b") < 0.3)),
    "derive arithmetic": ("a * b + c", lambda t: t.a * t.b + t.c,
                          lambda c: c("a") * c("b") + c("c")),
    "derive integers": ("n * 3 - id", lambda t: t.n * 3 - t.id, lambda c: c("n") * 3 - c("id")),
    "derive log": ("ln(c + 1) / b", lambda t: numpy.log(t.c + 1) / t.b,
                   lambda c: (c("c") + 1).log() / c("b")),
    "derive text ==": ("name = 'C10000077'", lambda t: t.name == "C10000077",
                       lambda c: c("name") == "C10000077"),
    "derive level ==": ("segment = 'segment 3'", lambda t: t.segment == "segment 3",
                        lambda c: c("segment") == "segment 3"),
    "derive if_else": ("case when a > 0.5 then b else c end",
                       lambda t: numpy.where(t.a > 0.5, t.b, t.c),
                       lambda c: polars.when(c("a") > 0.5).then(c("b")).otherwise(c("c"))),
    "derive is_na": ("gappy is null", lambda t: t.gappy.isna(), lambda c: c("gappy").is_null()),
    "derive lag": ("lag(a) over (partition by segment order by id)",
                   lambda t: t.sort_values("id").groupby("segment", observed=True).a.shift(),
                   lambda c: c("a").shift().over("segment", order_by="id")),
    "derive cumsum": ("sum(a) over (partition by key order by id)",
                      lambda t: t.sort_values("id").groupby("key").a.cumsum(),
                      lambda c: c("a").cum_sum().over("key", order_by="id")),
}
CASES = [*GROUPS, "join inner", "join left", *SORTS, *FILTERS, "take all rows", *DISTINCT,
         "distinct rows", "filter and", *DERIVES]


def make_data():
    draw = numpy.random.default_rng(7)
    day = numpy.datetime64("2020-01-01") + draw.integers(0, 1500, ROWS)
    big = polars.DataFrame({
        "id": draw.permutation(ROWS) + 1,
        "key": draw.integers(0, KEYS * 10 // 9, ROWS) * 7,
        "segment": numpy.array([f"segment {i}" for i in range(10)])[draw.integers(0, 10, ROWS)],
        "name": numpy.char.add("C", draw.integers(10**7, 10**7 + KEYS, ROWS).astype(str)),
        "n": draw.integers(-50, 50, ROWS),
        "a": draw.normal(size=ROWS).round(6), "b": draw.normal(size=ROWS).round(6),
        "c": draw.random(ROWS).round(6), "day": day,
    })
    big = big.with_columns(gappy=polars.when(draw.random(ROWS) < 0.9).then(polars.col("b")))
    small = polars.DataFrame({
        "key": draw.permutation(KEYS) * 7,
        "label": numpy.char.add("label ", draw.integers(0, 1000, KEYS).astype(str)),
        "weight": draw.random(KEYS).round(6),
    })
    return big, small


class Pandas:
    def __init__(self, big, small):
        self.big = big.to_pandas()
        self.big["segment"] = self.big["segment"].astype("category")
        self.small = small.to_pandas()
        self.order = self.big["id"].to_numpy() - 1

    def run(self, case):
        big = self.big
        if case in GROUPS:
            return big.groupby(GROUPS[case], observed=True).agg(
                sum=("a", "sum"), mean=("b", "mean"), most=("n", "max"), rows=("n", "size"))
        if case.startswith("join"):
            return big.merge(self.small, on="key", how=case.split()[1])
        if case in SORTS:
            return big.sort_values(SORTS[case], kind="stable")
        if case in FILTERS:
            return big[big["c"] < FILTERS[case]]
        if case == "filter and":
            return big[(big.a > 0.5) & (big.b < 0.3)]
        if case in DERIVES:
            return big.assign(new=DERIVES[case][1](big))
        if case == "take all rows":
            return big.take(self.order)
        if case in DISTINCT:
            return big[DISTINCT[case]].drop_duplicates()
        return big.drop_duplicates()


class Polars:
    def __init__(self, big, small):
        self.big = big.with_columns(polars.col("segment").cast(polars.Categorical))
        self.small = small
        self.order = self.big["id"] - 1

    def run(self, case):
        big, col = self.big, polars.col
        if case in GROUPS:
            return big.group_by(GROUPS[case]).agg(
                sum=col("a").sum(), mean=col("b").mean(), most=col("n").max(), rows=polars.len())
        if case.startswith("join"):
            return big.join(self.small, on="key", how=case.split()[1], maintain_order="left")
        if case in SORTS:
            return big.sort(SORTS[case], maintain_order=True)
        if case in FILTERS:
            return big.filter(col("c") < FILTERS[case])
        if case == "filter and":
            return big.filter((col("a") > 0.5) & (col("b") < 0.3))
        if case in DERIVES:
            return big.with_columns(new=DERIVES[case][2](col))
        if case == "take all rows":
            return big[self.order]
        if case in DISTINCT:
            return big.select(DISTINCT[case]).unique(maintain_order=True, keep="first")
        return big.unique(maintain_order=True, keep="first")


class Duckdb:
    """Results are made as Arrow tables; orders that others keep are not asked for."""

    def __init__(self, big, small):
        self.db = duckdb.connect()
        self.db.execute(f"set threads = {THREADS}")
        self.db.register("big_frame", big.to_arrow())
        self.db.register("small_frame", small.to_arrow())
        self.db.execute("create table big as select * replace (segment::enum("
                        + ", ".join(f"'segment {i}'" for i in range(10))
                        + ") as segment) from big_frame")
        self.db.execute("create table small as select * from small_frame")

    def run(self, case):
        if case in GROUPS:
            keys = ", ".join(GROUPS[case])
            return self.fetch(f"select {keys}, sum(a), avg(b), max(n), count(*) from big "
                              f"group by {keys}")
        if case.startswith("join"):
            return self.fetch(f"select * from big {case.split()[1]} join small using (key)")
        if case in SORTS:
            return self.fetch(f"select * from big order by {', '.join(SORTS[case])}")
        if case in FILTERS:
            return self.fetch(f"select * from big where c < {FILTERS[case]}")
        if case == "filter and":
            return self.fetch("select * from big where a > 0.5 and b < 0.3")
        if case in DERIVES:
            return self.fetch(f"select *, {DERIVES[case][0]} as new from big")
        if case in DISTINCT:
            return self.fetch(f"select distinct {', '.join(DISTINCT[case])} from big")
        if case == "distinct rows":
            return self.fetch("select distinct * from big")
        return None  # rows have no numbers there

    def fetch(self, query):
        return self.db.sql(query).to_arrow_table()


class Ours:
    def __init__(self, program, folder, big, small):
        paths = [os.path.join(folder, name) for name in ("big.csv", "small.csv")]
        big.write_csv(paths[0])
        small.write_csv(paths[1])
        script = os.path.join(os.path.dirname(__file__), "frames_bench.lua")
        self.process = subprocess.Popen([program, script, *paths], text=True, bufsize=1,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.threads = int(self.process.stdout.readline())

    def time(self, case):
        self.process.stdin.write(case + "\n")
        self.process.stdin.flush()
        seconds, rows = self.process.stdout.readline().split()
        return float(seconds), int(rows)

    def quit(self):
        self.process.communicate("quit\n")


def time_peer(peer, case):
    start = time.perf_counter()
    result = peer.run(case)
    seconds = time.perf_counter() - start
    return (None, None) if result is None else (seconds, len(result))


def measure(case, ours, peers, rounds):
    """Our seconds, and for each peer its seconds and its ratios; the first round warms up."""
    times, counts = {name: [] for name in ["ours", *peers]}, {}
    for _ in range(rounds + 1):
        for name in times:
            seconds, counts[name] = (ours.time(case) if name == "ours"
                                     else time_peer(peers[name], case))
            times[name].append(seconds)
    rows = {count for count in counts.values() if count is not None}
    assert len(rows) == 1, f"{case}: results differ: {counts}"
    return {name: values[1:] for name, values in times.items()}


def cell(times, name):
    if times[name][0] is None:
        return f"{'-':>18}"
    ratio = statistics.median(peer / our for peer, our in zip(times[name], times["ours"]))
    return f"{statistics.median(times[name]) * 1e3:9.1f} ms {ratio:5.2f}x"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cases", default="", help="only those whose names contain this")
    options = parser.parse_args()
    big, small = make_data()
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(options.program, folder, big, small)
        peers = {"pandas": Pandas(big, small), "polars": Polars(big, small),
                 "duckdb": Duckdb(big, small)}
        print(f"{ROWS} x 10; threads: ours {ours.threads}, polars {polars.thread_pool_size()}, "
              f"duckdb {THREADS}, pandas 1; peers: median and ratio (2.00x = takes twice as long)")
        print(f"{'':18}{'churnlab':>12}" + "".join(f"{name:>18}" for name in peers))
        for case in CASES:
            if options.cases in case:
                times = measure(case, ours, peers, options.rounds)
                print(f"{case:18}{statistics.median(times['ours']) * 1e3:9.1f} ms"
                      + "".join(cell(times, name) for name in peers), flush=True)
        ours.quit()


if __name__ == "__main__":
    main()
