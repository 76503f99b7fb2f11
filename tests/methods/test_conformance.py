"""What every method promises: finite losses, only the player's own parameters move, same seed same bits,
stop + resume = uninterrupted, two ranks = one, and a toy problem gets better."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from support.presets import SIZE, SMALL, batch, config
from viceversa import methods
from viceversa.data.loader import Arrays
from viceversa.methods import Method
from viceversa.runs import checkpoint
from viceversa.training.fit import fit
from viceversa.training.train import train

LAUNCH = {"one": [], "two": ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]}
EVERY = pytest.mark.parametrize("name", SMALL)


def make(name: str) -> Method:
    torch.manual_seed(0)
    return methods.make(config(name), size=SIZE, classes=3)


def bits(method: Method) -> list[torch.Tensor]:
    return [t.clone() for t in method.state_dict().values()]


def test_every_preset_is_tested():
    from viceversa.runs.presets import PRESETS

    assert set(SMALL) == set(PRESETS)


@EVERY
def test_losses_are_finite_and_nothing_of_a_batch_survives(name):
    method = make(name)
    before = set(vars(method))
    for i in range(3):
        losses = method.step(*batch(name, i))
        assert all(v.ndim == 0 and v.isfinite() for v in losses.values())
    assert set(vars(method)) == before
    assert not any(isinstance(v, torch.Tensor) for v in vars(method).values())


@EVERY
def test_turn_changes_its_own_player_only(name):
    method = make(name)
    moved = {}
    for player_name, player in method.players.items():
        own = {id(p) for p in player.parameters}

        def watched(step=player.step, own=own, key=player_name):
            before = {id(p): p.clone() for p in method.nets.parameters()}
            step()
            changed = {id(p) for p in method.nets.parameters() if not torch.equal(p, before[id(p)])}
            assert changed <= own
            moved.setdefault(key, set()).update(changed)

        player.step = watched
    for i in range(3):
        method.step(*batch(name, i))
    assert moved.keys() == method.players.keys() and all(moved.values())
    assert not any(p.requires_grad for p in method.nets.parameters())


@EVERY
def test_same_seed_same_bits(name):
    states = []
    for _ in range(2):
        method = make(name)
        for i in range(4):
            torch.manual_seed(i)
            method.step(*batch(name, i))
        states.append(bits(method))
    assert all(map(torch.equal, *states))


@EVERY
def test_nonfinite_batch_changes_nothing(name):
    method = make(name)
    method.step(*batch(name, 0))
    before = [p.clone() for p in method.nets.parameters()]
    bad = batch(name, 1)
    bad[0][:] = float("nan")
    method.step(*bad)
    assert any(player.nonfinite for player in method.players.values())
    for player in method.players.values():
        if player.nonfinite:
            own = {id(p) for p in player.parameters}
            for p, old in zip(method.nets.parameters(), before, strict=True):
                assert id(p) not in own or torch.equal(p, old)


@EVERY
def test_checkpoint_holds_all_state(name, tmp_path):
    one, other = make(name), make(name)
    for i in range(3):
        torch.manual_seed(i)
        one.step(*batch(name, i))
    path = checkpoint.save(tmp_path, one, {"step": 3, "window": {}}).path
    checkpoint.load(path, other)
    for method in (one, other):
        for i in range(3, 6):
            torch.manual_seed(i)
            method.step(*batch(name, i))
    assert all(map(torch.equal, bits(one), bits(other)))


def pictures(folder: Path, name: str) -> Path:
    """Pictures of the kind that the preset takes, small enough to train on in a second."""
    rng = np.random.default_rng(0)
    kinds = {
        "perceptron": "classes",
        "mlp": "classes",
        "cnn": "classes",
        "dcgan": "one",
        "wgan": "one",
        "wgan-gp": "one",
    }
    folders = {"classes": ("train/0", "train/1", "train/2", "test/0", "test/1", "test/2"), "one": ("all",)}
    for part in folders.get(kinds.get(name, ""), ("trainA", "trainB", "testA", "testB")):
        (folder / part).mkdir(parents=True)
        for i in range(5):
            pixels = rng.integers(0, 100, (SIZE, SIZE, 3), dtype=np.uint8)
            pixels[..., "012B".find(part[-1]) % 3] += 120
            if name == "fcn" and part[-1] == "B":
                pixels = np.array([[255, 0, 0], [0, 128, 0], [0, 0, 255]], np.uint8)[pixels[..., 1] // 34]
            Image.fromarray(pixels).save(folder / part / f"{i}.png")
    return folder


def options(name: str, batch: int = 4) -> dict:
    small = [f"method.{key}={value}" for key, value in SMALL[name].items()]
    common = ["train.threads=1", "train.log_every=2", f"train.batch={batch}", "train.samples=2"]
    return dict(preset=name, size=SIZE, steps=6, seed=5, device="cpu", precision="fp32", set=[*small, *common])


def files_of(run: Path) -> dict[str, bytes]:
    """What a run computed: final weights, metrics, samples."""
    found = [*run.glob("checkpoints/step-6/*.safetensors"), *run.glob("*.jsonl"), *run.glob("samples/*.png")]
    return {str(p.relative_to(run)): p.read_bytes() for p in found if p.name != "usage.jsonl"}  # times and memory


@EVERY
def test_stopped_and_resumed_equals_uninterrupted(name, tmp_path):
    data = pictures(tmp_path / "data", name)
    whole = train(data, out=tmp_path / "whole", quiet=True, **options(name))
    for _ in range(8):  # each of them ends after one step
        result = train(data, out=tmp_path / "parts", quiet=True, max_time=0.0001, **options(name))
    assert whole.finished and result.finished and result.step == 6
    ours, theirs = files_of(tmp_path / "whole"), files_of(tmp_path / "parts")
    assert ours and ours == theirs


@pytest.mark.long
@pytest.mark.parametrize("name", ["cnn", "fcn", "dcgan", "wgan-gp", "pix2pix", "details"])  # every method once
def test_two_ranks_equal_one(name, tmp_path):
    data = pictures(tmp_path / "data", name)
    line = ["train", data, "--preset", name, "--size", str(SIZE), "--steps", "6", "--seed", "5", "--device", "cpu"]
    line += ["--precision", "fp32", *(word for pair in options(name)["set"] for word in ("--set", pair))]
    for out, words in LAUNCH.items():
        command = [sys.executable, *words, "-m", "viceversa", *map(str, line), "--out", str(tmp_path / out)]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
        assert done.returncode == 0, done.stderr
    # Not the weights: a bias before a norm has no gradient but rounding, which Adam makes as large as any other.
    one, two = ([json.loads(t) for t in (tmp_path / out / "metrics.jsonl").read_text().splitlines()] for out in LAUNCH)
    assert [line["step"] for line in two] == [2, 4, 6]
    for ours, theirs in zip(one, two, strict=True):
        counted = {key for key in ours if key.startswith("auc")}  # of few pairs: one that turns is a jump
        assert {k: theirs[k] for k in counted} == pytest.approx({k: ours[k] for k in counted}, abs=0.15)
        rest = ours.keys() - counted
        assert {k: theirs[k] for k in rest} == pytest.approx({k: ours[k] for k in rest}, rel=2e-3, abs=1e-4)
    shown = [checkpoint.read_state(tmp_path / out / "checkpoints" / "step-6")["step"] for out in LAUNCH]
    assert shown == [6, 6]
    assert len(list((tmp_path / "two" / "samples").glob("*.png"))) == len(
        list((tmp_path / "one" / "samples").glob("*.png"))
    )


def toy(name: str, count: int = 48) -> list[np.ndarray]:
    """Three classes of stripes, of pictures or of pixels; pictures of one bright grey; or squares of two colours."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, (count, 3, SIZE, SIZE)).astype(np.float32)
    if name in ("perceptron", "mlp", "cnn"):
        y = np.arange(count) % 3
        x = noise[:, :1] - 0.5
        for i, k in enumerate(y):
            x[i, :, 5 * k : 5 * k + 5] += 1
        return [x, y]
    if name == "fcn":  # left to right three classes of a brightness each, where they meet varies
        ends = np.sort(rng.integers(2, SIZE - 2, (count, 2)))
        y = (np.arange(SIZE) >= ends[:, :1]).astype(int) + (np.arange(SIZE) >= ends[:, 1:])
        y = np.repeat(y[:, None], SIZE, 1)
        return [noise + (0.6 * (y[:, None] - 1)).astype(np.float32), y]
    if name in ("dcgan", "wgan", "wgan-gp"):
        return [noise[:, :1] + 0.6]
    a, b = noise - 0.5, noise - 0.5
    for i in range(
        count
    ):  # a red square, a blue one: a judge with instance norm cannot see the colour of a flat picture
        top, left = rng.integers(0, 8, 2)
        a[i, 0, top : top + 8, left : left + 8] += 1
        b[i, 2, top : top + 8, left : left + 8] += 1
    return [a, b if "pix2pix" in name else b[::-1].copy()]


def distance(method: Method, name: str, given: list[np.ndarray]) -> float:
    """How far a method is from solving its toy: share of wrong classes, or distance of mean colours."""
    x, *more = (torch.from_numpy(part) for part in given)
    if name in ("perceptron", "mlp", "cnn", "fcn"):
        return float((method.preview(x)["scores"].argmax(1) != more[0]).float().mean())
    if name in ("dcgan", "wgan", "wgan-gp"):
        z = torch.randn(64, 5, generator=torch.Generator().manual_seed(0))
        return (method.preview(z)["fake"].mean() - x.mean()).abs().item()
    seen = method.preview(x) if "pix2pix" in name else method.preview(x, more[0])
    return (seen["fake_b"].mean((0, 2, 3)) - more[0].mean((0, 2, 3))).abs().mean().item()


@EVERY
@pytest.mark.long
def test_toy_problem_improves(name):
    rates = {"lr": 1e-2} if hasattr(config(name), "lr") else {"lr_g": 3e-3, "lr_d": 1e-3}
    if name in ("quickstart", "details"):  # four channels start slowly: a brush and a trunk of almost nothing
        rates = {"lr_g": 2e-2, "lr_d": 5e-3}
    torch.manual_seed(0)
    method = methods.make(replace(config(name), **rates), size=SIZE, classes=3)
    given = toy(name)
    before = distance(method, name, given)
    fit(method, Arrays(*given, batch=8), 400 if name in ("wgan-gp", "quickstart", "details") else 200, decay_from=0.5)
    assert distance(method, name, given) < 0.5 * before
