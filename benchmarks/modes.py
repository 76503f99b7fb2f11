"""Modes of rings and grids of Gaussians that each method finds, by the protocol of VEEGAN and PacGAN.

    python benchmarks/modes.py [--seeds 3] [--steps 3500] [--methods NAME ...] [--first 0] [--out FILE]

Every method has the same perceptrons of three hidden layers, steps, batch of 256 and averaged generator, and rates that
fall to zero. 2,500 samples are judged. A perfect sampler has all modes, 98.89 % of high quality and a KL of about
(K - 1) / 5000. Rows that the file has already are kept. Settings were chosen on seeds 100 to 109.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
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
WORLDS: dict[str, tuple[Heaps, float]] = {"ring": (ring(), 2.0), "grid": (grid(), 0.5)}  # scaled, both reach to 2
NETWORKS: dict[str, Any] = {"g_width": 64, "width": 128, "signs": True, "wave": 1.5}
FADE = 0.01  # share of themselves to which the penalties at real and made points fall (Huang et al. 2024: 0.1)
GAME = GANConfig(latent=8, lr_g=1e-3, lr_d=1e-3, ema=0.999)
STEADY = replace(GAME, loss="relativistic", lr_g=4e-3, lr_d=4e-3, beta1=0.0, beta2=0.99, r1=0.01, r2=0.01)
SMOOTH = "relativistic, R1 + R2, noise without signs"
METHODS: dict[str, GANConfig | WGANConfig] = {
    "GAN": GAME,
    "relativistic, R1 + R2": STEADY,
    "GAN, smoothing 0.1": replace(GAME, smoothing=0.1),
    "GAN, packing 2": replace(GAME, packing=2),
    "WGAN-GP": WGANConfig(latent=8, lr_g=1e-3, lr_d=1e-3, critic_turns=2, lambda_gp=0.1, ema=0.999),
    SMOOTH: STEADY,
    "GAN, minibatch discrimination": replace(GAME, minibatch=2),
}


def networks(
    c: GANConfig | WGANConfig, width: int = 128, g_width: int = 128, signs: bool = False, wave: float = 0.0
) -> tuple[PointGenerator, PointDiscriminator]:
    """G, and a D of `width` with what the configuration asks of it."""
    own = c if isinstance(c, GANConfig) else GANConfig()
    D = PointDiscriminator(width, packing=own.packing, minibatch=own.minibatch, wave=wave)
    if own.d_norm == "spectral":
        spectral(D)
    return PointGenerator(c.latent, g_width, signs=signs), D


def fading(method: GAN | WGAN, steps: int, share: float) -> Callable[[int, dict[str, Any]], None]:
    """Let the penalties fall geometrically to a share of themselves, from step to step."""
    r1, r2 = (method.r1, method.r2) if isinstance(method, GAN) else (0.0, 0.0)

    def watch(step: int, losses: dict[str, Any]) -> None:
        if isinstance(method, GAN):
            method.r1, method.r2 = r1 * share ** (step / steps), r2 * share ** (step / steps)

    return watch


def run(
    config: GANConfig | WGANConfig, heaps: Heaps, scale: float, seed: int, steps: int, *,
    decay_from: float = 0.1, fade: float = 1.0, **nets: Any,
) -> tuple[dict[str, Any], Any]:  # fmt: skip
    """Train and count; what was found, and the samples. `nets` of `networks`."""
    torch.manual_seed(seed)
    start = time.process_time()
    method: GAN | WGAN
    if isinstance(config, WGANConfig):
        method, batch = WGAN(config, size=0, nets=networks(config, **nets)), BATCH * config.critic_turns
    else:
        method, batch = GAN(config, size=0, nets=networks(config, **nets)), BATCH  # which its turns share
    watch = fading(method, steps, fade)
    fit(method, Points(heaps, batch, seed, scale), steps, seed=seed, decay_from=decay_from, watch=watch)
    z = torch.randn(SAMPLES, config.latent, generator=torch.Generator().manual_seed(seed))
    made = method.preview(z)["fake"].numpy() / scale
    found = asdict(modes(made, heaps.centres, heaps.deviation))
    return found | {"seconds": round(time.process_time() - start, 1)}, made


def about() -> dict[str, Any]:
    """Where and with what this was measured."""
    versions = {"python": platform.python_version(), "torch": torch.__version__, "viceversa": viceversa.__version__}
    return {"processor": processor_name(), "threads": 1, "date": time.strftime("%F")} | versions


def perfect() -> list[dict[str, Any]]:
    """What ten draws of the world itself score."""
    rows = []
    for world, (heaps, _) in WORLDS.items():
        for seed in range(10):
            drawn = heaps.draw(SAMPLES, np.random.default_rng(seed))
            found = asdict(modes(drawn, heaps.centres, heaps.deviation))
            rows.append({"world": world, "method": "perfect sampler", "seed": seed} | found)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--steps", type=int, default=3500)
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=list(METHODS))
    parser.add_argument("--out", type=Path, default=HERE / "results" / "modes.json")
    parser.add_argument("--samples", type=Path, help="a folder for the samples, as .npy")
    a = parser.parse_args()
    torch.set_num_threads(1)
    settings: dict[str, Any] = {"steps": a.steps, "batch": BATCH, "networks": NETWORKS, "fade": FADE}
    settings |= {name: asdict(c) for name, c in METHODS.items()}
    before = json.loads(a.out.read_text()) if a.out.exists() else {}
    rows = before["rows"] if before.get("settings") == settings else perfect()
    done = {(row["world"], row["method"], row["seed"]) for row in rows}
    for name in a.methods:
        for world, (heaps, scale) in WORLDS.items():
            for seed in range(a.first, a.first + a.seeds):
                if (world, name, seed) in done:
                    continue
                nets = NETWORKS | ({"signs": False} if name == SMOOTH else {})
                found, made = run(METHODS[name], heaps, scale, seed, a.steps, fade=FADE, **nets)
                rows.append({"world": world, "method": name, "seed": seed} | found)
                print(rows[-1], flush=True)
                a.out.write_text(json.dumps({"about": about(), "settings": settings, "rows": rows}, indent=1) + "\n")
                if a.samples:
                    np.save(a.samples / f"{world}-{name}-{seed}.npy", made)


if __name__ == "__main__":
    main()
