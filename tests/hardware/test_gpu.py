"""On a graphics card: the recorded step against the plain one, what a recording must not freeze, and the way back.

All skipped where there is none.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import viceversa
from support.presets import SIZE, SMALL, batch, config
from support.sick import SICK, run
from support.tiny import TINY
from viceversa import images, methods
from viceversa.hardware.auto_batch import largest_on_gpu
from viceversa.hardware.compile import compile_net
from viceversa.hardware.cuda_graph import WARMUP_CALLS, CapturedStep, device_step
from viceversa.methods import Method
from viceversa.runs.folder import RunFolder
from viceversa.training.train import train

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no graphics card")
EVERY = pytest.mark.parametrize("name", SMALL)
STEPS = 2 * WARMUP_CALLS + 4


@pytest.fixture(autouse=True)
def exact():
    """Full float32, and kernels that add in one order."""
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield


def make(name: str, device: str = "cuda", precision: str = "fp32") -> Method:
    """Weights that do not depend on the device."""
    torch.manual_seed(0)  # weights are drawn on the processor
    return methods.make(config(name), size=SIZE, classes=3, device=device, precision=precision)


def walk(method: Method, take, name: str, steps: int = STEPS, rate: float = 1.0) -> list[dict[str, float]]:
    told = []
    for i in range(steps):
        for player in method.players.values():
            player.set_rate(rate)
        torch.manual_seed(i)
        told.append({key: value.item() for key, value in take(*batch(name, i)).items()})
    return told


@EVERY
def test_a_recorded_step_is_the_plain_one(name):
    plain, recorded = make(name), make(name)
    first = walk(plain, device_step(plain.step, plain.players.values(), "cuda", capture=False), name)
    take = device_step(recorded.step, recorded.players.values(), "cuda")
    second = walk(recorded, take, name)
    adam = all("betas" in g for p in plain.players.values() for g in p.optimizer.param_groups)
    assert isinstance(take, CapturedStep) == adam
    for one, two in zip(first, second, strict=True):
        assert two == pytest.approx(one, rel=1e-3, abs=1e-4)
    assert first[0] != first[-1]
    for a, b in zip(plain.nets.parameters(), recorded.nets.parameters(), strict=True):
        if a.ndim > 1:  # a bias before a norm has only rounding as gradient, which Adam enlarges
            assert (a - b).norm() < 1e-2 * a.norm()


def test_what_is_recorded_still_learns_at_the_rate_of_the_hour_and_refuses_what_is_not_finite():
    method = make("cyclegan")
    take = device_step(method.step, method.players.values(), "cuda")
    walk(method, take, "cyclegan")
    still = [p.clone() for p in method.nets.parameters()]
    walk(method, take, "cyclegan", 3, rate=0.0)
    assert all(map(torch.equal, still, method.nets.parameters()))
    a, b = batch("cyclegan", 0)
    for player in method.players.values():
        player.set_rate(1.0)
    take(a * float("nan"), b)
    assert all(p.nonfinite.item() == 1 for p in method.players.values())
    assert all(map(torch.equal, still, method.nets.parameters()))
    for player in method.players.values():
        player.nonfinite.zero_()
    told = take(a, b)
    assert not any(p.nonfinite.item() for p in method.players.values())
    assert not all(map(torch.equal, still, method.nets.parameters()))
    assert all(v.isfinite() for v in told.values()) and method.generators.ratio.item() > 0


def test_what_a_recorded_step_draws_follows_from_its_seed():
    """The pool of CycleGAN, dropout of pix2pix, noise of DCGAN."""
    for name in ("cyclegan", "pix2pix", "dcgan"):
        one, two = make(name), make(name)
        first, second = (
            walk(one, device_step(one.step, one.players.values(), "cuda"), name),
            walk(two, device_step(two.step, two.players.values(), "cuda"), name),
        )
        for a, b in zip(first, second, strict=True):
            assert b == pytest.approx(a, rel=1e-2, abs=1e-2)
        take = device_step(two.step, two.players.values(), "cuda")
        walk(two, take, name)
        for player in two.players.values():
            player.set_rate(0.0)
        told = []
        for seed in (1, 1, 2):
            torch.manual_seed(seed)
            told.append([value.item() for value in take(*batch(name, 0)).values()])
        if name != "cyclegan":  # whose pool remembers
            assert told[1] == pytest.approx(told[0], rel=1e-5) and told[2] != pytest.approx(told[0], rel=1e-3)


@EVERY
def test_bfloat16_is_near_float32(name):
    exact, rounded = make(name), make(name, precision="bf16")
    one = walk(exact, device_step(exact.step, exact.players.values(), "cuda"), name, 1)[0]
    two = walk(rounded, device_step(rounded.step, rounded.players.values(), "cuda"), name, 1)[0]
    for key in one:
        if not key.startswith(("auc", "accuracy", "wrong")):
            assert two[key] == pytest.approx(one[key], rel=0.05, abs=0.05)


def test_card_and_processor_agree():
    for name in ("cyclegan", "quickstart"):
        here, there = make(name, "cpu"), make(name)
        for player in (*here.players.values(), *there.players.values()):
            player.set_rate(1.0)
        here.pool_a.size = here.pool_b.size = there.pool_a.size = there.pool_b.size = 0  # their draws differ
        for i in range(2):
            one, two = here.step(*batch(name, i)), there.step(*(x.cuda() for x in batch(name, i)))
            expected = {key: value.item() for key, value in one.items()}
            assert {key: value.item() for key, value in two.items()} == pytest.approx(expected, rel=1e-3)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")  # the compiler's own
def test_compiled_pieces_are_the_network():
    for name in ("cyclegan", "quickstart"):
        plain, compiled = make(name), make(name)
        for net in compiled.nets.values():
            compile_net(net, "cuda")
        one, two = (walk(m, device_step(m.step, m.players.values(), "cuda"), name) for m in (plain, compiled))
        for a, b in zip(one, two, strict=True):
            assert b == pytest.approx(a, rel=1e-3, abs=1e-3)


def test_a_run_on_the_card_stops_resumes_and_translates_as_on_the_processor(tmp_path: Path, world: Path):
    options = dict(preset="quickstart", size=16, device="cuda", precision="fp32", seed=3, set=TINY, quiet=True)
    whole = train(world, out=tmp_path / "whole", steps=24, save_every=12, **options)
    train(world, out=tmp_path / "parts", steps=24, save_every=6, max_time=0.001, **options)
    parts = train(world, out=tmp_path / "parts", steps=24, save_every=6, **options)
    assert whole.step == parts.step == 24
    one, two = (viceversa.load(r.run, device="cuda", precision="fp32") for r in (whole, parts))
    other = viceversa.load(whole.run, device="cpu")
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (19, 23, 3), dtype=np.uint8))
    seen = [np.asarray(t.translate(picture, "B")).astype(int) for t in (one, two, other)]
    assert seen[0].shape == (19, 23, 3)
    assert abs(seen[0] - seen[2]).max() <= 1
    assert abs(seen[0] - seen[1]).max() <= 3


def test_a_head_start_moves_no_generator_and_then_all_learn(tmp_path: Path, world: Path):
    few = dict(steps=20, save_every=1, set=[*TINY, "method.d_warmup_steps=3", "train.keep=20"])
    out = train(world, out=tmp_path / "run", preset="details", size=16, device="cuda", quiet=True, **few).run
    states = [load_file(out / f"checkpoints/step-{step}/G.safetensors") for step in (1, 3, 4, 20)]
    still = [all(torch.equal(x, states[0][k]) for k, x in state.items()) for state in states]
    assert still == [True, True, False, False]
    assert all(x.isfinite().all() for x in states[-1].values())


def test_a_sick_run_is_treated_and_recorded_anew(blobs, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("viceversa.health.monitor.SHARE", 1e9)
    out = tmp_path / "run"
    assert run(blobs, out, *SICK, steps=300, on_symptom="treat", device="cuda").finished
    assert RunFolder(out).treatments()


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")  # the compiler's own
def test_a_compiled_translation_is_the_plain_one(tmp_path: Path, world: Path):
    """Pictures of two sizes, fewer than are computed at once."""
    done = train(world, out=tmp_path / "run", preset="cyclegan", size=16, device="cuda", steps=3, quiet=True, set=TINY)
    dice = np.random.default_rng(0)
    sizes = [(24, 32), (24, 32), (20, 20), (24, 32)]
    pictures = [images.Picture(pixels=dice.uniform(-1, 1, (3, *size)).astype(np.float32)) for size in sizes]
    one, two = (viceversa.load(done.run, device="cuda", precision="fp32", compile=c) for c in (False, True))
    for a, b in zip(one.pictures(pictures, "B"), two.pictures(pictures, "B"), strict=True):
        assert a.pixels.shape == b.pixels.shape
        assert np.abs(a.pixels - b.pixels).max() < 1e-3


def test_the_largest_batch_is_the_one_before_what_does_not_fit():
    whole = torch.cuda.get_device_properties(0).total_memory

    def step(batch: int) -> None:
        torch.empty(batch * whole // 6, dtype=torch.uint8, device="cuda")

    assert largest_on_gpu(step, 1) == 4
    assert largest_on_gpu(step, 8) == 8
