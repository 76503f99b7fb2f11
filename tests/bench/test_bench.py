"""The bench against numbers computed by hand, clocks against known waits, and the guard against forged results."""

import copy
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from viceversa import cli
from viceversa.bench import cases, ceilings, flops, guard, measure
from viceversa.bench.cases import CASES, Case, Job, config_of
from viceversa.bench.clock import Clock
from viceversa.bench.measure import most_resident
from viceversa.errors import DataError, SlowerError
from viceversa.methods.cyclegan import CycleGAN
from viceversa.networks.patchgan import PatchGAN
from viceversa.networks.resnet import ResNetGenerator

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
COMMITTED = [RESULTS / f"{name}.json" for name in ("bench_intel_shared", "bench_amd", "bench")]


def generator_macs(size: int, blocks: int, w: int = 64) -> int:
    """Convolution by convolution: channels in x channels out x kernel x places (Zhu et al. 2017, sec. 7.2)."""
    ends = 2 * 3 * w * 7**2 * size**2
    outer = 2 * 9 * w * 2 * w * (size // 2) ** 2  # down, and up again: transposed, at every place of its input
    inner = 2 * 9 * 2 * w * 4 * w * (size // 4) ** 2
    return ends + outer + inner + blocks * 2 * 9 * (4 * w) ** 2 * (size // 4) ** 2


def judge_macs(size: int, w: int = 64) -> list[int]:
    sides = [size // 2, size // 4, size // 8, size // 8 - 1, size // 8 - 2]
    channels = [3, w, 2 * w, 4 * w, 8 * w, 1]
    return [16 * a * b * s**2 for a, b, s in zip(channels, channels[1:], sides, strict=False)]


def test_counted_operations_are_those_of_the_convolutions() -> None:
    for size, blocks, known in ((256, 9, 49.55), (128, 6, 8.76)):
        net = ResNetGenerator(blocks=blocks, winograd=True)
        count = flops.of_pass(net, (1, 3, size, size))
        assert count == 2 * generator_macs(size, blocks)
        assert count / 2e9 == pytest.approx(known, abs=0.006)
    count = flops.of_pass(PatchGAN(), (1, 3, 256, 256))
    assert count == 2 * sum(judge_macs(256)) and count / 2e9 == pytest.approx(3.15, abs=0.006)


def test_a_step_is_counted_as_its_passes_and_their_ways_back() -> None:
    """Every pass once, once more for the weights' gradients, once more for the inputs', where the input has one."""
    G, D = generator_macs(128, 6), judge_macs(128)
    first = 3 * 64 * 49 * 128**2
    passes = 2 * (3 * G - first) + 3 * G  # two on a picture, one on a translation
    judged = 2 * sum(D) + 2 * (3 * sum(D) - D[0])  # asked once without its weights, taught on two pictures
    both_ways = 2 * (passes + judged)
    assert flops.of_step(config_of("cyclegan", 128, recompute=True), 1, 128) == 2 * both_ways


def test_the_count_leaves_out_what_has_no_weight() -> None:
    whole, less = (flops.of_step(config_of("cyclegan", 128, lambda_idt=w), 1, 128) for w in (5.0, 0.0))
    G = generator_macs(128, 6)
    assert whole - less == 2 * 2 * (3 * G - 3 * 64 * 49 * 128**2)


def test_clocks_know_waiting_from_working() -> None:
    with Clock() as waiting:
        time.sleep(0.2)
    assert waiting.spent.wall >= 0.2 and waiting.spent.processor < 0.1
    with Clock() as working:
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass
    assert working.spent.processor >= 0.19 and working.spent.wall >= 0.19


def test_sides_take_turns_and_the_ratio_is_theirs() -> None:
    order: list[str] = []

    def job(name: str, seconds: float) -> Job:
        return Job(call=lambda: (order.append(name), time.sleep(seconds)), items=2)

    found = measure.in_turns({"ours": job("o", 0.2), "reference": job("r", 0.4)}, 2, "cpu")
    assert "".join(order) == "oorr" + "oor" + "roo"  # twice to begin with, then as many calls as fill a block
    assert found["ours"][0].wall == pytest.approx(0.1, rel=0.3)
    assert found["reference"][0].wall / found["ours"][0].wall == pytest.approx(2, rel=0.3)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ceilings, "CONVOLUTION", (32, 32))
    monkeypatch.setattr(ceilings, "MATRIX", 256)
    monkeypatch.setattr(ceilings, "COPIED", 2**22)
    monkeypatch.setattr(measure, "BLOCK_SECONDS", 0.01)


def test_a_ceiling_is_operations_over_time(small: None) -> None:
    found = ceilings.ceilings()
    assert set(found) == {"convolution fp32", "convolution bf16", "matrix fp32", "matrix bf16", "memory"}
    assert all(0.01 < rate["wall"] < 1e6 and rate["processor"] > 0 for rate in found.values())
    x = torch.randn(256, 256)
    with Clock() as clock:
        for _ in range(20):
            x @ x
    assert found["matrix fp32"]["wall"] > 0.5 * 20 * 2 * 256**3 / clock.spent.wall / 1e9  # the best of five passes


def test_a_row_has_what_the_table_needs(small: None, tmp_path: Path) -> None:
    tops = ceilings.ceilings()
    row = measure.measure("load 256 px from files", 1, "cpu", tops)
    assert row["ours"]["per_second"] > 0 and row["speed"]["low"] <= row["speed"]["median"] <= row["speed"]["high"]
    assert set(row) == {"case", "device", "unit", "rounds", "ours", "reference", "speed", "processor"}
    row = measure.measure("features of 64 px", 1, "cpu", tops)
    assert row["gflop"] > 0 and row["share"] > 0 and "speed" not in row
    again = row["gflop"] / row["ours"]["processor_seconds"] / tops["convolution fp32"]["processor"]
    assert row["share"] == pytest.approx(again)


@pytest.mark.long
def test_the_memory_of_both_sides_is_that_of_their_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    found = measure.memory("translate quickstart 64 px", CASES["translate quickstart 64 px"])
    assert 100 < found["ours"] < 2000 and found["ratio"] == pytest.approx(found["ours"] / found["reference"])


def test_every_case_of_the_same_arithmetic_does_the_arithmetic_of_the_page(tmp_path: Path) -> None:
    """The preset's networks are the reference's, so that the ratio compares like with like."""
    ours, theirs = CycleGAN(config_of("cyclegan", 128)), cases.one_page()["CycleGAN"](blocks=6)
    for name, net in ours.nets.items():
        shapes = [p.shape for p in net.parameters()]
        assert shapes == [p.shape for p in getattr(theirs, name).parameters()]
    assert isinstance(CASES["train cyclegan 128 px"], Case) and {c.unit for c in CASES.values()} == {"images", "starts"}


def forged(**changes: object) -> dict[str, object]:
    row = {
        "case": "train cyclegan 128 px", "device": "cpu", "share": 0.8, "speed": {"median": 1.3},
        "processor": {"median": 1.3}, "memory": {"ours": 900.0, "reference": 1000.0, "ratio": 0.9},
    }  # fmt: skip
    return {"cases": [row | changes]}


def never(case: str, device: str) -> dict[str, object]:
    raise AssertionError(f"{case} was measured again")


def test_the_guard_passes_the_same_and_fails_a_forged_slow_result() -> None:
    guard.require_no_slower(forged(), forged(), "x.json", never)
    guard.require_no_slower(forged(processor={"median": 1.05}), forged(), "x.json", never)  # within a fifth
    for change, told in (
        ({"processor": {"median": 1.0}}, r"train cyclegan 128 px \(cpu\): speed 1\.00, committed 1\.30"),
        ({"memory": {"ratio": 1.3}}, r"memory 0\.77, committed 1\.11"),
    ):
        slow = forged(**change)
        with pytest.raises(SlowerError, match=told):
            guard.require_no_slower(slow, forged(), "x.json", lambda *key, row=slow["cases"][0]: row)
    with pytest.raises(DataError, match="none of the cases"):
        guard.require_no_slower(forged(), forged(case="something else"), "x.json", never)


def test_what_fell_once_is_measured_again_and_only_that() -> None:
    found, other = forged(processor={"median": 0.5}), forged(case="quick one")["cases"]
    found["cases"] += other
    rows = iter([forged(processor={"median": 0.6})["cases"][0], forged()["cases"][0]])
    asked = []

    def again(*key: str) -> dict[str, object]:
        asked.append(key)
        return next(rows)

    guard.require_no_slower(found, forged(), "x.json", again)
    assert asked == [("train cyclegan 128 px", "cpu")] * 2
    assert found["cases"] == [*forged()["cases"], *other]


def test_the_committed_figures_can_be_checked_against() -> None:
    for path in COMMITTED:
        committed = guard.read(path)
        assert guard.of_this_kind(committed, {"x": committed}) == "x"
        guard.require_no_slower(copy.deepcopy(committed), committed, str(path), never)
        slower = copy.deepcopy(committed)
        for row in slower["cases"]:
            for key in ("speed", "processor"):
                if key in row:
                    row[key]["median"] *= 0.7
        rows = {(row["case"], row["device"]): row for row in slower["cases"]}
        with pytest.raises(SlowerError):
            guard.require_no_slower(slower, committed, str(path), lambda *key, rows=rows: rows[key])
        assert {row["case"] for row in committed["cases"]} <= set(CASES)
        assert {"processor", "threads", "torch", "python", "viceversa"} <= set(committed["machine"])


def test_only_a_machine_of_the_same_kind_is_compared_with() -> None:
    """Of each committed bench by its own; not of another processor, nor of one of that name with other vector units."""
    committed = {path.name: guard.read(path) for path in COMMITTED}
    for name, found in committed.items():
        assert guard.of_this_kind(found, dict(reversed(committed.items()))) == name
        stranger = copy.deepcopy(found)
        stranger["machine"]["processor"] = "another"
        assert guard.of_this_kind(stranger, committed) is None
        slower = copy.deepcopy(found)
        slower["ceilings"]["cpu"]["convolution bf16"]["processor"] /= 8
        assert guard.of_this_kind(slower, committed) is None


def test_a_wrong_file_to_check_is_refused_before_anything_is_measured(tmp_path: Path, capsys) -> None:
    (tmp_path / "x.json").write_text(json.dumps({"no": "cases"}))
    for name in ("x.json", "missing.json"):
        assert cli.run(["bench", "--check", str(tmp_path / name)]) == 3
        assert "bench --json" in capsys.readouterr().err


@pytest.mark.long
def test_a_large_parent_is_not_counted():
    """What a child holds is its own, whatever the process held that started it."""
    ballast = bytearray(400_000_000)
    ballast[::4096] = b"x" * len(ballast[::4096])
    code = "from viceversa.bench.measure import most_resident; print(most_resident())"
    alone = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(alone.stdout) < most_resident() - 100
    del ballast
