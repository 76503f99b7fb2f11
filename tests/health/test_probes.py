"""Probes: they see what is there, and nothing of the method changes by being looked at."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from viceversa.health.history import HistoryContext
from viceversa.health.noise_probe import NoiseProbe
from viceversa.health.principal_components import PrincipalComponents
from viceversa.health.symptoms import examine
from viceversa.health.translation_probe import TranslationProbe
from viceversa.methods.cyclegan import CycleGAN, CycleGANConfig
from viceversa.methods.gan import GAN, GANConfig
from viceversa.methods.pix2pix import Pix2Pix, Pix2PixConfig
from viceversa.methods.wgan import WGAN, WGANConfig
from viceversa.networks.translation import MARGIN


def pictures(count: int, channels: int = 1, size: int = 16, seed: int = 0) -> Tensor:
    """Soft blobs of four kinds, by the quarter they sit in."""
    rng = torch.Generator().manual_seed(seed)
    x = 0.1 * torch.randn(count, channels, size, size, generator=rng) - 0.8
    for i in range(count):
        top, left = size // 2 * (i % 2), size // 2 * (i // 2 % 2)
        x[i, :, top : top + size // 2, left : left + size // 2] += 1
    return x.clamp(-1, 1)


class Fixed(nn.Module):
    """A generator that answers with given pictures."""

    def __init__(self, answer: Tensor) -> None:
        super().__init__()
        self.answer = nn.Parameter(answer)

    def forward(self, z: Tensor) -> Tensor:
        return self.answer[torch.arange(len(z)) % len(self.answer)]


def signals(answer: Tensor) -> dict:
    """What the noise probe says of a generator that makes these pictures."""
    torch.manual_seed(0)
    method = GAN(GANConfig(channels=1, width=4, d_width=4, latent=3), size=16)
    method.nets["G"] = Fixed(answer)
    return NoiseProbe(pictures(400), 3).measure(method).signals


def test_perfect_generator_scores_like_real_images():
    found = signals(pictures(256, seed=9))
    assert found["diversity"] == pytest.approx(1, abs=0.02)
    assert found["coverage"] == pytest.approx(found["coverage_floor"], abs=0.12)
    assert found["lost"] < 0.06 and found["distance"] < 3 * found["distance_floor"]


def test_single_output_is_a_collapse():
    found = signals(pictures(1))
    assert found["diversity"] < 1e-3 and found["coverage"] < 0.05 and found["lost"] > 0.7


def test_missing_cluster_is_measured_as_lost():
    x = pictures(256, seed=9)
    found = signals(x[torch.arange(256) % 4 != 3])
    assert found["lost"] == pytest.approx(0.25, abs=0.08)
    assert found["diversity"] > 0.85


@pytest.mark.parametrize("kind", ["gan", "wgan", "cyclegan", "pix2pix"])
def test_probe_changes_nothing(kind):
    torch.manual_seed(0)
    small = dict(width=4, d_width=4)
    method = {
        "gan": lambda: GAN(GANConfig(channels=1, latent=3, d_dropout=0.3, d_norm="spectral", **small), size=16),
        "wgan": lambda: WGAN(WGANConfig(channels=1, latent=3, lipschitz="clipping", **small), size=16),
        "cyclegan": lambda: CycleGAN(CycleGANConfig(blocks=1, d_layers=1, **small)),
        "pix2pix": lambda: Pix2Pix(Pix2PixConfig(d_layers=1, noise=True, **small), size=16),
    }[kind]()
    if kind in ("gan", "wgan"):
        probe = NoiseProbe(pictures(90), 3, held=pictures(20, seed=2))
    else:
        directions = {"cyclegan": CycleGANConfig, "pix2pix": Pix2PixConfig}[kind].directions
        probe = TranslationProbe(pictures(6, 3), pictures(6, 3, seed=1), directions)
    state = {k: v.clone() for k, v in method.state_dict().items()}
    modes = [m.training for m in method.modules()]
    frozen = [p.requires_grad for p in method.parameters()]
    rng = torch.get_rng_state()
    first, second = probe.measure(method), probe.measure(method)
    assert first.signals == second.signals or kind == "pix2pix"  # whose dropout is its noise
    assert all(torch.equal(v, state[k]) for k, v in method.state_dict().items())
    assert modes == [m.training for m in method.modules()]
    assert frozen == [p.requires_grad for p in method.parameters()]
    assert torch.equal(rng, torch.get_rng_state()) or kind == "pix2pix"


class Nets:
    """A translator made of plain functions."""

    def __init__(self, there, back) -> None:
        class Function(nn.Module):
            def __init__(self, f) -> None:
                super().__init__()
                self.f, self.p = f, nn.Parameter(torch.zeros(()))

            def forward(self, x: Tensor) -> Tensor:
                return self.f(x)

        self.nets = nn.ModuleDict({"G": Function(there), "F": Function(back)})


def look(there, back=lambda x: x) -> dict[str, float]:
    """Signals a -> b of a translator, on smooth coloured pictures."""
    rng = torch.Generator().manual_seed(0)
    a, b = (
        nn.functional.interpolate(torch.rand(16, 3, 4, 4, generator=rng) * 1.6 - 0.8, size=32, mode="bilinear")
        for _ in "ab"
    )
    return TranslationProbe(a, b, CycleGANConfig.directions).measure(Nets(there, back)).signals


def test_good_translator_has_normal_signals():
    found = look(lambda x: (x + 0.3).clamp(-1, 1), lambda x: x - 0.3)
    assert found["retrieval_ab"] == 1 and found["luminance_ab"] > 0.95 and found["diversity_ab"] > 0.8
    assert found["gain_ab"] == pytest.approx(1, abs=0.1) and found["checkerboard_ab"] < 2
    assert found["change_ab"] > 0.2


def test_signals_of_a_translator_that_ignores_its_input():
    found = look(lambda x: x[:1].expand_as(x))
    assert found["diversity_ab"] == 0 and found["retrieval_ab"] <= 1 / 16


def test_signals_of_the_identity():
    found = look(lambda x: x)
    assert found["change_ab"] == found["most_change_ab"] == 0
    assert found["distance_ab"] == pytest.approx(found["distance_source_ab"])


def test_regional_change_is_measured():
    """A brighter square of an eighth of the side: little of the picture, much of the place."""

    def mark(x: Tensor) -> Tensor:
        y = x.clone()
        y[..., MARGIN + 12 : MARGIN + 16, MARGIN + 8 : MARGIN + 12] += 0.2
        return y

    found = look(mark)
    assert found["most_change_ab"] == pytest.approx(64 * found["change_ab"])
    assert 0.2 < found["most_change_ab"] < 1 and found["change_ab"] < 0.02


def test_inverted_colours_have_negative_luminance_correlation():
    assert look(lambda x: -x)["luminance_ab"] < -0.99


def test_checkerboard_is_measured():
    places = torch.arange(32 + 2 * MARGIN)
    board = 0.3 * (-1.0) ** (places[:, None] + places)
    assert look(lambda x: (x + board).clamp(-1, 1))["checkerboard_ab"] > 10 * look(lambda x: x)["checkerboard_ab"]


def test_hidden_information_amplifies_noise():
    """G keeps its input at a fiftieth of its strength over grey; F turns that up: a perfect cycle, no translation."""
    found = look(lambda x: x / 50, lambda x: x * 50)
    assert found["cycle_ab"] < 1e-4
    assert found["gain_ab"] > 10 and found["noisy_cycle_ab"] > 0.2


def test_principal_components_separate_clusters():
    x = pictures(200)
    space = PrincipalComponents(x)
    mapped = space.project(x)
    assert mapped.shape == (200, 32) and mapped.dtype == np.float32
    assert np.abs(mapped.mean(0)).max() < 1e-5
    kinds = np.arange(200) % 4
    centres = np.stack([mapped[kinds == k].mean(0) for k in range(4)])
    nearest = np.linalg.norm(mapped[:, None] - centres, axis=2).argmin(1)
    assert (nearest == kinds).all()


@pytest.mark.parametrize("count", [30, 100, 300])
@pytest.mark.parametrize("answer", ["mean", "median", "nearest", "grey"])
def test_one_image_whatever_the_noise_is_a_collapse_even_near_many_real_ones(count, answer):
    """Where real images are few or alike, one image near their mean lies among the neighbours of many of them."""
    rng = torch.Generator().manual_seed(0)
    real = torch.nn.functional.interpolate(torch.rand(count, 3, 4, 4, generator=rng) * 2 - 1, size=16, mode="bilinear")
    mean = real.mean(0)
    image = {
        "mean": mean,
        "median": real.median(0).values,
        "nearest": real[(real - mean).flatten(1).norm(dim=1).argmin()],
        "grey": torch.zeros_like(mean),
    }[answer]

    torch.manual_seed(0)
    method = GAN(GANConfig(channels=3, width=4, d_width=4, latent=3), size=16)
    method.nets["G"] = Fixed(image[None])
    found = NoiseProbe(real, 3).measure(method).signals
    assert found["diversity"] < 1e-3
    lines = [{"step": 100 * i, "D": 1.1, "G": 0.9, "auc": 0.8, **found} for i in range(1, 11)]
    verdicts = examine(lines, HistoryContext.of(GANConfig(), ("blobs",), 1000))
    assert ("collapse", "alarm") in [(v.symptom, v.level) for v in verdicts]
