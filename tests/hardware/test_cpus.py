"""CPUs that a process may use: affinity and the quotas of containers, read from files as Linux writes them."""

import os
from pathlib import Path

import pytest

from viceversa.hardware import cpus


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty tree of control groups, and eight CPUs."""
    monkeypatch.setattr(cpus, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(cpus, "OWN_CGROUPS", tmp_path / "own")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    return tmp_path


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize(
    ("own", "limits", "expected"),
    [
        ("0::/\n", {"cpu.max": "max 100000\n"}, 8),
        ("0::/\n", {"cpu.max": "200000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "50000 100000\n"}, 1),
        ("0::/a/b\n", {"a/cpu.max": "300000 100000\n", "a/b/cpu.max": "max 100000\n"}, 3),
        ("0::/../outside\n", {"cpu.max": "400000 100000\n"}, 4),
        ("4:cpu,cpuacct:/x\n", {"cpu/x/cpu.cfs_quota_us": "250000\n", "cpu/x/cpu.cfs_period_us": "100000\n"}, 3),
        ("4:cpu,cpuacct:/x\n", {"cpu/cpu.cfs_quota_us": "100000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1),
        ("4:cpu,cpuacct:/x\n", {"cpu/x/cpu.cfs_quota_us": "-1\n", "cpu/x/cpu.cfs_period_us": "100000\n"}, 8),
        ("4:memory:/x\n", {"cpu/x/cpu.cfs_quota_us": "100000\n", "cpu/x/cpu.cfs_period_us": "100000\n"}, 8),
        ("0::/\n", {"cpu.max": "nonsense\n"}, 8),
        ("", {}, 8),
    ],
)
def test_quotas_count(groups: Path, own: str, limits: dict[str, str], expected: int) -> None:
    write(groups / "own", own)
    for name, text in limits.items():
        write(groups / "cgroup" / name, text)
    assert cpus.available_cpus() == expected


def test_without_linux_all_cpus_count(groups: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert cpus.available_cpus() == 6


@pytest.mark.parametrize(("busy", "idle"), [(0, True), (1, True), (5, False), (10, False)])
def test_idle_cpus_are_recognised(busy: int, idle: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten ticks of each of two CPUs, one CPU spends `busy` on other work."""
    times = iter([{0: [0] * 8, 1: [0] * 8}, {0: [0, busy, 0, 10 - busy, 0, 0, 0, 0], 1: [0, 0, 0, 9, 1, 0, 0, 0]}])
    monkeypatch.setattr(cpus, "cpu_times", lambda: next(times))
    assert cpus.cpus_are_idle() is idle


def test_cpu_times_are_those_of_this_process() -> None:
    times = cpus.cpu_times()
    assert set(times) == os.sched_getaffinity(0) and all(len(ticks) == 8 for ticks in times.values())
