"""CycleGAN with method.norm=renorm: what is tracked, saved, averaged and resumed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from support.tiny import TINY, TINY_OPTIONS, tiny_words
from viceversa.methods.cyclegan import CycleGAN, CycleGANConfig
from viceversa.methods.protocol import share_setter
from viceversa.networks.norms import Renorm, renorm_layers
from viceversa.training.train import train
from viceversa.training.trainer import Trainer
from viceversa.translation.translator import load

RENORM = dict(width=4, blocks=1, d_width=4, d_layers=1, pool=3, norm="renorm")


def batch(count: int = 2) -> list[torch.Tensor]:
    torch.manual_seed(1)
    return [torch.rand(count, 3, 16, 16) * 2 - 1 for _ in range(2)]


def method(**changes) -> CycleGAN:
    torch.manual_seed(0)
    return CycleGAN(CycleGANConfig(**RENORM | changes))


def test_instance_norm_has_no_layers_to_update() -> None:
    assert not method(norm="instance").renorm_layers


def test_painting_takes_no_norm() -> None:
    with pytest.raises(ValueError, match=r"method.norm=renorm is for method.generator=resnet"):
        CycleGANConfig(norm="renorm", generator="painting")


def test_running_statistics_are_those_of_the_domain_that_a_generator_translates() -> None:
    """Not of cycles and identities, which go through the same layers."""
    G = method()
    a, b = batch()
    first = G.nets["G"].model[:2]  # up to the first norm
    with torch.no_grad():
        variance, mean = torch.var_mean(first(a), (2, 3), correction=0)
    G.step(a, b)
    norm = G.nets["G"].model[2]
    torch.testing.assert_close(norm.running_mean, mean.mean(0))
    torch.testing.assert_close(norm.running_var, variance.mean(0))


def test_recomputed_activations_track_nothing_and_change_no_bit() -> None:
    plain, recomputing = method(), method(recompute=True)
    for net in (plain, recomputing):
        share_setter(net)(0.8)
        net.step(*batch())
        net.step(*batch())
    state = plain.state_dict()
    assert all(torch.equal(tensor, state[key]) for key, tensor in recomputing.state_dict().items())


def test_micro_batches_track_the_same_statistics() -> None:
    whole, divided = method(), method(micro_batches=2)
    for net in (whole, divided):
        net.step(*batch())
    for mine, theirs in zip(renorm_layers(whole), renorm_layers(divided), strict=True):
        torch.testing.assert_close(mine.running_mean, theirs.running_mean, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(mine.running_var, theirs.running_var, rtol=1e-4, atol=1e-5)


def test_averaged_generators_hold_the_running_statistics() -> None:
    G = method(ema=0.9)
    G.step(*batch())
    pairs = zip(renorm_layers(G.nets["G"]), renorm_layers(G.average.nets["G"]), strict=True)
    for own, averaged in pairs:
        assert torch.equal(own.running_mean, averaged.running_mean) and own.updates == averaged.updates == 1


def test_preview_is_local_and_leaves_the_mode() -> None:
    """With its running statistics a pixel does not see what lies further than the field of one block."""
    net = method()
    net.step(*batch())
    a = torch.rand(1, 3, 48, 40) * 2 - 1
    other = a.clone()
    other[..., 40:, :] = 1
    first, second = (net.preview(x, a)["fake_b"][..., :8, :] for x in (a, other))
    assert torch.equal(first, second)
    assert all(layer.training for layer in renorm_layers(net))


def test_each_step_knows_the_share_of_the_run_that_is_over(monkeypatch, world: Path, tmp_path: Path) -> None:
    shares: list[float] = []
    monkeypatch.setattr(CycleGAN, "set_share", lambda self, share: shares.append(share))
    options = TINY_OPTIONS | dict(steps=4, set=(*TINY, "train.samples=0", "train.probes=0"))
    train(world, out=tmp_path / "run", quiet=True, **options)
    assert shares == [0, 0.25, 0.5, 0.75]


@pytest.mark.long
def test_a_resumed_run_has_the_same_bits_and_translates(monkeypatch, world: Path, tmp_path: Path) -> None:
    """Killed before and within the last 30 %, in which running statistics take over."""
    words = (*TINY, "method.generator=resnet", "method.norm=renorm")

    def run(name: str) -> Path:
        return train(
            world, out=tmp_path / name, steps=12, save_every=1, quiet=True, **TINY_OPTIONS | dict(set=words)
        ).run

    def killed(name: str, step: int) -> None:
        real = Trainer.advance

        def advance(self, batch):
            if self.step == step:
                raise KeyboardInterrupt
            real(self, batch)

        with monkeypatch.context() as patch:
            patch.setattr(Trainer, "advance", advance)
            with pytest.raises(KeyboardInterrupt):
                run(name)

    whole = run("whole") / "checkpoints" / "step-12"
    for step in (5, 9, 11):
        killed("broken", step)
    resumed = run("broken") / "checkpoints" / "step-12"
    for file in sorted(whole.iterdir()):
        assert file.read_bytes() == (resumed / file.name).read_bytes(), file.name

    state = load_file(whole / "G_average.safetensors")
    assert state["model.2.updates"] == 12
    translator = load(tmp_path / "whole", device="cpu")
    assert isinstance(translator.generators["B"].model[2], Renorm)


@pytest.mark.long
def test_two_ranks_track_the_statistics_of_one(world: Path, tmp_path: Path) -> None:
    words = ["train", str(world), "--preset", "cyclegan", "--steps", "1", "--out"]
    settings = tiny_words("--set", "method.norm=renorm", "--set", "method.winograd=false")
    launchers = {"one": [], "two": ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]}
    found = []
    for name, launcher in launchers.items():
        command = [sys.executable, *launcher, "-m", "viceversa", *words, str(tmp_path / name), *settings]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
        assert done.returncode == 0, done.stderr
        found.append(load_file(tmp_path / name / "checkpoints" / "step-1" / "G.safetensors"))
    one, two = found
    assert one["model.2.updates"] == two["model.2.updates"] == 1
    for key in (key for key in one if "running" in key):
        torch.testing.assert_close(two[key], one[key], rtol=1e-4, atol=1e-5)
