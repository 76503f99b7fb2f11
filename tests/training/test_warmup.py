"""The warm-up of the discriminators, and the first estimate of the length of a run."""

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


def test_the_first_estimate_is_that_of_the_measured_pace():
    """A step takes 20 ms: 10 seconds hold 500."""
    batches = SimpleNamespace(batch=lambda step: (torch.zeros(1),), stores=[])
    nimg = plan.estimated_nimg(preset("quickstart"), batches, "cpu", Sleeper, 10.0)
    assert nimg // preset("quickstart").train.batch == pytest.approx(500, rel=0.4)


class Sleeper:
    """What an estimate needs of a method."""

    nets, players = torch.nn.ModuleDict(), {}

    def state_dict(self): ...
    def load_state_dict(self, state): ...

    def step(self, x):
        time.sleep(0.02)
        return {"loss": x.sum()}
