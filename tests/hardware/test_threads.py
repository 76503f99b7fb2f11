"""The number of threads is the one that takes the least time on average."""

import time
from collections.abc import Iterator
from functools import partial

import pytest
import torch

from viceversa.hardware import threads
from viceversa.hardware.timing import compared_seconds


@pytest.fixture(autouse=True)
def eight_cpus(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(threads, "available_cpus", lambda: 6)
    monkeypatch.setattr(threads, "MOST", 8)
    monkeypatch.setattr(threads, "compared_seconds", partial(compared_seconds, least=0.03))
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_candidates_are_powers_of_two_and_all(monkeypatch: pytest.MonkeyPatch) -> None:
    assert threads.candidates() == [1, 2, 4, 6]
    monkeypatch.setattr(threads, "MOST", 4)  # of 8 CPUs that are 4 cores
    assert threads.candidates() == [1, 2, 4]


def test_the_users_own_number_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    torch.set_num_threads(3)
    assert threads.candidates() == [3]
    assert threads.fastest_threads(lambda: pytest.fail("nothing to measure")) == 3
    assert threads.use_fastest_threads() == 3


@pytest.mark.long
@pytest.mark.parametrize("fastest", [1, 2, 4, 6])
def test_the_fastest_is_chosen(fastest: int) -> None:
    def call() -> None:
        time.sleep(0.001 if torch.get_num_threads() == fastest else 0.02)

    assert threads.fastest_threads(call) == fastest == torch.get_num_threads()


def test_lucky_calls_do_not_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads are twice as fast in one call of four, and five times slower in the others, as on a busy machine."""
    monkeypatch.setattr(threads, "available_cpus", lambda: 2)
    calls = 0

    def call() -> None:
        nonlocal calls
        calls += 1
        if torch.get_num_threads() == 1:
            time.sleep(0.004)
        else:
            time.sleep(0.002 if calls // 2 % 4 == 0 else 0.02)

    assert threads.fastest_threads(call) == 1


def test_idle_cpus_are_all_used_and_busy_ones_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "cpus_are_idle", lambda: True)
    assert threads.use_fastest_threads() == 6
    monkeypatch.setattr(threads, "cpus_are_idle", lambda: False)
    monkeypatch.setattr(threads, "fastest_threads", lambda call: call() is None or 2)
    assert threads.use_fastest_threads() == 2


def test_calls_are_measured_in_turns() -> None:
    order: list[str] = []
    calls = [lambda name=name: (order.append(name), time.sleep(0.001)) for name in "ab"]
    first, second = compared_seconds(calls, least=0.01, most=5)  # type: ignore[arg-type]
    assert order[:6] == list("ababab") and len(first) == len(second) >= 3
    assert sum(first) >= 0.01 and all(seconds >= 0.001 for seconds in first + second)


def test_measuring_long_calls_ends() -> None:
    first, second = compared_seconds([lambda: time.sleep(0.02)] * 2, least=10, most=0.01)
    assert len(first) == len(second) == 1
