"""Modes of rings and grids of Gaussians that each method finds, by the protocol of VEEGAN and PacGAN.

    python benchmarks/modes.py [--seeds 3] [--steps 3000] [--methods NAME ...] [--out FILE]

The networks are perceptrons of three hidden layers of 128, batch 256, averaged generator, rates falling to zero. 2,500
samples are judged. A perfect sampler has all modes, 98.89 % of high quality and a KL of about (K - 1) / 5000.
"""

import argparse
import json
import os
import platform
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

import viceversa
from viceversa.data.points import Heaps, Points, grid, ring
from viceversa.methods.gan import GAN, GANConfig
from viceversa.methods.wgan import WGAN, WGANConfig
from viceversa.metrics.modes import modes
from viceversa.networks.layers import spectral
from viceversa.networks.points import PointDiscriminator, PointGenerator
from viceversa.training.fit import fit
from viceversa.training.run_folder import processor_name

HERE = Path(__file__).parent
SAMPLES, BATCH, LATENT = 2500, 256, 2
WORLDS: dict[str, tuple[Heaps, float]] = {"ring": (ring(), 1.0), "grid": (grid(), 1.0)}  # and the networks' scale
GAME = GANConfig(latent=LATENT, lr_g=1e-3, lr_d=1e-3, ema=0.999)
STEADY = replace(GAME, loss="relativistic", lr_g=3e-3, lr_d=3e-3, beta1=0.0, beta2=0.99, r1=0.01, r2=0.01)
METHODS: dict[str, GANConfig | WGANConfig] = {
    "GAN": GAME,
    "GAN, smoothing 0.1": replace(GAME, smoothing=0.1),
    "GAN, packing 2": replace(GAME, packing=2),
    "GAN, minibatch discrimination": replace(GAME, minibatch=4),
    "WGAN-GP": WGANConfig(latent=LATENT, lr_g=1e-3, lr_d=1e-3, critic_turns=3, lambda_gp=0.1, ema=0.999),
    "relativistic, R1 + R2": STEADY,
}


def networks(c: GANConfig | WGANConfig, width: int = 128) -> tuple[PointGenerator, PointDiscriminator]:
    """G, and a D with what the configuration asks of it."""
    own = c if isinstance(c, GANConfig) else GANConfig()
    D = PointDiscriminator(width, packing=own.packing, minibatch=own.minibatch)
    if own.d_norm == "spectral":
        spectral(D)
    return PointGenerator(c.latent), D


def run(
    config: GANConfig | WGANConfig, heaps: Heaps, scale: float, seed: int, steps: int, width: int = 128,
    decay_from: float = 0.1,
) -> dict[str, Any]:  # fmt: skip
    """Train and count; `width` is D's, G's is 128."""
    torch.manual_seed(seed)
    start = time.monotonic()
    method: GAN | WGAN
    if isinstance(config, WGANConfig):
        method, batch = WGAN(config, size=0, nets=networks(config, width)), BATCH * config.critic_turns
    else:
        method, batch = GAN(config, size=0, nets=networks(config, width)), BATCH  # which its turns share
    fit(method, Points(heaps, batch, seed, scale), steps, seed=seed, decay_from=decay_from)
    z = torch.randn(SAMPLES, config.latent, generator=torch.Generator().manual_seed(seed))
    made = method.preview(z)["fake"].numpy() / scale
    return asdict(modes(made, heaps.centres, heaps.deviation)) | {"seconds": round(time.monotonic() - start, 1)}


def about() -> dict[str, Any]:
    """Where and with what this was measured."""
    versions = {"python": platform.python_version(), "torch": torch.__version__, "viceversa": viceversa.__version__}
    return {"processor": processor_name(), "threads": 1, "date": time.strftime("%F")} | versions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=list(METHODS))
    parser.add_argument("--out", type=Path, default=HERE / "results" / "modes.json")
    a = parser.parse_args()
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    for world, (heaps, scale) in WORLDS.items():
        for seed in range(10):
            drawn = heaps.draw(SAMPLES, np.random.default_rng(seed))
            perfect = asdict(modes(drawn, heaps.centres, heaps.deviation))
            rows.append({"world": world, "method": "perfect sampler", "seed": seed} | perfect)
        for seed in range(a.seeds):
            for name in a.methods:
                found = run(METHODS[name], heaps, scale, seed, a.steps)
                rows.append({"world": world, "method": name, "seed": seed} | found)
                print(rows[-1], flush=True)
                settings = {"steps": a.steps, "batch": BATCH} | {n: asdict(c) for n, c in METHODS.items()}
                a.out.write_text(json.dumps({"about": about(), "settings": settings, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
