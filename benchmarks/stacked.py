"""How many of the 1,000 modes of stacked digits does each method make?

    python benchmarks/stacked.py [--seeds 3] [--steps 2500] [--methods NAME ...] [--out FILE] [--sheets DIR]

scikit-learn's handwritten digits at 12 x 12. Half of the training digits are stacked for the GANs, the other half
teaches the judge, a small CNN that names each channel. 25,600 stacks are judged. Real held-out stacks tell what a
perfect generator scores: its modes, and the KL that the number of stacks alone leaves, about 999 / 51,200. A judge
names anything; so the modes with a stack of whose three digits it is 90 % sure are counted, too.
"""

import argparse
import json
import os
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from modes import about, fading
from numpy.typing import NDArray
from torch import Tensor, nn

from viceversa import images
from viceversa.methods.classifier import Classifier, ClassifierConfig
from viceversa.methods.gan import GAN, GANConfig
from viceversa.metrics.modes import kl_to_uniform
from viceversa.networks.mlp import MLP
from viceversa.training.fit import fit
from viceversa.worlds import digits
from viceversa.worlds.stacked_digits import MODES, StackedDigitBatches, downsample, mode_index

HERE = Path(__file__).parent
SIZE, BATCH, SAMPLES, SURE = 12, 64, 25_600, 0.9
WIDTH, DEPTH = 256, 3  # of the perceptrons
FADE = 0.1  # share of themselves to which R1 and R2 fall (Huang et al. 2024)
GAME = GANConfig(latent=64, lr_g=5e-4, lr_d=5e-4, ema=0.995)
METHODS = {
    "GAN": GAME,
    "GAN, packing 2": replace(GAME, packing=2),
    "relativistic, R1 + R2": replace(
        GAME, loss="relativistic", r1=1.0, r2=1.0, lr_g=1e-3, lr_d=1e-3, beta1=0.0, beta2=0.99
    ),
}


class Drawer(nn.Module):
    """A perceptron that draws: (N, latent) -> (N, 3, 12, 12) in [-1, 1]."""

    def __init__(self, latent: int) -> None:
        super().__init__()
        self.body = MLP(latent, 3 * SIZE * SIZE, WIDTH, DEPTH, activation="leaky_relu", init="he_normal")

    def forward(self, z: Tensor) -> Tensor:
        return torch.tanh(self.body(z)).reshape(-1, 3, SIZE, SIZE)


class Labelled:
    """Batches of pictures with their classes, for the judge: shifted by up to a pixel."""

    batch_size = BATCH

    def __init__(self, x: NDArray[np.float32], y: NDArray[np.int64]) -> None:
        self.x, self.y = torch.from_numpy(x)[:, None], torch.from_numpy(y)

    def batch(self, step: int) -> tuple[Tensor, ...]:
        rng = np.random.default_rng(step)
        chosen = rng.integers(len(self.y), size=BATCH)
        moved = torch.roll(self.x[chosen], tuple(rng.integers(-1, 2, size=2)), (2, 3))
        return moved, self.y[chosen]


def taught(x: NDArray[np.float32], y: NDArray[np.int64], steps: int = 1200) -> nn.Module:
    """The judge."""
    torch.manual_seed(0)
    method = Classifier(ClassifierConfig(conv_widths="32,64", dropout=0.2), size=SIZE, classes=digits.CLASSES)
    fit(method, Labelled(x, y), steps, decay_from=0.5)
    (judge,) = method.nets.values()
    return judge.eval()


@torch.no_grad()
def opinion(judge: nn.Module, stacks: Tensor) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The classes (N, 3) that the judge sees, and how sure it is of them."""
    seen = judge(stacks.reshape(-1, 1, SIZE, SIZE)).softmax(1).max(1)
    return seen.indices.reshape(-1, 3).numpy(), seen.values.reshape(-1, 3).numpy()


def counted(judge: nn.Module, stacks: Tensor) -> dict[str, Any]:
    """Modes made, modes made clearly, KL to the uniform distribution, share of clear stacks."""
    parts = [opinion(judge, part) for part in stacks.split(1024)]
    named = mode_index(np.concatenate([p[0] for p in parts]))
    clear = np.concatenate([p[1] for p in parts]).min(1) >= SURE
    shares = np.bincount(named, minlength=MODES) / len(named)
    return {
        "modes": int((shares > 0).sum()),
        "clear_modes": len(np.unique(named[clear])),
        "kl": kl_to_uniform(shares),
        "clear": float(clear.mean()),
    }


def run(
    config: GANConfig, stacks: StackedDigitBatches, judge: nn.Module, steps: int, seed: int
) -> tuple[dict[str, Any], Tensor]:
    """Train and count; what was found, and 64 of the stacks."""
    torch.manual_seed(seed)
    start = time.process_time()
    inputs = 3 * config.packing * SIZE * SIZE
    nets = Drawer(config.latent), MLP(inputs, 1, WIDTH, DEPTH, activation="leaky_relu", init="he_normal")
    method = GAN(config, size=SIZE, nets=nets)
    fit(method, stacks, steps, seed=seed, decay_from=0.3, watch=fading(method, steps, FADE))
    z = torch.randn(SAMPLES, config.latent, generator=torch.Generator().manual_seed(seed))
    made = torch.cat([method.preview(part)["fake"] for part in z.split(1024)])
    return counted(judge, made) | {"seconds": round(time.process_time() - start, 1)}, made[:64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=list(METHODS))
    parser.add_argument("--out", type=Path, default=HERE / "results" / "stacked.json")
    parser.add_argument("--sheets", type=Path, help="a folder for sheets of samples")
    a = parser.parse_args()
    torch.set_num_threads(1)
    found = digits.load("handwritten")
    train, test = downsample(found.train_x), downsample(found.test_x)
    judge = taught(train[1::2], found.train_y[1::2])
    with torch.no_grad():
        right = judge(torch.from_numpy(test)[:, None]).argmax(1).numpy() == found.test_y
    rows: list[dict[str, Any]] = []
    for seed in range(3):
        real, _ = StackedDigitBatches(test, found.test_y, BATCH).sample(SAMPLES, np.random.default_rng(seed))
        rows.append({"method": "real held-out stacks", "seed": seed} | counted(judge, torch.from_numpy(real)))
    print(f"judge: {right.mean():.1%} of {len(right)} test digits", rows[-1], flush=True)
    settings: dict[str, Any] = {"steps": a.steps, "batch": BATCH, "width": WIDTH, "depth": DEPTH, "fade": FADE}
    settings |= {"judge": float(right.mean()), "judged on": len(right)}
    settings |= {name: asdict(c) for name, c in METHODS.items()}
    for name in a.methods:
        for seed in range(a.first, a.first + a.seeds):
            told, shown = run(
                METHODS[name], StackedDigitBatches(train[::2], found.train_y[::2], BATCH, seed), judge, a.steps, seed
            )
            rows.append({"method": name, "seed": seed} | told)
            print(rows[-1], flush=True)
            a.out.write_text(json.dumps({"about": about(), "settings": settings, "rows": rows}, indent=1) + "\n")
            if a.sheets:
                sheet = images.grid([list(shown[i : i + 8].numpy()) for i in range(0, 64, 8)], gap=1)
                images.save_png(a.sheets / f"{name}-{seed}.png", sheet)


if __name__ == "__main__":
    main()
