"""Speed of viceversa and the reference, measured in alternation, and their peak memory."""

import gc
import json
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from ..errors import ResourceError
from ..hardware.cuda_graph import WARMUP_CALLS
from ..hardware.precision import choose_precision
from .cases import CASES, Case, Job
from .clock import Clock, Spent

BLOCK_SECONDS = 0.4  # of calls of one side before the other side is measured
MB = 2**20
PEAKS: dict[tuple[str, str], float] = {}  # measured peak memory by side and job


def per_item(job: Job, calls: int, device: str) -> Spent:
    """Seconds per item, over a block of calls."""
    with Clock(device) as clock:
        for _ in range(calls):
            job.call()
    return Spent(clock.spent.wall / (calls * job.items), clock.spent.cpu / (calls * job.items))


def calls_per_block(job: Job, device: str) -> int:
    """The number of calls that fill a block. A quick job is called twice to measure it: the first call is slow."""
    with Clock(device) as first:
        job.call()
    if first.spent.wall >= 5 * BLOCK_SECONDS:
        return 1
    with Clock(device) as second:
        job.call()
    return max(1, round(BLOCK_SECONDS / second.spent.wall))


def alternate(jobs: dict[str, Job], rounds: int, device: str) -> dict[str, list[Spent]]:
    """Seconds per item of every side, once a round, in alternating order; the first calls are not timed."""
    calls = {name: calls_per_block(job, device) for name, job in jobs.items()}
    times: dict[str, list[Spent]] = {name: [] for name in jobs}
    for round_number in range(rounds):
        for name in sorted(jobs, reverse=round_number % 2 == 1):
            times[name].append(per_item(jobs[name], calls[name], device))
    return times


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, minimum and maximum."""
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def measure(name: str, rounds: int, device: str, ceilings: dict[str, dict[str, float]]) -> dict[str, Any]:
    """One row: rates, ratios to the reference (higher is better), share of the ceiling, peak memory."""
    case = CASES[name]
    row: dict[str, Any] = {"case": name, "device": device, "unit": case.unit, "rounds": rounds}
    makers = {"ours": case.ours} | ({"reference": case.reference} if case.reference else {})
    with TemporaryDirectory() as folder:
        if device == "cuda":
            prepared = {side: on_gpu(maker, Path(folder)) for side, maker in makers.items()}
            jobs = {side: job for side, (job, _) in prepared.items()}
        else:
            jobs = {side: maker(Path(folder), device) for side, maker in makers.items()}
        times = alternate(jobs, rounds, device)

    for side, spent in times.items():
        row[side] = {
            "per_second": 1 / statistics.median(t.wall for t in spent),
            "processor_seconds": statistics.median(t.cpu for t in spent),
        }
    if "reference" in times:
        pairs = list(zip(times["ours"], times["reference"], strict=True))
        row["speed"] = spread([reference.wall / ours.wall for ours, reference in pairs])
        row["processor"] = spread([reference.cpu / max(ours.cpu, 1e-9) for ours, reference in pairs])
    if count := jobs["ours"].flops:
        row |= share_of_ceiling(count() / jobs["ours"].items, row["ours"], case, device, ceilings)
    if case.memory and device == "cuda":
        peaks = {side: peak for side, (_, peak) in prepared.items()}
        row["memory"] = peaks | {"ratio": peaks["ours"] / peaks["reference"]}
    elif case.memory:
        row["memory"] = peak_memory(name, case)
    return row


def on_gpu(maker: Callable[[Path, str], Job], folder: Path) -> tuple[Job, float]:
    """Make a job and warm it up (compiled, tuned, captured); also its peak GPU memory in MB after that."""
    gc.collect()
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated()
    job = maker(folder, "cuda")
    for _ in range(WARMUP_CALLS):
        job.call()
    torch.backends.cudnn.benchmark = False  # the warm-up has chosen the kernels
    torch.cuda.reset_peak_memory_stats()  # leaves out the memory of the search for the fastest kernels
    for _ in range(2):
        job.call()
    torch.cuda.synchronize()
    return job, (torch.cuda.max_memory_allocated() - before) / MB


def share_of_ceiling(
    flops: float, times: dict[str, float], case: Case, device: str, ceilings: dict[str, dict[str, float]]
) -> dict[str, Any]:
    """Counted operations per item, their rate, and its share of the convolution ceiling.

    On a CPU by CPU time, which is less disturbed by other programs. Winograd convolutions are counted as direct ones,
    so that their share may exceed 1.
    """
    precision = choose_precision(case.precision, device)
    gflop = flops / 1e9
    ceiling = ceilings[f"convolution {precision}"]
    rate = gflop * times["per_second"]
    if device == "cpu":
        share = gflop / max(times["processor_seconds"], 1e-9) / ceiling["processor"]
    else:
        share = rate / ceiling["wall"]
    return {"gflop": gflop, "gflop_per_second": rate, "precision": precision, "share": share}


def peak_memory(name: str, case: Case) -> dict[str, float]:
    """Peak memory of each side in MB, each measured in its own process, and their ratio."""
    peaks = {}
    for side in ("ours", "reference"):
        key = side, repr(getattr(case, side))  # several cases share a reference
        if key not in PEAKS:
            command = [sys.executable, "-m", "viceversa.bench.measure", name, side]
            process = subprocess.run(command, capture_output=True, text=True)
            if process.returncode:
                reason = [f"exit code {process.returncode}", *process.stderr.strip().splitlines()][-1]
                raise ResourceError(f"the memory of '{name}' ({side}) could not be measured: {reason}")
            PEAKS[key] = json.loads(process.stdout)
        peaks[side] = PEAKS[key]
    return peaks | {"ratio": peaks["ours"] / peaks["reference"]}


def peak_of_job(name: str, side: str) -> float:
    """Peak memory of this process in MB after two calls of a job."""
    maker = getattr(CASES[name], side)
    with TemporaryDirectory() as folder:
        job = maker(Path(folder), "cpu")
        for _ in range(2):
            job.call()
    return peak_resident()


def peak_resident() -> float:
    """Peak resident memory of this process in MB.

    On Linux, ru_maxrss includes the memory of the parent at the fork, so /proc is read instead.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / MB if sys.platform == "darwin" else used / 1024


if __name__ == "__main__":
    print(json.dumps(peak_of_job(*sys.argv[1:])))
