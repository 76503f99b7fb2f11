"""Modes of rings and grids of Gaussians that each method covers, by the protocol of VEEGAN and PacGAN.

    python benchmarks/modes.py [--seeds 10] [--first 0] [--steps 3000] [--methods NAME ...] [--out FILE] [--samples DIR]

Every method has the same perceptrons (three hidden layers of 64), number of steps, batch of 128 and averaged generator,
and learning rates that fall to zero. All seeds of both distributions train side by side in one process
(side_by_side.py). Scores are of 2,500 samples. A perfect sampler covers all modes, with 98.89 % of high quality and a
KL of about (K - 1) / 5000. Settings were chosen on seeds 100 to 109.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from side_by_side import Batches, Net

import viceversa
from viceversa.hardware.device import processor_name
from viceversa.methods.gan import GAN, GANConfig
from viceversa.methods.wgan import WGAN, WGANConfig
from viceversa.metrics.modes import modes
from viceversa.training.fit import fit
from viceversa.worlds.gaussians import GaussianMixture, grid, ring

HERE = Path(__file__).parent
SAMPLES, BATCH = 2500, 128
Distribution = tuple[GaussianMixture, float]  # and its scale
DISTRIBUTIONS: dict[str, Distribution] = {"ring": (ring(), 2.0), "grid": (grid(), 0.5)}  # scaled, both extend to 2
WIDTH, WAVE = 64, 1.5  # of the networks; radians per unit
FADE = 0.001  # factor of R1 and R2 at the end: first the modes, then their edges (Huang et al. 2024: 0.1)
GAME = GANConfig(latent=8, lr_g=1e-3, lr_d=1e-3, ema=0.999)
STEADY = replace(GAME, loss="relativistic", lr_g=4e-3, lr_d=4e-3, beta1=0.0, beta2=0.99, r1=0.1, r2=0.1)
SMOOTH = "relativistic, R1 + R2, noise without signs"
METHODS: dict[str, GANConfig | WGANConfig] = {
    "GAN": GAME,
    "GAN, smoothing 0.1": replace(GAME, smoothing=0.1),
    "GAN, packing 2": replace(GAME, packing=2),
    "GAN, minibatch discrimination": replace(GAME, minibatch=4),
    "WGAN-GP": WGANConfig(latent=8, lr_g=1e-3, lr_d=1e-3, critic_turns=3, lambda_gp=0.1, ema=0.999),
    "relativistic, R1 + R2": STEADY,
    SMOOTH: STEADY,
}


def make(config: GANConfig | WGANConfig, copies: int, width: int, signs: bool, wave: float) -> GAN | WGAN:
    """The method with networks for `copies` trainings; `width` is that of D."""
    options = config if isinstance(config, GANConfig) else GANConfig()
    G = Net(copies, config.latent, 2, WIDTH, signs=signs)
    D = Net(
        copies,
        2 * options.packing,
        1,
        width,
        wave=wave,
        kernels=options.minibatch,
        spectral=options.d_norm == "spectral",
    )
    return WGAN(config, size=0, nets=(G, D)) if isinstance(config, WGANConfig) else GAN(config, size=0, nets=(G, D))


def fade_penalties(method: GAN | WGAN, steps: int, factor: float) -> Callable[[int, dict[str, Any]], None]:
    """A callback that lets R1 and R2 fall geometrically to `factor` of their values."""
    r1, r2 = (method.r1, method.r2) if isinstance(method, GAN) else (0.0, 0.0)

    def watch(step: int, losses: dict[str, Any]) -> None:
        if isinstance(method, GAN):
            method.r1, method.r2 = r1 * factor ** (step / steps), r2 * factor ** (step / steps)

    return watch


def run(
    config: GANConfig | WGANConfig,
    distributions: Sequence[Distribution],
    seeds: Sequence[int],
    steps: int,
    *,
    width: int = WIDTH,
    signs: bool = False,
    wave: float = 0.0,
    fade: float = 1.0,
    decay_from: float = 0.1,
) -> list[tuple[dict[str, Any], Any]]:
    """Train one per distribution and seed, side by side; the scores and the samples of each."""
    torch.manual_seed(seeds[0])
    method = make(config, len(seeds), width, signs, wave)
    turns = config.critic_turns if isinstance(config, WGANConfig) else 1
    watch = fade_penalties(method, steps, fade)
    batches = Batches(distributions, seeds, BATCH * turns)
    fit(method, batches, steps, seed=seeds[0], decay_from=decay_from, watch=watch)

    z = torch.randn(len(seeds) * SAMPLES, config.latent, generator=torch.Generator().manual_seed(seeds[0]))
    generated = method.preview(z)["fake"].numpy().reshape(len(seeds), SAMPLES, 2)
    results = []
    for x, (mixture, scale) in zip(generated, distributions, strict=True):
        results.append((asdict(modes(x / scale, mixture.centres, mixture.deviation)), x / scale))
    return results


def about() -> dict[str, Any]:
    """CPU, versions and date of a measurement."""
    versions = {"python": platform.python_version(), "torch": torch.__version__, "viceversa": viceversa.__version__}
    return {"processor": processor_name(), "threads": 1, "date": time.strftime("%F")} | versions


def score_perfect_sampler() -> list[dict[str, Any]]:
    """Scores of ten draws from each distribution itself."""
    rows = []
    for world, (mixture, _) in DISTRIBUTIONS.items():
        for seed in range(10):
            samples = mixture.sample(SAMPLES, np.random.default_rng(seed))
            scores = asdict(modes(samples, mixture.centres, mixture.deviation))
            rows.append({"world": world, "method": "perfect sampler", "seed": seed} | scores)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=list(METHODS))
    parser.add_argument("--out", type=Path, default=HERE / "results" / "modes.json")
    parser.add_argument("--samples", type=Path, help="a folder for the samples, as .npy")
    a = parser.parse_args()
    torch.set_num_threads(1)
    settings: dict[str, Any] = {"steps": a.steps, "batch": BATCH, "width": WIDTH, "wave": WAVE, "fade": FADE}
    settings |= {name: asdict(c) for name, c in METHODS.items()}
    previous = json.loads(a.out.read_text()) if a.out.exists() else {}
    rows = previous["rows"] if previous.get("settings") == settings else score_perfect_sampler()
    jobs = [(world, seed) for world in DISTRIBUTIONS for seed in range(a.first, a.first + a.seeds)]
    for name in a.methods:
        start = time.process_time()
        results = run(
            METHODS[name],
            [DISTRIBUTIONS[world] for world, _ in jobs],
            [seed for _, seed in jobs],
            a.steps,
            signs=name != SMOOTH,
            wave=WAVE,
            fade=FADE,
        )
        seconds = round((time.process_time() - start) / len(jobs), 1)
        rows = [row for row in rows if row["method"] != name]
        for (world, seed), (scores, samples) in zip(jobs, results, strict=True):
            rows.append({"world": world, "method": name, "seed": seed} | scores | {"seconds": seconds})
            print(rows[-1], flush=True)
            if a.samples:
                np.save(a.samples / f"{world}-{name}-{seed}.npy", samples)
        a.out.write_text(json.dumps({"about": about(), "settings": settings, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
