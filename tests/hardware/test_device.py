"""What is chosen for a machine, by cases with known answers."""

import json
import shutil
import time
from dataclasses import replace
from itertools import cycle
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

import viceversa
from support.tiny import TINY
from viceversa.hardware import compile
from viceversa.hardware.compile import can_compile, choose_compile
from viceversa.runs.folder import RunFolder
from viceversa.runs.presets import preset
from viceversa.training import plan, winograd
from viceversa.training.plan import with_measured
from viceversa.training.winograd import winograd_is_worthwhile


def test_compiling_is_for_long_runs_on_a_card_or_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile, "can_compile", lambda: True)
    assert choose_compile(True, "cpu", 1, None) and not choose_compile(False, "cuda", 10**6, None)
    assert choose_compile(None, "cuda", 20_000, None) and not choose_compile(None, "cuda", 19_999, None)
    assert choose_compile(None, "cuda", 1, 1200.0) and not choose_compile(None, "cuda", 10**6, 240.0)
    assert not choose_compile(None, "cpu", 10**6, None)
    monkeypatch.setattr(compile, "can_compile", lambda: False)
    assert not choose_compile(None, "cuda", 10**6, None) and choose_compile(True, "cuda", 1, None)


def test_a_compiler_needs_all_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with Triton, gcc and a new card, and each of them missing once."""
    monkeypatch.delenv("CC", raising=False)
    for triton, compiler, capability in ((1, 1, 9), (0, 1, 9), (1, 0, 9), (1, 1, 6)):
        monkeypatch.setattr(compile, "find_spec", lambda name, found=triton: found or None)
        monkeypatch.setattr(
            shutil, "which", lambda name, found=compiler: "/usr/bin/gcc" if found and name == "gcc" else None
        )
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda major=capability: (major, 0))
        assert can_compile() == ((triton, compiler, capability) == (1, 1, 9))


def test_convolutions_are_chosen_once_for_a_run(world, tmp_path, monkeypatch):
    """What the processor that began a run found is kept where it goes on."""
    options = dict(preset="cyclegan", size=16, steps=4, quiet=True, set=[*TINY, "method.d_layers=1"], seed=1)
    for begun in (True, False):
        run = tmp_path / str(begun)
        monkeypatch.setattr(plan, "winograd_is_worthwhile", lambda *sizes, answer=begun: answer)
        viceversa.train(world, out=run, max_time=0.0001, **options)
        monkeypatch.setattr(plan, "winograd_is_worthwhile", lambda *sizes, answer=not begun: answer)
        assert viceversa.train(world, out=run, **options).finished
        assert RunFolder(run).config().method.winograd is begun


def test_convolutions_are_measured_only_where_that_can_matter(monkeypatch):
    monkeypatch.setattr(plan, "winograd_is_worthwhile", lambda *sizes: True)

    def chosen(name: str, device: str = "cpu", precision: str = "fp32", **changes: bool) -> bool | None:
        config = preset(name)
        method, train = replace(config.method, **changes), replace(config.train, precision=precision)
        return with_measured(replace(config, method=method, train=train), device).method.winograd

    assert chosen("cyclegan") is True and chosen("cyclegan", winograd=False) is False
    assert chosen("cyclegan", precision="bf16") is chosen("cyclegan", "cuda") is chosen("quickstart") is None


def test_what_is_measured_is_what_a_block_takes(monkeypatch):
    """A clock on which the short way takes 1 s and the direct one `ratio`; every second turn is disturbed."""
    for ratio, pays in ((1.1, False), (1.3, True)):
        times = cycle([ratio, 9.0, 9.0, 1.0])
        monkeypatch.setattr(winograd, "best_seconds", lambda call, count, times=times: next(times))
        assert winograd_is_worthwhile(64, 32, 1) is pays


def test_a_head_start_is_a_fifth_of_a_run_at_most(world, tmp_path):
    """The generators keep their first weights until it is over, then all learn."""
    few = {
        "steps": 10,
        "save_every": 1,
        "set": [*TINY, "method.d_warmup_steps=100", "train.keep=10", "train.log_every=2"],
    }
    out = viceversa.train(world, out=tmp_path / "run", preset="details", size=16, device="cpu", quiet=True, **few).run
    states = [load_file(out / f"checkpoints/step-{step}/G.safetensors") for step in (1, 2, 3)]
    same = [all(torch.equal(x, states[0][k]) for k, x in state.items()) for state in states]
    assert same == [True, True, False]
    judges = [load_file(out / f"checkpoints/step-{step}/D_A.safetensors") for step in (1, 2)]
    assert not all(torch.equal(x, judges[0][k]) for k, x in judges[1].items())
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [line["cyc"] > 0 for line in lines] == [False] + [True] * 4


def test_a_plan_leaves_no_time_of_a_head_start_unused():
    """A method that takes 20 ms a step, 2 ms ahead: the steps planned fill the time."""
    said = []
    make, batches = lambda: Sleeper(), SimpleNamespace(batch=lambda step: (torch.zeros(1),), stores=[])
    nimg = plan.fitting_nimg(preset("quickstart"), batches, "cpu", make, 10.0, time.monotonic(), said.append)
    steps = nimg // preset("quickstart").train.batch
    seconds = 100 * 0.002 + (steps - 100) * 0.02
    assert seconds == pytest.approx(10 * plan.RESERVE, rel=0.15) and said


class Sleeper:
    """The least that a plan needs of a method."""

    nets, players, d_warmup_steps = torch.nn.ModuleDict(), {}, 100

    def state_dict(self): ...
    def load_state_dict(self, state): ...

    def step(self, x):
        time.sleep(0.02)
        return {"loss": x.sum()}

    def warmup_step(self, x):
        time.sleep(0.002)
        return {"loss": x.sum()}
