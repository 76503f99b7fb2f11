"""CycleGAN against the one-page reference, and its own promises."""

import dataclasses
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from viceversa.methods.cyclegan import CycleGAN, CycleGANConfig
from viceversa.networks.translation import TranslationModule
from viceversa.runs.presets import preset

ONE_PAGE = Path(__file__).parents[2] / "examples" / "cyclegan_one_page.py"
SMALL = CycleGANConfig(width=4, blocks=1, d_width=4, d_layers=1, pool=3)


def pictures(seed: int, size: int = 32, channels: tuple[int, int] = (3, 3)) -> list[Tensor]:
    g = torch.Generator().manual_seed(seed)
    return [torch.rand(1, c, size, size, generator=g) * 2 - 1 for c in channels]


def test_forward_and_first_losses_equal_the_one_page_reference() -> None:
    page = SimpleNamespace(**runpy.run_path(str(ONE_PAGE)))
    config = preset("cyclegan").method
    assert config == CycleGANConfig()  # the preset is the dataclass's defaults: the paper
    torch.manual_seed(0)
    ours, theirs = CycleGAN(config), page.CycleGAN()
    for name in ("G", "F", "D_A", "D_B"):
        getattr(theirs, name).load_state_dict(ours.nets[name].model.state_dict())
    a, b = pictures(0, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours.nets["G"](a), theirs.G(a), rtol=0, atol=1e-5)
        torch.testing.assert_close(ours.nets["D_B"](b), theirs.D_B(b), rtol=0, atol=1e-5)
    mine, other = ours.step(a, b), theirs.step(a, b)
    assert told(mine, other) == pytest.approx(other, rel=1e-5, abs=1e-5)


def told(mine: dict[str, Tensor], other: dict[str, float]) -> dict[str, float]:
    return {name: value.item() for name, value in mine.items() if name in other}


@pytest.mark.long
def test_first_three_losses_equal_the_one_page_reference() -> None:
    """In float64: in float32 the order of a sum, which differs by processor, is enlarged by Adam's first steps."""
    page = SimpleNamespace(**runpy.run_path(str(ONE_PAGE)))
    torch.manual_seed(0)
    ours, theirs = CycleGAN(preset("cyclegan").method).double(), page.CycleGAN()
    for name in ("G", "F", "D_A", "D_B"):
        getattr(theirs, name).double().load_state_dict(ours.nets[name].model.state_dict())
    for i in range(3):
        a, b = (x.double() for x in pictures(i, 32))
        mine, other = ours.step(a, b), theirs.step(a, b)
        assert told(mine, other) == pytest.approx(other, rel=1e-9)


@pytest.mark.parametrize("lambda_idt", [0.0, 5.0])
def test_downsampled_cycle_uses_pixel_means(lambda_idt: float) -> None:
    """|F(G(a) shrunk) - a shrunk|, pixel by pixel; the other terms see the whole picture."""
    torch.manual_seed(0)
    method = CycleGAN(dataclasses.replace(SMALL, cycle_downsampling=2, lambda_idt=lambda_idt))
    G, F, _, D_B = method.nets.values()
    a, _ = pictures(0)

    def means(x: Tensor) -> Tensor:
        return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4

    with torch.no_grad():
        fake, (gan, cyc, idt) = method.terms(a, G, F, D_B, method.view_b)
        torch.testing.assert_close(fake, G(a))
        torch.testing.assert_close(gan, (D_B(fake) - 1).square().mean())
        torch.testing.assert_close(cyc, (F(means(fake)) - means(a)).abs().mean())
        assert idt == ((F(a) - a).abs().mean() if lambda_idt else 0)


def test_turn_changes_its_own_networks_only() -> None:
    method = CycleGAN(SMALL)
    moved = {}
    step = method.generators.step
    before = {k: v.clone() for k, v in method.nets.state_dict().items()}

    def spy() -> None:
        step()
        moved.update({k.split(".")[0] for k, v in method.nets.state_dict().items() if not torch.equal(v, before[k])})

    moved = set()  # type: ignore[assignment]
    method.generators.step = spy  # type: ignore[method-assign]
    method.step(*pictures(0))
    assert moved == {"G", "F"}
    changed = {k.split(".")[0] for k, v in method.nets.state_dict().items() if not torch.equal(v, before[k])}
    assert changed == {"G", "F", "D_A", "D_B"}


def test_warmup_trains_discriminators_only() -> None:
    """Told are the losses of the identity in the generators' place, before the step."""
    method = CycleGAN(dataclasses.replace(SMALL, ema=0.9))
    _, _, D_A, D_B = method.nets.values()
    a, b = pictures(0)
    with torch.no_grad():
        on_a, on_b = ([D(x) for x in (a, b)] for D in (D_A, D_B))
    before = {k: v.clone() for k, v in method.state_dict().items()}
    told = method.warmup_step(a, b)
    torch.testing.assert_close(told["D_A"], ((on_a[0] - 1).square().mean() + on_a[1].square().mean()) / 2)
    torch.testing.assert_close(told["D_B"], ((on_b[1] - 1).square().mean() + on_b[0].square().mean()) / 2)
    torch.testing.assert_close(told["gan"], (on_b[0] - 1).square().mean() + (on_a[1] - 1).square().mean())
    assert told["cyc"] == told["idt"] == 0 and told.keys() == method.step(a, b).keys()
    method.load_state_dict(before)
    for _ in range(20):
        last = method.warmup_step(a, b)
    changed = {".".join(k.split(".")[:2]) for k, v in method.state_dict().items() if not torch.equal(v, before[k])}
    assert changed == {"nets.D_A", "nets.D_B"}
    assert last["D_A"] < told["D_A"] and last["D_B"] < told["D_B"]


def test_image_logit_weight_enters_both_losses() -> None:
    """What G and D minimise is less by half of the patches' variance, for the same networks and pictures."""
    a, b = pictures(0)
    gan, D_B = [], []
    for share in (0.0, 0.5):
        torch.manual_seed(0)
        method = CycleGAN(dataclasses.replace(SMALL, image_logit_weight=share))
        G, F, _, D = method.nets.values()
        with torch.no_grad():
            fake_b, (L_gan, *_) = method.terms(a, G, F, D, method.view_b)
            of_fake, of_real = (D(x).var(correction=0) for x in (fake_b, b))
        gan.append(L_gan)
        D_B.append(method.discriminator_turn(a, b, b, fake_b)["D_B"].detach())
    torch.testing.assert_close(gan[1], gan[0] - of_fake / 2)
    torch.testing.assert_close(D_B[1], D_B[0] - (of_fake + of_real) / 4)


def test_same_seed_same_bits() -> None:
    states = []
    for _ in range(2):
        torch.manual_seed(3)
        method = CycleGAN(dataclasses.replace(SMALL, ema=0.9))
        for i in range(6):
            method.step(*pictures(i))
        states.append(method.state_dict())
    assert all(torch.equal(x, y) for x, y in zip(states[0].values(), states[1].values(), strict=True))


def test_zero_identity_weight_skips_its_passes() -> None:
    calls = {}
    for weight in (5.0, 0.0):
        method, count = CycleGAN(dataclasses.replace(SMALL, lambda_idt=weight)), []
        for name in ("G", "F"):
            method.nets[name].register_forward_hook(lambda *_, count=count: count.append(1))
        method.step(*pictures(0))
        calls[weight] = len(count)
    assert calls == {5.0: 6, 0.0: 4}


def test_unequal_channels_exclude_the_identity_loss() -> None:
    with pytest.raises(ValueError, match=r"channels.*lambda_idt=0"):
        dataclasses.replace(SMALL, channels_a=1)
    method = CycleGAN(dataclasses.replace(SMALL, channels_a=1, lambda_idt=0.0))
    a, b = pictures(0, channels=(1, 3))
    assert all(v.isfinite() for v in method.step(a, b).values())
    seen = method.preview(a, b)
    assert seen["fake_b"].shape == b.shape and seen["cycle_a"].shape == a.shape


@pytest.mark.parametrize("loss", ["lsgan", "nonsaturating", "minimax"])
def test_every_loss_pair_trains(loss: str) -> None:
    method = CycleGAN(dataclasses.replace(SMALL, loss=loss))
    first = {k: v.item() for k, v in method.step(*pictures(0)).items()}
    for _ in range(30):
        last = {k: v.item() for k, v in method.step(*pictures(0)).items()}
    assert last["cyc"] < first["cyc"]


def test_bfloat16_losses_are_close_to_float32() -> None:
    losses = {}
    for precision in ("fp32", "bf16"):
        torch.manual_seed(0)
        method = CycleGAN(SMALL, precision=precision)
        losses[precision] = [v.item() for v in method.step(*pictures(0)).values()]
        assert all(p.dtype == torch.float32 for p in method.parameters())
    assert losses["bf16"] == pytest.approx(losses["fp32"], rel=0.03)
    assert losses["bf16"] != losses["fp32"]


def test_ema_follows_the_weights() -> None:
    method = CycleGAN(dataclasses.replace(SMALL, ema=0.5))
    average = dict(method.average.nets.items())["G"]
    mean = [p.clone() for p in average.parameters()]
    for t in range(1, 4):
        method.step(*pictures(t))
        weight = 1 - min(0.5, (1 + t) / (10 + t))
        mean = [m + weight * (p - m) for m, p in zip(mean, method.nets["G"].parameters(), strict=True)]
    for m, p in zip(mean, average.parameters(), strict=True):
        torch.testing.assert_close(m, p.detach())
    assert CycleGAN(SMALL).average.nets["G"] is not None
    assert not [k for k in CycleGAN(SMALL).state_dict() if k.startswith("average.nets")]


def test_preview_translates_as_the_translator_does() -> None:
    """Sheets show what files will be: the same padding, clamped, by the averaged generators."""
    method = CycleGAN(SMALL)
    a, b = pictures(0)
    method.step(a, b)
    seen = method.preview(a, b)
    G, F = (TranslationModule(net).eval() for net in method.average.nets.values())
    with torch.no_grad():
        assert torch.equal(seen["fake_b"], G(a)) and torch.equal(seen["cycle_b"], G(F(b)))
        assert not torch.equal(seen["fake_b"], G.generator(a).clamp(-1, 1))
