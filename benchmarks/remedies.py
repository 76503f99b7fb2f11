"""What each remedy of the catalogue does against an illness: paired seeds on a ring of eight Gaussians.

    python benchmarks/remedies.py [--seeds 10] [--steps 1200] [--out FILE]

Each illness is a configuration; each remedy changes it as `diagnosis.catalogue.changes` says, and starts from the same
seed. The score is the number of modes (of 8) that hold 1 % of 2,500 samples within 0.1 of their centre. Effect: mean
difference with and without the remedy, with a 95 % bootstrap interval over the seeds. Writes the numbers, and their
summary to src/viceversa/diagnosis/measured.json.
"""

import argparse
import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from modes import LATENT, about, run

import viceversa
from viceversa.data.points import ring
from viceversa.diagnosis.catalogue import REMEDIES, changes
from viceversa.methods.gan import GANConfig

HERE = Path(__file__).parent
WORLD = ring(deviation=1 / 30)  # three deviations are 0.1
D_WIDTH = 128
START = GANConfig(latent=LATENT, d_width=D_WIDTH)
ILLNESSES = {
    "d-wins": replace(START, lr_g=5e-5, lr_d=5e-3),
    "collapse": replace(START, lr_g=1e-3, lr_d=1e-4, beta1=0.9),
    "g-wins": replace(START, lr_g=5e-3, lr_d=1e-5),
    "healthy": replace(START, lr_g=1e-3, lr_d=1e-3),
}
KERNELS = 4  # of minibatch discrimination, whose cost grows with the square of the batch; the catalogue has 32
SKIPPED = ("augment", "wasserstein", "more-noise-inputs")  # for pictures, or another method


def score(config: GANConfig, seed: int, steps: int) -> int:
    """Modes held at the end."""
    found: int = run(config, WORLD, 1.0, seed, steps, config.d_width, 0.5)["held"]
    return found


def treated(config: GANConfig, remedy: str) -> GANConfig | None:
    """The configuration with a remedy; none where it changes nothing."""
    found = {key.removeprefix("method."): value for key, value in changes(remedy, config).items()}
    if remedy == "minibatch":
        found = {"minibatch": KERNELS}
    return replace(config, **found) if found and remedy not in SKIPPED else None


def world_of(remedy: str) -> str:
    """Where an effect was measured."""
    return f"ring of 8, {KERNELS} kernels" if remedy == "minibatch" else "ring of 8"


def interval(differences: list[float]) -> tuple[float, float]:
    """95 % bootstrap interval of the mean."""
    dice = np.random.default_rng(0)
    means = dice.choice(differences, (10_000, len(differences))).mean(1)
    return float(np.percentile(means, 2.5)), float(np.percentile(means, 97.5))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "remedies.json")
    a = parser.parse_args()
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    summary: dict[str, list[dict[str, Any]]] = {}
    for illness, config in ILLNESSES.items():
        without = [score(config, seed, a.steps) for seed in range(a.seeds)]
        rows.append({"illness": illness, "remedy": None, "modes": without})
        print(rows[-1], flush=True)
        for name in REMEDIES:
            if (changed := treated(config, name)) is None:
                continue
            found = [score(changed, seed, a.steps) for seed in range(a.seeds)]
            apart = [float(x - y) for x, y in zip(found, without, strict=True)]
            low, high = interval(apart)
            verdict = "helps" if low > 0 else "harms" if high < 0 else "nothing"
            effect = {
                "symptom": illness,
                "world": world_of(name),
                "n": a.seeds,
                "effect": round(float(np.mean(apart)), 2),
            }
            effect |= {"low": round(low, 2), "high": round(high, 2), "unit": "modes of 8", "verdict": verdict}
            summary.setdefault(name, []).append(effect)
            rows.append({"illness": illness, "remedy": name, "modes": found, **effect})
            print(rows[-1], flush=True)
            settings = {"steps": a.steps, **{n: asdict(c) for n, c in ILLNESSES.items()}}
            a.out.write_text(json.dumps({"about": about(), "settings": settings, "rows": rows}, indent=1) + "\n")
            package = Path(viceversa.__file__).parent
            (package / "diagnosis" / "measured.json").write_text(json.dumps(summary, indent=1) + "\n")


if __name__ == "__main__":
    main()
