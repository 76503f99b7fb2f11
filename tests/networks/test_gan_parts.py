"""DCGAN, U-Net, the Wasserstein losses and the optimal discriminator."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.stats import norm
from torch import Tensor, nn

from viceversa.losses.adversarial import ADVERSARIAL
from viceversa.losses.wasserstein import clip_weights, gradient_penalty
from viceversa.metrics.wasserstein import gaussian_distance
from viceversa.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from viceversa.networks.layers import count_parameters
from viceversa.networks.mlp import MLP
from viceversa.networks.norms import NORMS
from viceversa.networks.unet import UNetGenerator, halvings

# --- DCGAN


@pytest.mark.parametrize("upsampling", ["transposed", "bilinear"])
@pytest.mark.parametrize("kernel", [3, 4, 5])
@pytest.mark.parametrize("size", [8, 12, 20, 28, 32, 64])
def test_dcgan_draws_and_judges_every_size(size: int, kernel: int, upsampling: str) -> None:
    G = DCGANGenerator(latent=7, channels=3, size=size, width=2, upsampling=upsampling, kernel=kernel)
    D = DCGANDiscriminator(3, size, width=2, kernel=kernel, dropout=0.3)
    images = G(torch.randn(4, 7))
    assert images.shape == (4, 3, size, size) and images.abs().max() <= 1
    logits = D(images)
    assert logits.shape == (4, 1)
    logits.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for net in (G, D) for p in net.parameters())


def test_dcgan_has_the_maps_of_the_paper_and_of_the_report() -> None:
    G = DCGANGenerator(channels=3, size=64, width=128)
    shapes = [part.weight.shape[:2] for part in G.model if isinstance(part, nn.ConvTranspose2d)]
    assert shapes == [(1024, 512), (512, 256), (256, 128), (128, 3)] and G.model[0].out_features == 4 * 4 * 1024
    D = DCGANDiscriminator()
    assert [part.out_channels for part in D.body if isinstance(part, nn.Conv2d)] == [64, 128, 256]
    convs = sum(25 * a * b + b for a, b in ((1, 64), (64, 128), (128, 256)))
    assert count_parameters(D) == convs + 2 * (128 + 256) + (4 * 4 * 256 + 1)


def test_dcgan_deepens_where_the_map_is_small() -> None:
    plain, deep = DCGANGenerator(width=8), DCGANGenerator(width=8, depth=2)
    assert count_parameters(deep) - count_parameters(plain) == 2 * (16 * 16 * 9 + 16 + 2 * 16)
    images = deep(torch.randn(4, 100))
    assert images.shape == (4, 1, 28, 28)
    images.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in deep.parameters())


@pytest.mark.parametrize("kind", NORMS)
def test_dcgan_norms(kind: str) -> None:
    G, D = DCGANGenerator(latent=5, width=2, norm=kind), DCGANDiscriminator(width=2, norm=kind)
    x = G(torch.randn(3, 5))
    alone = torch.cat([D(one[None]) for one in x])
    assert torch.allclose(D(x), alone, atol=1e-5) == (kind != "batch")  # only batch norm mixes the samples


@pytest.mark.parametrize("size", [4, 30])
def test_dcgan_refuses_sizes_it_cannot_draw(size: int) -> None:
    for kind in (DCGANGenerator, DCGANDiscriminator):
        with pytest.raises(ValueError, match=f"not {size} px"):
            kind(size=size)


def test_dcgan_starts_from_normal_002() -> None:
    torch.manual_seed(0)
    G = DCGANGenerator()
    weights = torch.cat([p.flatten() for n, p in G.named_parameters() if p.dim() > 1])
    assert abs(weights.std() - 0.02) < 1e-4
    assert abs(G.model[2].weight.mean() - 1) < 0.01 and not G.model[0].bias.any()


# --- U-Net


@pytest.mark.parametrize(
    ("channels", "size", "count"), [(3, 256, 54_413_955), (1, 256, 54_407_809), (3, 128, 41_828_995)]
)
def test_unet_has_the_published_size(channels: int, size: int, count: int) -> None:
    with torch.device("meta"):
        assert count_parameters(UNetGenerator(channels, channels, size)) == count


@pytest.mark.parametrize("kind", ["batch", "instance"])
@pytest.mark.parametrize("size", [4, 8, 64, 96])
def test_unet_keeps_size_and_range(size: int, kind: str) -> None:
    net = UNetGenerator(2, 3, size, width=2, norm=kind)
    y = net(torch.randn(1, 2, size, size))  # batch 1, as in the paper
    assert y.shape == (1, 3, size, size) and y.abs().max() <= 1
    y.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def test_unet_levels() -> None:
    assert [halvings(n) for n in (512, 256, 64, 96, 7)] == [8, 8, 6, 5, 0]
    net = UNetGenerator(size=256, width=2)
    assert [getattr(level[-1], "p", 0) for level in net.up] == [0.5] * 3 + [0] * 4
    with pytest.raises(ValueError, match="multiple of 4"):
        UNetGenerator(size=30)


def test_detail_takes_the_short_way() -> None:
    """With the bottleneck cut off the output still follows the input, pixel by pixel; the levels' maps carry it."""
    torch.manual_seed(0)
    net = UNetGenerator(1, 1, 32, width=4, dropout=0).eval()
    net.up[0].register_forward_hook(lambda module, inputs, out: torch.zeros_like(out))
    x = torch.randn(1, 1, 32, 32, requires_grad=True)
    (seen,) = torch.autograd.grad(net(x)[0, 0, 16, 16], x)
    assert seen[0, 0, 14:20, 14:20].abs().max() > 0
    for level in net.up:  # cut every level: what is left of the path is the map of the first one
        level.register_forward_hook(lambda module, inputs, out: torch.zeros_like(out))
    (seen,) = torch.autograd.grad(net(x)[0, 0, 16, 16], x)
    rows, columns = seen[0, 0].nonzero(as_tuple=True)
    assert rows.max() - rows.min() < 6 and columns.max() - columns.min() < 6 and len(rows)


def test_noise_of_a_unet_is_its_dropout() -> None:
    x = torch.randn(1, 3, 16, 16)
    net = UNetGenerator(size=16, width=2).eval()
    assert torch.equal(net(x), net(x))
    noisy = UNetGenerator(size=16, width=2, noise=True).eval()
    assert not torch.equal(noisy(x), noisy(x))


# --- The optimal discriminator of two Gaussians; a mean over quantiles is the quadrature of an expectation

P, Q = norm(0, 1), norm(1.5, 0.7)
LEVELS = (np.arange(200_000) + 0.5) / 200_000
REAL, FAKE = P.ppf(LEVELS), Q.ppf(LEVELS)


def best(x: np.ndarray) -> Tensor:
    """Logits of D* = p / (p + q), Goodfellow et al. 2014, Prop. 1."""
    return torch.tensor(P.logpdf(x) - Q.logpdf(x))


def divergence() -> float:
    """JSD(p, q) in nats by the trapezoidal rule."""
    x = np.linspace(-9, 9, 20_001)
    p, q = P.pdf(x), Q.pdf(x)
    m = (p + q) / 2
    return float(np.trapezoid(p * np.log(p / m) + q * np.log(q / m), x) / 2)


def test_value_at_the_best_discriminator() -> None:
    """V(D*) = -log 4 + 2 JSD(p, q), Theorem 1; -log 4 where p = q and D = 1/2."""
    value = -ADVERSARIAL["minimax"].d_loss(best(REAL), best(FAKE)).item()
    assert value == pytest.approx(-math.log(4) + 2 * divergence(), abs=1e-4)
    assert value > -math.log(4) + 0.5
    half = torch.zeros(10)
    assert -ADVERSARIAL["minimax"].d_loss(half, half).item() == pytest.approx(-math.log(4))


@pytest.mark.parametrize("direction", [np.ones_like, np.sin, np.tanh, lambda x: np.exp(-(x**2)), lambda x: x])
def test_no_direction_improves_the_best_discriminator(direction: Callable[[np.ndarray], np.ndarray]) -> None:
    t = torch.zeros((), dtype=torch.double, requires_grad=True)
    real, fake = (best(x) + t * torch.tensor(direction(x)) for x in (REAL, FAKE))
    (slope,) = torch.autograd.grad(ADVERSARIAL["minimax"].d_loss(real, fake), t, create_graph=True)
    (bend,) = torch.autograd.grad(slope, t)
    assert abs(slope.item()) < 1e-4 and bend > 0.01  # a true minimum


def test_a_discriminator_learns_p_over_p_plus_q() -> None:
    torch.manual_seed(0)
    D = MLP(1, 1, width=32, depth=2, activation="tanh", init="glorot_normal")
    optimizer = torch.optim.Adam(D.parameters(), 0.01)
    real, fake = (torch.tensor(x[::200], dtype=torch.float32)[:, None] for x in (REAL, FAKE))
    for _ in range(400):
        loss = ADVERSARIAL["nonsaturating"].d_loss(D(real), D(fake))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    x = np.linspace(-2, 3, 50)
    found = D(torch.tensor(x, dtype=torch.float32)[:, None]).sigmoid()[:, 0].detach().double()
    torch.testing.assert_close(found, best(x).sigmoid(), rtol=0, atol=0.03)


def test_the_minimax_generator_learns_nothing_from_a_sure_discriminator() -> None:
    """Far fakes at D*: the gradient on the fake vanishes with D(fake), that of -log D does not (sec. 3)."""
    x = torch.tensor([4.0], dtype=torch.double, requires_grad=True)  # p = N(0, 1) real, q = N(4, 1) fake: D* = -4 x + 8
    slopes = {
        n: torch.autograd.grad(ADVERSARIAL[n].g_loss(8 - 4 * x), x)[0].item() for n in ("minimax", "nonsaturating")
    }
    D = 1 / (1 + math.exp(8))
    assert slopes["minimax"] == pytest.approx(4 * D) and slopes["nonsaturating"] == pytest.approx(4 * (1 - D))


# --- Wasserstein


def test_wasserstein_losses_by_hand() -> None:
    d_loss, g_loss = ADVERSARIAL["wasserstein"]
    real, fake = torch.tensor([3.0, 5.0]), torch.tensor([-1.0, 2.0])
    assert d_loss(real, fake) == 0.5 - 4 and g_loss(fake) == -0.5


@pytest.mark.parametrize("shape", [(3,), (2, 4, 4)])
def test_gradient_penalty_of_a_linear_critic(shape: tuple[int, ...]) -> None:
    """D(x) = w . x + b has the gradient w everywhere: (|w| - 1)^2, and 2 (|w| - 1) w / |w| its own gradient."""
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Flatten(), nn.Linear(math.prod(shape), 1)).double()
    w = critic[1].weight
    real, fake = torch.randn(2, 8, *shape, dtype=torch.double)
    penalty = gradient_penalty(critic, real, fake, torch.rand(8))
    size = w.norm().item()
    assert penalty.item() == pytest.approx((size - 1) ** 2)
    penalty.backward()
    torch.testing.assert_close(w.grad, 2 * (size - 1) * w.detach() / size)


def test_gradient_penalty_looks_between_real_and_fake() -> None:
    """D(x) = x^2 / 2 has slope x: at draws 1, 0, 1/4 that is real, fake, and a quarter of the way from fake to real."""
    real, fake = torch.full((3, 1), 3.0), torch.full((3, 1), -1.0)
    penalty = gradient_penalty(lambda x: x.square() / 2, real, fake, torch.tensor([1.0, 0.0, 0.25]))
    assert penalty.item() == pytest.approx(((3 - 1) ** 2 + (1 - 1) ** 2 + (0 - 1) ** 2) / 3, abs=1e-6)


def test_clipping() -> None:
    net = MLP(3, 1, init="he_normal")
    before = [p.clone() for p in net.parameters()]
    clip_weights(net, 0.1)
    for p, old in zip(net.parameters(), before, strict=True):
        assert p.abs().max() <= 0.1 and torch.equal(p[old.abs() <= 0.1], old[old.abs() <= 0.1])


@pytest.mark.parametrize(("m", "s"), [(3.0, 1.0), (0.0, 2.0), (0.5, 2.0), (-1.0, 0.3)])
def test_distances_on_the_line(m: float, s: float) -> None:
    known = gaussian_distance(0, 1, m, s)
    quantiles = np.abs(norm.ppf(LEVELS) - norm(m, s).ppf(LEVELS)).mean()
    assert known == pytest.approx(quantiles, rel=1e-4)
    assert gaussian_distance(m, s, 0, 1) == known


def test_known_distances() -> None:
    assert gaussian_distance(0, 1, 3, 1) == 3
    assert gaussian_distance(0, 1, 0, 2) == pytest.approx(math.sqrt(2 / math.pi))


# --- What a critic says of two Gaussians


def train_critic(
    D: nn.Module, m: float, s: float, seed: int, penalty: float = 0.0, clip: float = 0.0
) -> tuple[float, float]:
    """Critic between N(0, 1) and N(m, s): its estimate of W1 and its steepest slope."""
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam(D.parameters(), 3e-3, (0.0, 0.9))
    for step in range(500):
        optimizer.param_groups[0]["lr"] = 3e-3 * (1 - step / 500)
        real, fake = torch.randn(256, 1), m + s * torch.randn(256, 1)
        loss = ADVERSARIAL["wasserstein"].d_loss(D(real), D(fake))
        if penalty:
            loss = loss + penalty * gradient_penalty(D, real, fake, torch.rand(256), one_sided=True)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if clip:
            clip_weights(D, clip)
    real = torch.tensor(norm.ppf(LEVELS[::10]), dtype=torch.float32)[:, None]
    x = torch.cat([real, m + s * real]).requires_grad_()
    (slope,) = torch.autograd.grad(D(x).sum(), x)
    return -ADVERSARIAL["wasserstein"].d_loss(D(real), D(m + s * real)).item(), slope.abs().max().item()


def smooth_critic(seed: int) -> MLP:
    torch.manual_seed(seed)
    return MLP(1, 1, width=32, depth=2, activation="mish", init="he_normal")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("m", "s"), [(3.0, 1.0), (1.0, 1.0), (0.0, 2.0), (1.0, 2.0)])
def test_a_critic_with_a_penalty_finds_the_distance(m: float, s: float, seed: int) -> None:
    found, _ = train_critic(smooth_critic(seed), m, s, seed, penalty=100.0)
    assert found == pytest.approx(gaussian_distance(0, 1, m, s), rel=0.05)


def test_a_weak_penalty_overshoots_by_its_own_bound() -> None:
    """A slope 1 + h gains h W and costs weight h^2: best at h = W / (2 weight), here 15 % too much."""
    found, _ = train_critic(smooth_critic(0), 3.0, 1.0, seed=0, penalty=10.0)
    assert found == pytest.approx(3 * 1.15, rel=0.02)


def test_a_clipped_critic_knows_the_distance_up_to_an_unknown_factor() -> None:
    """Divided by its slope it is right where a straight line is the best critic, and below the truth where not."""
    torch.manual_seed(0)
    found, slope = train_critic(MLP(1, 1, width=64, activation="tanh"), 3.0, 1.0, seed=0, clip=0.05)
    assert found < 0.2 * 3 and found / slope == pytest.approx(3, rel=0.05)
    found, slope = train_critic(MLP(1, 1, width=64, activation="tanh"), 1.0, 2.0, seed=0, clip=0.05)
    assert 0.5 < found / slope / gaussian_distance(0, 1, 1, 2) < 0.95
