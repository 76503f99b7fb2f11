"""The schedule of a run whose time is given: simulated clocks, quiet, busy and changing."""

import json
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

import viceversa
from support.tiny import TINY
from viceversa.files import sha256
from viceversa.runs.config import TrainConfig
from viceversa.runs.folder import RunFolder
from viceversa.training.schedule import REVISIONS, TimedSchedule, schedule

SECONDS = 240.0
PACES = {  # seconds that a step takes, by the seconds that are over
    "as planned": lambda now: 0.5,
    "ten times slower": lambda now: 5.0,
    "five times faster": lambda now: 0.1,
    "busy from the middle": lambda now: 0.5 if now < 120 else 1.5,
    "busy until the middle": lambda now: 2.0 if now < 120 else 0.4,
    "busy now and then": lambda now: 1.2 if now % 60 < 20 else 0.4,
}


def planned(steps: int = 480) -> TimedSchedule:
    return TimedSchedule(schedule(TrainConfig(), steps, 100), RunFolder("nowhere"), SECONDS)


def simulate(timed: TimedSchedule, pace: Callable[[float], float], start: float = 5.0) -> list[tuple[float, float]]:
    """Time and learning rate at the start of each step."""
    now, step, taken = start, 0, []
    timed.follow(step, now, 1.0)
    while step < timed.steps:
        taken.append((now, timed.rate(step)))
        now, step = now + pace(now), step + 1
        timed.follow(step, now, 1.0)
    return [*taken, (now, 0.0)]


@pytest.fixture(autouse=True)
def recorded_lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr("viceversa.files.append_line", lambda path, line: lines.append(line))
    return lines


@pytest.mark.parametrize("name", PACES)
def test_a_run_ends_at_its_deadline(name: str, recorded_lines: list[str]) -> None:
    """Left over are 1 % of the time and the second of the last checkpoint; it is off by at most one step."""
    end = simulate(planned(), PACES[name])[-1][0]
    deadline = SECONDS * 0.99 - 1
    assert abs(end - deadline) <= PACES[name](end)
    assert len(recorded_lines) <= 3 * REVISIONS


@pytest.mark.parametrize("name", PACES)
def test_rates_follow_the_share_of_the_time(name: str) -> None:
    """1 for half of the time, then falling to 0 in proportion to what is left; never rising."""
    rates = simulate(planned(), PACES[name])
    deadline = SECONDS * 0.99 - 1
    for now, rate in rates[:-1]:
        due = min(1.0, 2 * (1 - now / deadline))
        assert rate == pytest.approx(due, abs=2.5 / REVISIONS + 2 * PACES[name](now) / deadline)
    values = [rate for _, rate in rates]
    assert values == sorted(values, reverse=True) and values[-2] < 0.1


@pytest.mark.parametrize("estimate", [3, 40, 480, 20_000])
def test_the_first_estimate_decides_nothing(estimate: int) -> None:
    """With the right pace from the first revision on, any first estimate leads to the same number of steps."""
    timed = planned(estimate)
    simulate(timed, PACES["as planned"])
    assert timed.steps == pytest.approx(465, abs=2)


def test_recorded_revisions_are_repeated(recorded_lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A resumed run on a slower machine takes the steps and rates that its plan.jsonl has."""
    first = planned()
    rates = [rate for _, rate in simulate(first, PACES["busy now and then"])]
    lines = [json.loads(line) for line in recorded_lines]
    monkeypatch.setattr(RunFolder, "read_lines", lambda self, path: lines)

    again = planned()
    again.follow(100, 60.0, 1.0)
    for step in range(101, again.steps):
        again.follow(step, 60.0 + 2 * step, 1.0)
    recorded = first.revisions[-1].step
    assert again.revisions[: len(first.revisions)] == first.revisions
    assert [again.rate(step) for step in range(recorded)] == rates[:recorded]


def test_regular_events_are_spread_over_the_time() -> None:
    timed = planned(100)
    now, step, at = 5.0, 0, []
    while step < timed.steps:
        timed.follow(step, now, 0.0)
        now, step = now + PACES["busy from the middle"](now), step + 1
        if timed.is_due(step, 10):
            at.append(now)
    assert len(at) in (9, 10)
    assert all(later - earlier == pytest.approx(23.7, abs=8) for earlier, later in pairwise(at))


def test_the_warmup_takes_at_most_a_fifth_of_the_time() -> None:
    timed = planned(480)
    rates = simulate(timed, PACES["ten times slower"])
    warm = [timed.is_warmup(step, 100) for step in range(timed.steps)]
    assert 0.1 * SECONDS < rates[sum(warm)][0] <= 0.2 * SECONDS + 10 and warm == sorted(warm, reverse=True)
    assert [timed.is_warmup(step, 3) for step in range(5)] == [True, True, True, False, False]


@pytest.fixture
def real_lines(monkeypatch: pytest.MonkeyPatch, recorded_lines: list[str]) -> None:
    monkeypatch.undo()


@pytest.mark.long
@pytest.mark.usefixtures("real_lines")
def test_a_stopped_timed_run_goes_on_with_its_own_plan(world: Path, tmp_path: Path) -> None:
    """A finished run is not prolonged by a second call; one that lost its last checkpoints repeats its steps."""
    options = dict(preset="quickstart", size=16, device="cpu", quiet=True, set=[*TINY, "train.save_every=5"])
    out = tmp_path / "run"
    result = viceversa.train(world, out=out, max_time="6s", **options)  # type: ignore[arg-type]
    run = RunFolder(out)
    assert result.finished and result.step == run.steps() and run.config().train.seconds == 6
    assert viceversa.list_runs(out)[0].steps == run.steps()
    again = viceversa.train(world, out=out, max_time="6s", **options)  # type: ignore[arg-type]
    assert again.step == result.step and again.finished

    weights = digests(out)
    for kept in sorted((out / "checkpoints").glob("step-*"), key=lambda path: int(path.name[5:]))[1:]:
        shutil.rmtree(kept)
    repeated = viceversa.train(world, out=out, max_time="60s", **options)  # type: ignore[arg-type]
    assert repeated.step == result.step and digests(out) == weights


def digests(run: Path) -> dict[str, str]:
    """Digests of the weights of the newest checkpoint."""
    return {file.name: sha256(file) for file in RunFolder(run).checkpoint().path.glob("*.safetensors")}
