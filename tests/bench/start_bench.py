"""Process start and resident memory of `churnlab -e ''`, beside an empty Lua and Python."""
import argparse
import os
import statistics
import subprocess
import sys
import time

RUNS = 50


def measure(command):
    """Median wall milliseconds and peak resident MiB over RUNS runs."""
    times, peak = [], 0
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        times.append((time.perf_counter() - start) * 1e3)
        process.returncode = status
        if status != 0:
            sys.exit(f"{command}: failed with status {status}")
        peak = max(peak, usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024))
    return statistics.median(times[1:]), peak


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    program = parser.parse_args().program
    ours, memory = measure([program, "-e", ""])
    python, python_memory = measure([sys.executable, "-c", "import numpy"])
    print(f"  churnlab -e ''          {ours:7.1f} ms   {memory:6.1f} MiB resident")
    print(f"  python -c import numpy  {python:7.1f} ms   {python_memory:6.1f} MiB resident"
          f"   ratio {python / ours:.1f}")


if __name__ == "__main__":
    main()
