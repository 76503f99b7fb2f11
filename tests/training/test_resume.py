"""Killed and resumed is never killed: the same bits, whatever the moment."""

import json
import random
import shutil
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from support.tiny import TINY, TINY_OPTIONS, draw_world, tiny_words
from viceversa.errors import DataError, DivergedError, ModelFileError, UsageError
from viceversa.runs import checkpoint
from viceversa.training.session import Result
from viceversa.training.train import train
from viceversa.training.trainer import Trainer


class Killed(Exception):
    """The power went."""


def run(world: Path, out: Path, steps: int = 12, **options) -> Result:
    result = train(world, out=out, steps=steps, quiet=True, **{**TINY_OPTIONS, "save_every": 2} | options)
    assert isinstance(result, Result)
    return result


def kill_after(monkeypatch, step: int) -> None:
    """Let training die right after step `step`, before its checkpoint."""
    real = Trainer.advance

    def advance(self, batch):
        real(self, batch)
        if self.step == step:
            raise Killed

    monkeypatch.setattr(Trainer, "advance", advance)


def killed(monkeypatch, world: Path, out: Path, step: int, **options) -> None:
    with monkeypatch.context() as patch:
        kill_after(patch, step)
        with pytest.raises(Killed):
            run(world, out, **options)
    torch.manual_seed(step)  # a new process would know nothing of the old one's random numbers
    torch.rand(step)


def bits(out: Path) -> dict[str, bytes]:
    """All that must be the same: the last checkpoint, the metrics, the samples."""
    newest, complaints = checkpoint.newest(out / "checkpoints")
    last = newest.path
    assert last is not None and not complaints
    found = {f"{last.name}/{f.name}": f.read_bytes() for f in sorted(last.iterdir())}
    found |= {f.name: f.read_bytes() for f in sorted((out / "samples").iterdir())}
    return found | {"metrics": (out / "metrics.jsonl").read_bytes()}


def assert_same(a: Path, b: Path) -> None:
    first, second = bits(a), bits(b)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


@pytest.fixture
def unbroken(world: Path, tmp_path: Path) -> Path:
    return run(world, tmp_path / "unbroken").run


@pytest.mark.long
def test_resumed_run_equals_uninterrupted_run(monkeypatch, world, tmp_path, unbroken):
    pool = load_file(next((unbroken / "checkpoints").glob("step-12/rest.safetensors")))
    assert pool["pool_a.count"] == 24  # three places: swaps took place
    assert pool["average.updates"] == 12
    for k in (1, 2, 3, 6, 7, 11):
        out = tmp_path / f"broken-{k}"
        killed(monkeypatch, world, out, k)
        assert run(world, out) == Result(out, 12, True, health="watch nothing-translated")
        assert_same(unbroken, out)


def test_repeated_interruptions_leave_equal_weights(monkeypatch, world, tmp_path, unbroken):
    out = tmp_path / "broken"
    for k in (3, 5, 6, 9, 11):
        killed(monkeypatch, world, out, k)
    run(world, out)
    assert_same(unbroken, out)

    free = tmp_path / "free"  # other memory, other moments of saving
    no_cache = (*TINY, "data.cache_mb=0", "train.keep=1")
    killed(monkeypatch, world, free, 5, save_every=1, set=no_cache)
    killed(monkeypatch, world, free, 8, save_every=3)
    run(world, free, save_every=5, set=no_cache)
    assert_same(unbroken, free)


@pytest.mark.long
def test_resume_in_bf16_without_pool_and_ema(monkeypatch, world, tmp_path):
    for name, words in (("bf16", ()), ("plain", ("method.ema=0", "method.pool=0", "train.batch=1"))):
        options = dict(precision="bf16" if name == "bf16" else "fp32", set=(*TINY, *words))
        whole = run(world, tmp_path / f"{name}-whole", 6, **options).run
        out = tmp_path / f"{name}-broken"
        killed(monkeypatch, world, out, 3, steps=6, **options)
        run(world, out, 6, **options)
        assert_same(whole, out)


def test_seeds_change_the_weights(world, tmp_path, unbroken):
    other = run(world, tmp_path / "other", 2, seed=20261122).run
    again = run(world, tmp_path / "again", 2, seed=20261122).run
    assert_same(other, again)
    third = run(world, tmp_path / "third", 2).run
    first, second = (load_file(p / "checkpoints/step-2/G.safetensors") for p in (other, third))
    assert any(not torch.equal(first[key], second[key]) for key in first)


def test_resume_skips_a_damaged_checkpoint(monkeypatch, world, tmp_path, unbroken, capsys):
    out = tmp_path / "broken"
    killed(monkeypatch, world, out, 9)
    weights = out / "checkpoints" / "step-8" / "G.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    train(world, out=out, steps=12, save_every=2, **TINY_OPTIONS)
    told = capsys.readouterr().err
    assert f"skipped: {weights} is damaged" in told
    assert "resuming at step 6" in told
    assert_same(unbroken, out)


def test_resume_without_a_valid_checkpoint_is_refused(monkeypatch, world, tmp_path, unbroken):
    out = tmp_path / "broken"
    killed(monkeypatch, world, out, 5)
    before = sorted(path.name for path in (out / "checkpoints").iterdir())
    for path in (out / "checkpoints").iterdir():
        (path / "manifest.json").unlink()
    with pytest.raises(ModelFileError, match=r"no checkpoint of .* is whole"):
        run(world, out)
    assert sorted(path.name for path in (out / "checkpoints").iterdir()) == before
    shutil.rmtree(out / "checkpoints")
    run(world, out)
    assert_same(unbroken, out)


def test_dot_files_in_checkpoints_are_ignored(monkeypatch, world, tmp_path, unbroken):
    out = tmp_path / "broken"
    killed(monkeypatch, world, out, 5)
    for path in (out / "checkpoints").iterdir():
        (path / ".DS_Store").write_bytes(b"junk")
    run(world, out)
    assert_same(unbroken, out)


def test_resume_removes_drafts_and_incomplete_log_lines(monkeypatch, world, tmp_path, unbroken):
    out = tmp_path / "broken"
    killed(monkeypatch, world, out, 7)
    (out / "checkpoints" / "step-8.tmp").mkdir()
    (out / ".report.html.123.tmp").write_text("half")
    with (out / "metrics.jsonl").open("a") as file:
        file.write('{"step": 8, "gan"')
    run(world, out)
    assert_same(unbroken, out)
    assert not list(out.rglob("*.tmp"))


def test_resume_with_another_configuration_names_the_difference(world, unbroken):
    before = bits(unbroken)
    with pytest.raises(UsageError, match=r"train.seed is 3, not 4.*repeat its command"):
        run(world, unbroken, seed=4)
    with pytest.raises(UsageError, match=r"train.total_nimg is 24, not 40"):
        run(world, unbroken, steps=20)
    with pytest.raises(UsageError, match=r"method.pool is 3, not 5, method.ema is 0.9, not 0.5"):
        run(world, unbroken, set=(*TINY, "method.ema=0.5", "method.pool=5"))
    with pytest.raises(UsageError, match=r"data.source is '.*world', not '.*world/trainA'"):
        train(world / "trainA", world / "trainB", out=unbroken, steps=12, quiet=True, **TINY_OPTIONS)
    assert bits(unbroken) == before


def test_resume_with_other_images_names_them(monkeypatch, world, tmp_path):
    out = tmp_path / "broken"
    killed(monkeypatch, world, out, 5)
    picture = world / "trainA" / "3.png"
    picture.rename(tmp_path / "3.png")
    with pytest.raises(DataError, match=r"have changed since it started \(1 gone in train_a, first .*trainA/3.png\)"):
        run(world, out)
    shutil.copy(tmp_path / "3.png", picture)
    shutil.copy(picture, world / "testB" / "new.png")
    with pytest.raises(DataError, match=r"1 new in test_b, first .*testB/new.png"):
        run(world, out)
    (world / "testB" / "new.png").unlink()
    assert run(world, out).finished


@pytest.mark.long
def test_resume_with_names_in_another_unicode_form_and_another_way_to_pair(world, tmp_path):
    """Neither changes the images, which data.json compares."""
    nfc, nfd = (unicodedata.normalize(form, "été") for form in ("NFC", "NFD"))
    (world / "trainA").rename(world / nfd), (world / "trainB").rename(world / "hiver")
    shutil.rmtree(world / "testA"), shutil.rmtree(world / "testB")
    options = TINY_OPTIONS | {"out": tmp_path / nfd, "quiet": True}
    train(world / nfd, world / "hiver", steps=2, names=f"{nfd},hiver", **options)
    options["out"] = tmp_path / nfc
    same = train(world / nfc, world / "hiver", steps=2, names=f"{nfc},hiver", **options)
    assert same.step == 2 and [path.name for path in tmp_path.iterdir() if path.name != "world"] == [nfd]
    options["set"] = (*TINY, "data.pair=name")
    assert train(world / nfc, world / "hiver", steps=2, names=f"{nfc},hiver", **options).step == 2
    assert json.loads((tmp_path / nfd / "data.json").read_text())["names"] == [nfc, "hiver"]


def test_finished_run_is_left_unchanged(world, unbroken, capsys):
    before = bits(unbroken)
    expected = Result(unbroken, 12, True, health="watch nothing-translated")
    assert train(world, out=unbroken, steps=12, save_every=2, **TINY_OPTIONS) == expected
    assert "already finished" in capsys.readouterr().err
    assert bits(unbroken) == before


def test_max_time_saves_and_the_same_command_resumes(world, tmp_path, unbroken):
    out = tmp_path / "timed"
    results = []
    while not results or not results[-1].finished:
        results.append(run(world, out, max_time=1e-3, save_every=100))
        assert checkpoint.newest(out / "checkpoints")[0].step == results[-1].step
    assert [r.step for r in results] == list(range(1, 13))
    assert_same(unbroken, out)


@pytest.mark.long
def test_planned_length_is_kept_on_resume(world, tmp_path):
    first = train(world, out=tmp_path / "run", max_time="1s", quiet=True, **TINY_OPTIONS)
    planned = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())["train"]["total_nimg"]
    assert planned >= 20
    second = train(world, out=tmp_path / "run", max_time="0.01s", quiet=True, **TINY_OPTIONS)
    assert second.step >= first.step
    assert yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())["train"]["total_nimg"] == planned


def no_nan(out: Path) -> None:
    for file in (out / "checkpoints").rglob("*.safetensors"):
        assert all(t.isfinite().all() for t in load_file(file).values()), file
    for line in (out / "metrics.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=lambda word: pytest.fail(f"{word} in metrics.jsonl"))


@pytest.mark.parametrize(
    "place",
    ["picture", "G", "D_A", *(pytest.param(name, marks=pytest.mark.long) for name in ("infinite picture", "F", "D_B"))],
)
def test_nonfinite_loss_or_gradient_stops_training(monkeypatch, world, tmp_path, place):
    real, out = Trainer.advance, tmp_path / "sick"

    def advance(self, batch):
        if self.step == 7:
            if "picture" in place:
                batch[0][0, 0, 3, 3] = float("inf" if place[0] == "i" else "nan")
            else:
                next(self.method.nets[place].parameters()).data[0] = float("nan")
        real(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "advance", advance)
        with pytest.raises(DivergedError, match=r"step 8 of .* is not finite.* last good checkpoint is step 6") as told:
            run(world, out)
    assert told.value.exit_code == 6
    assert "\n" not in str(told.value)
    no_nan(out)
    assert checkpoint.newest(out / "checkpoints")[0].step == 6
    assert run(world, out).finished  # it was the picture or a bit, not the recipe: the same command goes on
    no_nan(out)


def test_resume_with_another_preset_is_refused(world, tmp_path, unbroken):
    config = unbroken / "config.yaml"
    config.write_text(config.read_text().replace("width: 4", "width: 8", 1))
    words = (*TINY, "method.width=8")
    with pytest.raises(ModelFileError, match=r"step-12 belongs to another architecture"):
        run(world, unbroken, set=words)
    config.write_text("preset: [")
    with pytest.raises(ModelFileError, match=r"is damaged: .*config.yaml is not a YAML configuration"):
        run(world, unbroken)


def test_unreadable_image_is_named_and_replaced(world, tmp_path):
    (world / "trainA" / "2.png").write_bytes(b"no picture")
    out = run(world, tmp_path / "run", 6).run
    skipped = json.loads((out / "data.json").read_text())["skipped"]
    assert [Path(p).name for p in skipped] == ["2.png"]
    for file in (world / "trainB").iterdir():
        file.write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"none of the 4 pictures in .*trainB can be read"):
        run(world, tmp_path / "none", 6)


def train_command(world: Path, out: Path, steps: int, save_every: int) -> list[str]:
    words = ["train", str(world), "--out", str(out), "--steps", str(steps), "--save-every", str(save_every)]
    return [sys.executable, "-m", "viceversa", *words, *tiny_words()]


def kill_processes(command: list[str], out: Path, kills: int, within: float) -> tuple[int, int]:
    """Run `command`, each time killed, then to its end; kills that hit, and inside a save.

    Every other kill comes at a random moment, the others as soon as a draft of a checkpoint is seen.
    """
    rng, hits, inside = random.Random(1), 0, 0
    while hits < kills:
        log = out / "log.txt"
        lines = len(log.read_text().splitlines()) if log.exists() else 0
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while process.poll() is None and (not log.exists() or len(log.read_text().splitlines()) == lines):
            time.sleep(0.01)
        time.sleep(rng.uniform(0, within))
        while hits % 2 and process.poll() is None and not any((out / "checkpoints").glob("step-*.tmp")):
            pass  # a draft lives for a few milliseconds
        process.kill()
        _, told = process.communicate()
        if process.returncode == 0:  # it was faster: the run is over
            break
        assert process.returncode == -9, told
        hits += 1
        inside += any((out / "checkpoints").glob("*.tmp"))
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return hits, inside


def killed_and_unbroken(tmp_path: Path, steps: int, kills: int, within: float) -> tuple[int, int]:
    world = draw_world(tmp_path / "world", {"trainA": 5, "trainB": 4})
    subprocess.run(train_command(world, tmp_path / "whole", steps, steps), check=True, capture_output=True)
    command = train_command(world, tmp_path / "broken", steps, 1)  # nearly half of its time it writes checkpoints
    counts = kill_processes(command, tmp_path / "broken", kills, within)
    assert_same(tmp_path / "whole", tmp_path / "broken")
    assert not list(tmp_path.rglob("*.tmp"))
    return counts


@pytest.mark.long
def test_three_kills_leave_equal_weights(tmp_path):
    assert killed_and_unbroken(tmp_path, 60, 3, 0.5)[0] == 3


@pytest.mark.long
def test_twenty_kills_leave_equal_weights(tmp_path):
    hits, inside = killed_and_unbroken(tmp_path, 800, 20, 0.8)
    print(f"{hits} processes killed, {inside} of them inside a checkpoint write")
    assert hits == 20
    assert inside >= 3
