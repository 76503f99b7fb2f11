"""A crew of two trains what one process does, and no death among its members loses anything or leaves one behind."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from conftest import TINY, tiny_words
from test_resume import assert_same
from test_signals import await_training, start
from viceversa import distributed
from viceversa.errors import DataError, UsageError
from viceversa.presets import TrainConfig, preset
from viceversa.training.crew import crew, crew_size
from viceversa.training.run_folder import RunFolder
from viceversa.training.train import Result, train

TWO = ("train.ranks=2",)
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a crew meets on Linux's loopback interface"),
]


def run(world: Path, out: Path, *more: str, steps: int = 12, save_every: int = 4) -> Result:
    found = train(
        world, out=out, size=16, device="cpu", precision="fp32", seed=3, steps=steps, save_every=save_every, quiet=True,
        set=(*TINY, *more),
    )  # fmt: skip
    assert isinstance(found, Result)
    return found


def words(world: Path, out: Path, steps: int) -> list[str]:
    more = ["--set", TWO[0], "--steps", str(steps), "--save-every", "5"]
    return ["train", str(world), "--out", str(out), *tiny_words(*more)]


def helpers(of: int) -> list[int]:
    """Process numbers of the children that assist."""
    found = []
    for child in Path(f"/proc/{of}/task/{of}/children").read_text().split():
        line = Path(f"/proc/{child}/cmdline").read_bytes()
        found += [int(child)] if b"assist()" in line else []
    return found


def alive(process: int) -> bool:
    """Whether it runs; what nobody has asked for its exit code yet does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def await_end(process: int, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while alive(process):
        assert time.monotonic() < end, "a helper outlives its run"
        time.sleep(0.02)


def test_two_are_one_and_the_threads_come_back(world, tmp_path):
    one = run(world, tmp_path / "one", "train.ranks=1")
    torch.set_num_threads(2)
    two = run(world, tmp_path / "two", "train.ranks=2")
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)
    assert RunFolder(two.run).config().train.ranks == 2 and two.finished
    lines = [[json.loads(t) for t in RunFolder(r.run).metrics.read_text().splitlines()] for r in (one, two)]
    for ours, theirs in zip(*lines, strict=True):
        kept = [key for key in ours if not key.startswith("auc")]
        assert [theirs[k] for k in kept] == pytest.approx([ours[k] for k in kept], rel=2e-3, abs=1e-4)
    assert_same(two.run, run(world, tmp_path / "again", *TWO).run)


def test_killed_at_random_moments_it_is_never_killed(world, tmp_path):
    unbroken, out, dice = tmp_path / "unbroken", tmp_path / "run", random.Random(0)
    subprocess.run([sys.executable, "-m", "viceversa", *words(world, unbroken, 60)], check=True, capture_output=True)
    for _ in range(6):
        process = start(words(world, out, 60))
        time.sleep(dice.uniform(1.0, 6.0))
        assisting = helpers(process.pid) if process.poll() is None else []
        process.kill()
        process.communicate()
        for helper in assisting:
            await_end(helper)
    subprocess.run([sys.executable, "-m", "viceversa", *words(world, out, 60)], check=True, capture_output=True)
    assert_same(unbroken, out)


def test_a_signal_to_the_first_ends_all_with_a_checkpoint(world, tmp_path):
    process = start(words(world, tmp_path / "run", 100_000))
    await_training(process, tmp_path / "run")
    (helper,) = helpers(process.pid)
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=20)[1]
    assert process.returncode == 143 and "checkpoint saved; to go on: viceversa train" in said
    assert "torchrun" not in said and "Traceback" not in said
    await_end(helper)


def test_a_helper_that_dies_is_one_line_and_the_run_goes_on_afterwards(world, tmp_path):
    out = tmp_path / "run"
    process = start(words(world, out, 100_000))
    await_training(process, out)
    os.kill(helpers(process.pid)[0], signal.SIGKILL)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 5 and "Traceback" not in said
    assert "a helping process of this training was ended (-9)" in said.strip().splitlines()[-1]
    kept = max(RunFolder(out).kept())
    done = subprocess.run(
        [sys.executable, "-m", "viceversa", *words(world, out, 100_000), "--max-time", "1s"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and f"resuming at step {kept}" in done.stderr


def test_what_a_helper_cannot_read_is_named(world, tmp_path):
    """Of the only step with two pictures of A each, the second process has the second half."""
    for path in (world / "trainA").iterdir():
        if path.name != "0.png":
            path.write_bytes(b"no picture")
    found = run(world, tmp_path / "run", *TWO, "train.batch=4", steps=1)
    order = np.random.default_rng((3, 1, 0)).permutation(5)  # of the first epoch, from the seed
    own = {int(i) for i in order[2:4]} - {0}
    named = {int(Path(p).stem) for p in RunFolder(found.run).data()["skipped"]}
    assert own and own <= named


def test_an_error_of_a_helper_keeps_its_words_and_kind(world, tmp_path):
    """Its orders name a folder that is none: only it meets the error."""
    call = {"data": str(world / "nowhere"), "out": str(tmp_path / "run")}
    with pytest.raises(DataError, match="nowhere"), crew(2, call):
        distributed.agree(1)
        distributed.highest(1)


def test_a_run_from_before_there_were_crews_goes_on_alone(world, tmp_path):
    found = run(world, tmp_path / "run", "train.ranks=1", steps=4)
    file = found.run / "config.yaml"
    file.write_text("".join(line for line in file.read_text().splitlines(True) if "ranks:" not in line))
    again = run(world, found.run, steps=4)
    assert again.step == 4 and not distributed.in_group()


def test_where_several_processes_cannot_be_is_said():
    with pytest.raises(UsageError, match="torchrun for several graphics cards"):
        crew_size(TrainConfig(ranks=2, batch=2), "cuda")


def test_how_many(monkeypatch):
    quick = preset("quickstart", 64).train
    for threads, expected in ((1, 1), (2, 2), (3, 1), (4, 4), (8, 4), (6, 2)):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        assert crew_size(quick, "cpu") == expected
    assert crew_size(quick, "cuda") == 1
    assert crew_size(TrainConfig(batch=4), "cpu") == 1
    assert crew_size(TrainConfig(batch=4, ranks=None, threads=2), "cpu") == 1
    assert crew_size(TrainConfig(batch=4, ranks=2, threads=1), "cpu") == 2
