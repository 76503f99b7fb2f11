"""How many CPUs this process may use, and whether they are idle."""

import math
import os
import time
from contextlib import suppress
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")
SAMPLE_SECONDS = 0.05  # over which `cpus_are_idle` watches
IDLE = 0.9  # share of the time from which CPUs count as idle


def available_cpus() -> int:
    """CPUs that this process may use: its affinity, or less by the quota of its container (cgroups 1 and 2)."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [quota for folder in own_cgroups() if (quota := cpu_quota(folder)) is not None]
    return max(1, min([allowed, *(math.ceil(quota) for quota in quotas)]))


def own_cgroups() -> list[Path]:
    """Folders of this process's control groups with all their parents, whose limits hold too."""
    groups: list[Path] = []
    with suppress(OSError):
        for line in OWN_CGROUPS.read_text().splitlines():
            _, controllers, name = line.split(":", 2)
            if controllers and "cpu" not in controllers.split(","):
                continue
            root = CGROUPS / "cpu" if controllers else CGROUPS
            inner = root / name.lstrip("/")
            groups += [inner, *(p for p in inner.parents if p.is_relative_to(root))]
    return groups


def cpu_quota(group: Path) -> float | None:
    """CPUs that a control group may use at a time; none where it has no limit or the folder cannot be read."""
    with suppress(OSError, ValueError):
        if (group / "cpu.max").exists():  # version 2
            quota, period = (group / "cpu.max").read_text().split()
            return None if quota == "max" else int(quota) / int(period)
        microseconds = int((group / "cpu.cfs_quota_us").read_text())  # version 1
        return microseconds / int((group / "cpu.cfs_period_us").read_text()) if microseconds > 0 else None
    return None


def cpus_are_idle() -> bool:
    """True if the CPUs of this process were IDLE while it waited for SAMPLE_SECONDS; false where Linux does not say."""
    before = cpu_times()
    time.sleep(SAMPLE_SECONDS)
    after = cpu_times()
    if not before or before.keys() != after.keys():
        return False
    spent = [[y - x for x, y in zip(before[cpu], after[cpu], strict=True)] for cpu in before]
    total = sum(map(sum, spent))
    return total > 0 and sum(times[3] + times[4] for times in spent) >= IDLE * total


def cpu_times() -> dict[int, list[int]]:
    """Of each CPU of this process the clock ticks spent: user, nice, system, idle, waiting for disks, interrupts ..."""
    times = {}
    with suppress(OSError, ValueError, AttributeError):
        allowed = os.sched_getaffinity(0)
        for line in Path("/proc/stat").read_text().splitlines():
            name, *numbers = line.split()
            if name.startswith("cpu") and name != "cpu" and int(name[3:]) in allowed:
                times[int(name[3:])] = [int(number) for number in numbers[:8]]
    return times
