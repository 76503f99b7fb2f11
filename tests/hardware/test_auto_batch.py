"""The largest batch against steps whose memory is known, and against what a training really takes."""

import json

import pytest
import torch

from support.tiny import tiny_words
from viceversa import cli, distributed
from viceversa.errors import UsageError
from viceversa.hardware import auto_batch
from viceversa.hardware.auto_batch import MOST, SHARE, largest_on_cpu, peak_megabytes
from viceversa.methods.cyclegan import CycleGAN, CycleGANConfig
from viceversa.runs.folder import RunFolder

MB = 2**20


def takes(fixed: int, each: int):
    """A step that holds `fixed` + `each` * batch MB at once."""
    return lambda batch: torch.ones((fixed + each * batch) * MB // 4).sum()


def test_what_a_step_takes_is_seen():
    for size in (64, 512, 128):
        assert peak_megabytes(takes(0, size), 1) == pytest.approx(size, abs=12)


@pytest.mark.parametrize(("base", "room", "expected"), [(1, 1000, 32), (4, 1000, 32), (1, 170, 4), (2, 60, 2)])
def test_the_largest_doubling_below_the_share_of_the_room(base, room, expected):
    """40 + 16 b MB against 0.8 of the room; what does not fit even once stays the base, for the user to lower."""
    assert 40 + 16 * expected < SHARE * room < 40 + 16 * 2 * expected or expected == base
    assert largest_on_cpu(takes(40, 16), base, room) == expected


def test_the_last_batch_tried_is_the_most():
    assert largest_on_cpu(takes(1, 1), 1, 1e6) == MOST


@pytest.mark.long
def test_a_training_with_it_stays_in_the_room():
    def step(batch: int) -> None:
        torch.manual_seed(0)
        method = CycleGAN(CycleGANConfig(width=16, blocks=2, d_width=16))
        for _ in range(2):
            method.step(*(torch.rand(batch, 3, 64, 64) for _ in "ab"))

    room = 600.0
    batch = largest_on_cpu(step, 1, room)
    assert 2 <= batch < MOST and peak_megabytes(step, batch) < room
    assert peak_megabytes(step, 4 * batch) > SHARE * room


@pytest.mark.long
def test_a_run_takes_it_and_the_same_command_resumes(world, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(auto_batch, "MOST", 8)
    words = [
        "train",
        str(world),
        "--out",
        str(tmp_path / "run"),
        *tiny_words("--auto-batch", "--set", "train.total_nimg=24"),
    ]
    assert cli.run(words) == 0
    assert "batch: 8, the largest that fits" in capsys.readouterr().err
    run = RunFolder(tmp_path / "run")
    assert run.config().train.batch == 8
    assert [json.loads(line)["step"] for line in run.metrics.read_text().splitlines()] == [3]
    assert cli.run(words) == 0 and "already finished" in capsys.readouterr().err


@pytest.mark.long
def test_steps_are_steps_whatever_the_batch(world, tmp_path, monkeypatch):
    monkeypatch.setattr(auto_batch, "MOST", 8)
    words = ["train", str(world), "--out", str(tmp_path / "run"), "--auto-batch", "--steps", "5", *tiny_words()]
    for _ in "ab":
        assert cli.run(words) == 0
    run = RunFolder(tmp_path / "run")
    assert (run.last_step(), run.config().train.batch, run.config().train.total_nimg) == (5, 8, 40)


def test_torchrun_is_told_that_it_cannot(monkeypatch):
    monkeypatch.setattr(distributed, "world_size", lambda: 2)
    with pytest.raises(UsageError, match="torchrun"):
        auto_batch.largest_batch(takes(1, 1), 1, "cpu")
