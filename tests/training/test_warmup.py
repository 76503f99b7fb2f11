"""The warm-up of the discriminators: its length, and the plan that counts it."""

import json
import time
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

import viceversa
from support.tiny import TINY
from viceversa.runs.presets import preset
from viceversa.training import plan


def test_warmup_is_at_most_a_fifth_of_a_run(world, tmp_path):
    """The generators keep their initial weights until it ends."""
    values = [*TINY, "method.d_warmup_steps=100", "train.keep=10", "train.log_every=2"]
    options = dict(preset="details", size=16, device="cpu", steps=10, save_every=1, quiet=True, set=values)
    out = viceversa.train(world, out=tmp_path / "run", **options).run
    states = [load_file(out / f"checkpoints/step-{step}/G.safetensors") for step in (1, 2, 3)]
    same = [all(torch.equal(x, states[0][k]) for k, x in state.items()) for state in states]
    assert same == [True, True, False]
    discriminators = [load_file(out / f"checkpoints/step-{step}/D_A.safetensors") for step in (1, 2)]
    assert not all(torch.equal(x, discriminators[0][k]) for k, x in discriminators[1].items())
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [line["cyc"] > 0 for line in lines] == [False] + [True] * 4


def test_plan_counts_the_shorter_warmup_steps():
    """A step takes 20 ms, a warm-up step 2 ms: the planned steps fill the time."""
    messages = []
    batches = SimpleNamespace(batch=lambda step: (torch.zeros(1),), stores=[])
    nimg = plan.fitting_nimg(preset("quickstart"), batches, "cpu", Sleeper, 10.0, time.monotonic(), messages.append)
    steps = nimg // preset("quickstart").train.batch
    seconds = 100 * 0.002 + (steps - 100) * 0.02
    assert seconds == pytest.approx(10 * plan.RESERVE, rel=0.15) and messages


class Sleeper:
    """What planning needs of a method."""

    nets, players, d_warmup_steps = torch.nn.ModuleDict(), {}, 100

    def state_dict(self): ...
    def load_state_dict(self, state): ...

    def step(self, x):
        time.sleep(0.02)
        return {"loss": x.sum()}

    def warmup_step(self, x):
        time.sleep(0.002)
        return {"loss": x.sum()}
