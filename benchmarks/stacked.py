"""How many of the 1,000 modes of stacked digits each method generates.

    python benchmarks/stacked.py [--seeds 3] [--steps 2500] [--methods NAME ...] [--out FILE] [--sheets DIR]

scikit-learn's handwritten digits at 12 x 12. Half of the training digits are stacked for the GANs; the other half
trains the classifier, a small CNN that predicts the digit of each channel. Scores are of 25,600 stacks. Real held-out
stacks show what a perfect generator scores: its modes, and the KL that remains for this number of stacks, about 999 /
51,200. Since a classifier predicts a digit for any image, the modes with a stack whose three digits have a confidence
of 90 % are counted as well ("clear").
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
from modes import about, fade_penalties
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
SIZE, BATCH, SAMPLES, CONFIDENT = 12, 64, 25_600, 0.9
WIDTH, DEPTH = 256, 3  # of the perceptrons
FADE = 0.1  # factor of R1 and R2 at the end (Huang et al. 2024)
GAME = GANConfig(latent=64, lr_g=5e-4, lr_d=5e-4, ema=0.995)
METHODS = {
    "GAN": GAME,
    "GAN, packing 2": replace(GAME, packing=2),
    "relativistic, R1 + R2": replace(
        GAME, loss="relativistic", r1=1.0, r2=1.0, lr_g=1e-3, lr_d=1e-3, beta1=0.0, beta2=0.99
    ),
}


class Generator(nn.Module):
    """A perceptron: (N, latent) -> (N, 3, 12, 12) in [-1, 1]."""

    def __init__(self, latent: int) -> None:
        super().__init__()
        self.body = MLP(latent, 3 * SIZE * SIZE, WIDTH, DEPTH, activation="leaky_relu", init="he_normal")

    def forward(self, z: Tensor) -> Tensor:
        return torch.tanh(self.body(z)).reshape(-1, 3, SIZE, SIZE)


class LabelledDigits:
    """Batches of digits with their classes for the classifier, shifted at random by up to a pixel."""

    batch_size = BATCH

    def __init__(self, x: NDArray[np.float32], y: NDArray[np.int64]) -> None:
        self.x, self.y = torch.from_numpy(x)[:, None], torch.from_numpy(y)

    def batch(self, step: int) -> tuple[Tensor, ...]:
        rng = np.random.default_rng(step)
        indices = rng.integers(len(self.y), size=BATCH)
        shifted = torch.roll(self.x[indices], tuple(rng.integers(-1, 2, size=2)), (2, 3))
        return shifted, self.y[indices]


def train_classifier(x: NDArray[np.float32], y: NDArray[np.int64], steps: int = 1200) -> nn.Module:
    """A CNN trained on digits (N, 12, 12) and their classes (N,)."""
    torch.manual_seed(0)
    method = Classifier(ClassifierConfig(conv_widths="32,64", dropout=0.2), size=SIZE, classes=digits.CLASSES)
    fit(method, LabelledDigits(x, y), steps, decay_from=0.5)
    (classifier,) = method.nets.values()
    return classifier.eval()


@torch.no_grad()
def classify(classifier: nn.Module, stacks: Tensor) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Classes (N, 3) of the channels of stacks (N, 3, 12, 12), and their probabilities."""
    best = classifier(stacks.reshape(-1, 1, SIZE, SIZE)).softmax(1).max(1)
    return best.indices.reshape(-1, 3).numpy(), best.values.reshape(-1, 3).numpy()


def score_stacks(classifier: nn.Module, stacks: Tensor) -> dict[str, Any]:
    """Modes generated, modes generated clearly, KL to the uniform distribution, share of clear stacks."""
    chunks = [classify(classifier, chunk) for chunk in stacks.split(1024)]
    modes = mode_index(np.concatenate([classes for classes, _ in chunks]))
    clear = np.concatenate([confidence for _, confidence in chunks]).min(1) >= CONFIDENT
    shares = np.bincount(modes, minlength=MODES) / len(modes)
    return {
        "modes": int((shares > 0).sum()),
        "clear_modes": len(np.unique(modes[clear])),
        "kl": kl_to_uniform(shares),
        "clear": float(clear.mean()),
    }


def run(
    config: GANConfig, stacks: StackedDigitBatches, classifier: nn.Module, steps: int, seed: int
) -> tuple[dict[str, Any], Tensor]:
    """Train and score a GAN; its scores, and 64 of its stacks."""
    torch.manual_seed(seed)
    start = time.process_time()
    inputs = 3 * config.packing * SIZE * SIZE
    nets = Generator(config.latent), MLP(inputs, 1, WIDTH, DEPTH, activation="leaky_relu", init="he_normal")
    method = GAN(config, size=SIZE, nets=nets)
    fit(method, stacks, steps, seed=seed, decay_from=0.3, watch=fade_penalties(method, steps, FADE))
    z = torch.randn(SAMPLES, config.latent, generator=torch.Generator().manual_seed(seed))
    generated = torch.cat([method.preview(chunk)["fake"] for chunk in z.split(1024)])
    scores = score_stacks(classifier, generated)
    return scores | {"seconds": round(time.process_time() - start, 1)}, generated[:64]


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
    data = digits.load("handwritten")
    train, test = downsample(data.train_x), downsample(data.test_x)
    classifier = train_classifier(train[1::2], data.train_y[1::2])
    with torch.no_grad():
        correct = classifier(torch.from_numpy(test)[:, None]).argmax(1).numpy() == data.test_y

    rows: list[dict[str, Any]] = []
    for seed in range(3):
        real, _ = StackedDigitBatches(test, data.test_y, BATCH).sample(SAMPLES, np.random.default_rng(seed))
        rows.append({"method": "real held-out stacks", "seed": seed} | score_stacks(classifier, torch.from_numpy(real)))
    print(f"classifier: {correct.mean():.1%} of {len(correct)} test digits", rows[-1], flush=True)

    settings: dict[str, Any] = {"steps": a.steps, "batch": BATCH, "width": WIDTH, "depth": DEPTH, "fade": FADE}
    settings |= {"judge": float(correct.mean()), "judged on": len(correct)}  # the classifier
    settings |= {name: asdict(c) for name, c in METHODS.items()}
    for name in a.methods:
        for seed in range(a.first, a.first + a.seeds):
            stacks = StackedDigitBatches(train[::2], data.train_y[::2], BATCH, seed)
            scores, samples = run(METHODS[name], stacks, classifier, a.steps, seed)
            rows.append({"method": name, "seed": seed} | scores)
            print(rows[-1], flush=True)
            a.out.write_text(json.dumps({"about": about(), "settings": settings, "rows": rows}, indent=1) + "\n")
            if a.sheets:
                sheet = images.grid([list(samples[i : i + 8].numpy()) for i in range(0, 64, 8)], gap=1)
                images.save_png(a.sheets / f"{name}-{seed}.png", sheet)


if __name__ == "__main__":
    main()
