"""The largest batch, against steps of known memory and in real training."""

import json

import pytest
import torch

from support.tiny import tiny_words
from viceversa import cli, distributed
from viceversa.errors import UsageError
from viceversa.hardware import auto_batch
from viceversa.hardware.auto_batch import MAX_BATCH, MEMORY_SHARE, largest_on_cpu, peak_megabytes
from viceversa.methods.cyclegan import CycleGAN, CycleGANConfig
from viceversa.runs.folder import RunFolder

MB = 2**20


def uses(fixed: int, each: int):
    """A step that needs `fixed` + `each` * batch MB."""
    return lambda batch: torch.ones((fixed + each * batch) * MB // 4).sum()


@pytest.mark.long
def test_peak_memory_of_a_step_is_measured():
    for size in (64, 512, 128):
        assert peak_megabytes(uses(0, size), 1) == pytest.approx(size, abs=12)


@pytest.mark.parametrize(("base", "free", "expected"), [(1, 1000, 32), (4, 1000, 32), (1, 170, 4), (2, 60, 2)])
def test_largest_doubling_within_the_memory(base, free, expected):
    """40 + 16 b MB against 0.8 of the free memory; a base that does not fit is returned as it is."""
    assert 40 + 16 * expected < MEMORY_SHARE * free < 40 + 16 * 2 * expected or expected == base
    assert largest_on_cpu(uses(40, 16), base, free) == expected


def test_batch_is_limited():
    assert largest_on_cpu(uses(1, 1), 1, 1e6) == MAX_BATCH


@pytest.mark.long
def test_training_with_the_largest_batch_stays_within_the_memory():
    def step(batch: int) -> None:
        torch.manual_seed(0)
        method = CycleGAN(CycleGANConfig(width=16, blocks=2, d_width=16))
        for _ in range(2):
            method.step(*(torch.rand(batch, 3, 64, 64) for _ in range(2)))

    free = 600.0
    batch = largest_on_cpu(step, 1, free)
    assert 2 <= batch < MAX_BATCH and peak_megabytes(step, batch) < free
    assert peak_megabytes(step, 4 * batch) > MEMORY_SHARE * free


@pytest.mark.long
def test_run_keeps_its_batch_when_it_resumes(world, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(auto_batch, "MAX_BATCH", 8)
    words = [
        *("train", str(world), "--out", str(tmp_path / "run")),
        *tiny_words("--auto-batch", "--set", "train.total_nimg=24"),
    ]
    assert cli.run(words) == 0
    assert "batch: 8, the largest that fits" in capsys.readouterr().err
    run = RunFolder(tmp_path / "run")
    assert run.config().train.batch == 8
    assert [json.loads(line)["step"] for line in run.metrics.read_text().splitlines()] == [3]
    assert cli.run(words) == 0 and "already finished" in capsys.readouterr().err


@pytest.mark.long
def test_steps_do_not_depend_on_the_batch(world, tmp_path, monkeypatch):
    monkeypatch.setattr(auto_batch, "MAX_BATCH", 8)
    words = ["train", str(world), "--out", str(tmp_path / "run"), "--auto-batch", "--steps", "5", *tiny_words()]
    for _ in range(2):
        assert cli.run(words) == 0
    run = RunFolder(tmp_path / "run")
    assert (run.last_step(), run.config().train.batch, run.config().train.total_nimg) == (5, 8, 40)


def test_several_ranks_are_refused(monkeypatch):
    monkeypatch.setattr(distributed, "world_size", lambda: 2)
    with pytest.raises(UsageError, match="torchrun"):
        auto_batch.largest_batch(uses(1, 1), 1, "cpu")
