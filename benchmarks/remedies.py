"""What each remedy of the catalogue does against the illnesses that it is listed for, with paired seeds.

    python benchmarks/remedies.py [--seeds 10] [--first 0] [--illnesses NAME ...] [--only NAME ...] [--out FILE]

Perceptrons on a ring of eight Gaussians (deviation 1/30), the seeds side by side (side_by_side.py). Each illness is a
configuration; each remedy changes it as `diagnosis.catalogue.changes` says and starts from the same seeds. Scores, more
is better: `modes within 0.25`, of 8, that hold 1 % of the samples so near to their centre, and `steadiness`, 1 - the
mean Jensen-Shannon divergence of the modes between looks, over log 2. Against memorising, small DCGANs see forty
handwritten digits at 12 x 12: `fairness` is 1 - how far D has moved new real digits from its own towards made ones.
Effect: mean difference over the seeds with a 95 % bootstrap interval. Writes the numbers, and their summary to
src/viceversa/diagnosis/measured.json. Fixtures were chosen on seeds from 100 on.
"""

import argparse
import itertools
import json
import math
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from modes import BATCH, SAMPLES, about, make
from side_by_side import Batches

import viceversa
from viceversa.health.catalogue import CURES, REMEDIES, changes
from viceversa.health.noise_probe import NoiseProbe
from viceversa.methods.gan import GAN, GANConfig
from viceversa.methods.wgan import WGANConfig
from viceversa.metrics.clusters import jensen_shannon
from viceversa.metrics.features import distances
from viceversa.metrics.modes import modes
from viceversa.training.fit import fit
from viceversa.worlds import digits
from viceversa.worlds.gaussians import ring
from viceversa.worlds.stacked_digits import downsample

HERE = Path(__file__).parent
WORLD, NEAR = ring(deviation=1 / 30), 0.25  # so near counts: what is balanced but not yet sharp is no illness
STEPS, LOOKS, SIZE = 480, 6, 12
ALONE = ("similarity", "pool")  # they look at the samples of a whole batch, so each seed trains by itself
POINTS = GANConfig(latent=2, d_width=64)
PICTURES = GANConfig(channels=1, latent=32, width=16, d_width=32, lr_g=1e-3, lr_d=2e-3)
WASSERSTEIN = WGANConfig(latent=2, lr_g=1e-3, lr_d=1e-3, critic_turns=3, lambda_gp=0.1)


@dataclass(frozen=True)
class Fixture:
    """A training that is ill, what is scored, and remedies tried beyond those listed for the illness."""

    config: GANConfig
    score: str = "modes within 0.25"
    wave: float = 0.0  # of D, which then sees details before the whole
    more: tuple[str, ...] = ()


FIXTURES = {
    "d-wins": Fixture(
        replace(POINTS, lr_g=5e-5, lr_d=5e-3),
        more=("r1r2", "spectral", "packing", "minibatch", "wasserstein", "raise-d-rate", "lower-g-rate"),
    ),
    "g-wins": Fixture(replace(POINTS, lr_g=5e-3, lr_d=1e-5), more=("relativistic",)),
    "collapse": Fixture(
        replace(POINTS, lr_g=1e-3, lr_d=1e-4, beta1=0.9), more=("r1r2", "spectral", "ema", "smoothing", "similarity")
    ),
    "partial-collapse": Fixture(
        replace(POINTS, lr_g=1e-3, lr_d=1e-3), wave=8.0, more=("smoothing", "spectral", "pool", "instance-noise")
    ),
    "oscillation": Fixture(
        replace(POINTS, lr_g=2e-3, lr_d=5e-4, beta1=0.9), "steadiness", more=("r1r2", "spectral", "wasserstein")
    ),
    "memorising": Fixture(PICTURES, "fairness", more=("r1r2", "lower-d-rate", "smoothing", "pool")),
}


def scores(config: GANConfig | WGANConfig, fixture: Fixture, seeds: Sequence[int]) -> list[dict[str, float]]:
    """Train the seeds side by side on the ring; every score of each, of the generator as it is used."""
    torch.manual_seed(seeds[0])
    method = make(config, len(seeds), getattr(config, "d_width", 64), False, fixture.wave)
    turns = config.critic_turns if isinstance(config, WGANConfig) else 1
    z = torch.randn(len(seeds) * SAMPLES, config.latent, generator=torch.Generator().manual_seed(seeds[0]))
    looks: list[Any] = []

    def watch(step: int, losses: dict[str, Any]) -> None:
        if step > STEPS // 2 and step % (STEPS // 2 // LOOKS) == 0:
            looks.append(method.preview(z)["fake"].numpy().reshape(len(seeds), SAMPLES, 2))

    fit(method, Batches([(WORLD, 1.0)] * len(seeds), seeds, BATCH * turns), STEPS, seed=seeds[0], watch=watch)
    return [scored([look[i] for look in looks]) for i in range(len(seeds))]


def scored(looks: list[Any]) -> dict[str, float]:
    """Of one training: samples of each look, oldest first."""
    kinds = [np.bincount(distances(x, WORLD.centres).argmin(1), minlength=8) / SAMPLES for x in looks]
    swing = np.mean([jensen_shannon(a, b) for a, b in itertools.pairwise(kinds)])
    held = modes(looks[-1], WORLD.centres, NEAR / 3).held
    return {"modes within 0.25": float(held), "steadiness": round(1 - float(swing) / math.log(2), 4)}


class Few:
    """Batches of the same forty digits, by step."""

    batch_size = 32

    def __init__(self, x: torch.Tensor, seed: int) -> None:
        self.x, self.seed = x, seed

    def batch(self, step: int) -> tuple[torch.Tensor, ...]:
        return (self.x[np.random.default_rng((self.seed, step)).integers(len(self.x), size=self.batch_size)],)


def memories(config: GANConfig, seeds: Sequence[int], steps: int = 240) -> list[dict[str, float]]:
    """Train on forty pictures, each seed by itself; how fair D is to new ones."""
    found = digits.load("handwritten")
    real, held = (torch.from_numpy(downsample(x))[:, None] for x in (found.train_x[:40], found.test_x[:128]))
    told = []
    for seed in seeds:
        torch.manual_seed(seed)
        method = GAN(config, size=SIZE)
        fit(method, Few(real, seed), steps, seed=seed)
        probe = NoiseProbe(real, config.latent, held=held)
        told.append({"fairness": round(1 - min(max(probe.measure(method).signals["gap"], 0.0), 1.0), 4)})
    return told


def trained(
    config: GANConfig | WGANConfig, name: str, fixture: Fixture, seeds: Sequence[int]
) -> list[dict[str, float]]:
    """Every score of every seed."""
    if fixture.score == "fairness":
        assert isinstance(config, GANConfig)
        return memories(config, seeds)
    if name in ALONE:
        return [told for seed in seeds for told in scores(config, fixture, [seed])]
    return scores(config, fixture, seeds)


def treated(config: GANConfig, remedy: str, pictures: bool) -> GANConfig | WGANConfig | None:
    """The configuration with a remedy; none where it changes nothing, or is for networks of pictures."""
    if remedy == "wasserstein":
        return WASSERSTEIN
    found = {key.removeprefix("method."): value for key, value in changes(remedy, config).items()}
    for_pictures = "augment" in found or found.get("d_norm") == "batch"
    return replace(config, **found) if found and (pictures or not for_pictures) else None


def interval(differences: list[float]) -> tuple[float, float]:
    """95 % bootstrap interval of the mean."""
    rng = np.random.default_rng(0)
    means = rng.choice(differences, (10_000, len(differences))).mean(1)
    return float(np.percentile(means, 2.5)), float(np.percentile(means, 97.5))


def effect(
    illness: str, world: str, unit: str, found: list[dict[str, float]], without: list[dict[str, float]]
) -> dict[str, Any]:
    """Mean difference of a score, its interval, and what that says."""
    apart = [a[unit] - b[unit] for a, b in zip(found, without, strict=True)]
    low, high = interval(apart)
    verdict = "helps" if low > 0 else "harms" if high < 0 else "nothing"
    told = {"symptom": illness, "world": world, "n": len(found), "effect": round(float(np.mean(apart)), 2)}
    return told | {"low": round(low, 2), "high": round(high, 2), "unit": unit, "verdict": verdict}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--illnesses", nargs="*", choices=FIXTURES, default=list(FIXTURES))
    parser.add_argument("--only", nargs="*", choices=REMEDIES, default=list(REMEDIES))
    parser.add_argument("--out", type=Path, default=HERE / "results" / "remedies.json")
    a = parser.parse_args()
    torch.set_num_threads(1)
    seeds = range(a.first, a.first + a.seeds)
    settings = {"steps": STEPS, "batch": BATCH, **{n: asdict(f) for n, f in FIXTURES.items()}}
    settings = json.loads(json.dumps(settings))  # as it is read back
    before = json.loads(a.out.read_text()) if a.out.exists() else {}
    rows: list[dict[str, Any]] = before["rows"] if before.get("settings") == settings else []
    for illness in a.illnesses:
        rows = [row for row in rows if row["illness"] != illness or row["remedy"] not in (None, *a.only)]
        fixture = FIXTURES[illness]
        without = trained(fixture.config, "", fixture, seeds)
        rows.append({"illness": illness, "remedy": None, "unit": fixture.score, "runs": without})
        print(illness, without, flush=True)
        for name in dict.fromkeys(n for n in [*CURES.get(illness, ()), *fixture.more] if n in a.only):
            if (changed := treated(fixture.config, name, fixture.score == "fairness")) is None:
                continue
            found = trained(changed, name, fixture, seeds)
            world = "forty digits" if fixture.score == "fairness" else "ring of 8"
            told = effect(illness, world, fixture.score, found, without)
            rows.append({"illness": illness, "remedy": name, "runs": found, **told})
            print(round(time.process_time()), name, told, flush=True)
            a.out.write_text(json.dumps({"about": about(), "settings": settings, "rows": rows}, indent=1) + "\n")
    if a.first == 0:
        write_summary()


def write_summary() -> None:
    """What the catalogue tells of each remedy, from the figures of this file and of fixture_remedies.py."""
    summary: dict[str, list[dict[str, Any]]] = {}
    paths = [HERE / "results" / f"{name}.json" for name in ("remedies", "fixture_remedies")]
    for row in (row for path in paths if path.exists() for row in json.loads(path.read_text())["rows"]):
        if row["remedy"]:
            told = {key: value for key, value in row.items() if key not in ("illness", "remedy", "runs")}
            summary.setdefault(row["remedy"], []).append(told)
    path = Path(viceversa.__file__).parent / "diagnosis" / "measured.json"
    path.write_text(json.dumps(summary, indent=1) + "\n")


if __name__ == "__main__":
    main()
