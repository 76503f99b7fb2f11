"""The effect of each remedy of the catalogue on the symptoms that it is listed for: the same seeds with and without it.

    python benchmarks/remedies.py [--seeds 10] [--first 0] [--symptoms NAME ...] [--only NAME ...] [--out FILE]

Perceptrons on a ring of eight Gaussians (deviation 1/30), the seeds side by side (side_by_side.py). Each symptom has a
configuration; each remedy changes it as `health.catalogue.changes` says and starts from the same seeds. Scores, higher
is better: `modes within 0.25`, the number of the 8 modes that hold 1 % of the samples within that distance, and
`steadiness`, 1 - the mean Jensen-Shannon divergence of the modes between checks, over log 2. For memorising, small
DCGANs train on forty handwritten digits at 12 x 12: `fairness` is 1 - the share of the gap between training and
generated digits by which D places held-out digits away from the training digits. Effect: mean difference over the seeds
with a 95 % bootstrap interval. Writes the numbers, and their summary to src/viceversa/health/measured.json.
Configurations were chosen on seeds from 100 on.
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
RING, NEAR = ring(deviation=1 / 30), 0.25  # within NEAR of a centre counts: balanced but blurred is no symptom
STEPS, CHECKS, SIZE = 480, 6, 12
SINGLE = ("similarity", "pool")  # they use all samples of a batch, so each seed trains in a batch of its own
POINTS = GANConfig(latent=2, d_width=64)
PICTURES = GANConfig(channels=1, latent=32, width=16, d_width=32, lr_g=1e-3, lr_d=2e-3)
WASSERSTEIN = WGANConfig(latent=2, lr_g=1e-3, lr_d=1e-3, critic_turns=3, lambda_gp=0.1)


@dataclass(frozen=True)
class Fixture:
    """A failing training, its score, and remedies that are tried besides those listed for the symptom."""

    config: GANConfig
    score: str = "modes within 0.25"
    wave: float = 0.0  # of D, which then learns details first
    more: tuple[str, ...] = ()


FIXTURES = {
    "d-wins": Fixture(
        replace(POINTS, lr_g=5e-5, lr_d=5e-3),
        more=(
            "balance-rates",
            "raise-g-rate",
            "smaller-d",
            "more-g-turns",
            "smoothing",
            "minibatch",
            "wasserstein",
            "raise-d-rate",
            "lower-g-rate",
        ),
    ),
    "g-wins": Fixture(
        replace(POINTS, lr_g=5e-3, lr_d=1e-5), more=("raise-d-rate", "more-d-turns", "lower-g-rate", "relativistic")
    ),
    "collapse": Fixture(
        replace(POINTS, lr_g=1e-3, lr_d=1e-4, beta1=0.9),
        more=("balance-rates", "wasserstein", "spectral", "ema", "smoothing"),
    ),
    "partial-collapse": Fixture(
        replace(POINTS, lr_g=1e-3, lr_d=1e-3),
        wave=8.0,
        more=("minibatch", "packing", "similarity", "wasserstein", "smoothing", "spectral", "pool"),
    ),
    "oscillation": Fixture(
        replace(POINTS, lr_g=2e-3, lr_d=5e-4, beta1=0.9),
        "steadiness",
        more=("halve-rates", "pool", "spectral", "wasserstein"),
    ),
    "memorising": Fixture(
        PICTURES, "fairness", more=("smaller-d", "instance-noise", "r1r2", "lower-d-rate", "smoothing")
    ),
}


def train_on_ring(config: GANConfig | WGANConfig, fixture: Fixture, seeds: Sequence[int]) -> list[dict[str, float]]:
    """Train the seeds side by side on the ring; the scores of each, of its averaged generator."""
    torch.manual_seed(seeds[0])
    method = make(config, len(seeds), getattr(config, "d_width", 64), False, fixture.wave)
    turns = config.critic_turns if isinstance(config, WGANConfig) else 1
    z = torch.randn(len(seeds) * SAMPLES, config.latent, generator=torch.Generator().manual_seed(seeds[0]))
    checks: list[Any] = []

    def watch(step: int, losses: dict[str, Any]) -> None:
        if step > STEPS // 2 and step % (STEPS // 2 // CHECKS) == 0:
            checks.append(method.preview(z)["fake"].numpy().reshape(len(seeds), SAMPLES, 2))

    fit(method, Batches([(RING, 1.0)] * len(seeds), seeds, BATCH * turns), STEPS, seed=seeds[0], watch=watch)
    return [score_samples([samples[i] for samples in checks]) for i in range(len(seeds))]


def score_samples(checks: list[Any]) -> dict[str, float]:
    """Scores of one training from its samples (SAMPLES, 2) at each check, oldest first."""
    shares = [np.bincount(distances(x, RING.centres).argmin(1), minlength=8) / SAMPLES for x in checks]
    divergence = np.mean([jensen_shannon(a, b) for a, b in itertools.pairwise(shares)])
    held = modes(checks[-1], RING.centres, NEAR / 3).held
    return {"modes within 0.25": float(held), "steadiness": round(1 - float(divergence) / math.log(2), 4)}


class FewDigits:
    """Batches of the same forty digits."""

    batch_size = 32

    def __init__(self, x: torch.Tensor, seed: int) -> None:
        self.x, self.seed = x, seed

    def batch(self, step: int) -> tuple[torch.Tensor, ...]:
        return (self.x[np.random.default_rng((self.seed, step)).integers(len(self.x), size=self.batch_size)],)


def train_on_few_digits(config: GANConfig, seeds: Sequence[int], steps: int = 240) -> list[dict[str, float]]:
    """Train on forty digits, each seed separately; the fairness of D towards held-out ones."""
    data = digits.load("handwritten")
    real, held = (torch.from_numpy(downsample(x))[:, None] for x in (data.train_x[:40], data.test_x[:128]))
    scores = []
    for seed in seeds:
        torch.manual_seed(seed)
        method = GAN(config, size=SIZE)
        fit(method, FewDigits(real, seed), steps, seed=seed)
        probe = NoiseProbe(real, config.latent, held=held)
        gap = min(max(probe.measure(method).signals["gap"], 0.0), 1.0)
        scores.append({"fairness": round(1 - gap, 4)})
    return scores


def train_seeds(
    config: GANConfig | WGANConfig, name: str, fixture: Fixture, seeds: Sequence[int]
) -> list[dict[str, float]]:
    """Train every seed; the scores of each."""
    if fixture.score == "fairness":
        assert isinstance(config, GANConfig)
        return train_on_few_digits(config, seeds)
    if name in SINGLE:
        return [train_on_ring(config, fixture, [seed])[0] for seed in seeds]
    return train_on_ring(config, fixture, seeds)


def with_remedy(config: GANConfig, remedy: str, images: bool) -> GANConfig | WGANConfig | None:
    """The configuration with a remedy; None where it changes nothing or needs networks of images."""
    if remedy == "wasserstein":
        return WASSERSTEIN
    changed = {key.removeprefix("method."): value for key, value in changes(remedy, config).items()}
    for_images = "augment" in changed or changed.get("d_norm") == "batch"
    if not changed or (for_images and not images):
        return None
    return replace(config, **changed)


def interval(differences: list[float]) -> tuple[float, float]:
    """95 % bootstrap interval of the mean."""
    rng = np.random.default_rng(0)
    means = rng.choice(differences, (10_000, len(differences))).mean(1)
    return float(np.percentile(means, 2.5)), float(np.percentile(means, 97.5))


def effect(
    symptom: str, world: str, unit: str, treated: list[dict[str, float]], without: list[dict[str, float]]
) -> dict[str, Any]:
    """Mean difference of the score `unit` over the seeds, its interval, and the verdict."""
    differences = [a[unit] - b[unit] for a, b in zip(treated, without, strict=True)]
    low, high = interval(differences)
    verdict = "nothing"
    if low > 0:
        verdict = "helps"
    elif high < 0:
        verdict = "harms"
    return {
        "symptom": symptom,
        "world": world,
        "n": len(treated),
        "effect": round(float(np.mean(differences)), 2),
        "low": round(low, 2),
        "high": round(high, 2),
        "unit": unit,
        "verdict": verdict,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--symptoms", nargs="*", choices=FIXTURES, default=list(FIXTURES))
    parser.add_argument("--only", nargs="*", choices=REMEDIES, default=list(REMEDIES))
    parser.add_argument("--out", type=Path, default=HERE / "results" / "remedies.json")
    a = parser.parse_args()
    torch.set_num_threads(1)
    seeds = range(a.first, a.first + a.seeds)
    settings = {"steps": STEPS, "batch": BATCH, **{n: asdict(f) for n, f in FIXTURES.items()}}
    settings = json.loads(json.dumps(settings))  # tuples become lists, as in the file
    previous = json.loads(a.out.read_text()) if a.out.exists() else {}
    rows: list[dict[str, Any]] = previous["rows"] if previous.get("settings") == settings else []
    for symptom in a.symptoms:
        rows = [row for row in rows if row["illness"] != symptom or row["remedy"] not in (None, *a.only)]
        fixture = FIXTURES[symptom]
        on_images = fixture.score == "fairness"
        world = "forty digits" if on_images else "ring of 8"
        without = train_seeds(fixture.config, "", fixture, seeds)
        rows.append({"illness": symptom, "remedy": None, "unit": fixture.score, "runs": without})
        print(symptom, without, flush=True)
        for name in dict.fromkeys(n for n in [*CURES.get(symptom, ()), *fixture.more] if n in a.only):
            changed = with_remedy(fixture.config, name, on_images)
            if changed is None:
                continue
            treated = train_seeds(changed, name, fixture, seeds)
            summary = effect(symptom, world, fixture.score, treated, without)
            rows.append({"illness": symptom, "remedy": name, "runs": treated, **summary})
            print(round(time.process_time()), name, summary, flush=True)
            a.out.write_text(json.dumps({"about": about(), "settings": settings, "rows": rows}, indent=1) + "\n")
    if a.first == 0:
        write_summary()


def rates_on_images() -> dict[str, Any]:
    """The effect of proven rates where D wins against a DCGAN: the trainings of treat.py, watched and treated."""
    rows = [
        row for row in json.loads((HERE / "results" / "treat.json").read_text())["rows"] if row["case"] == "imbalance"
    ]
    assert all(row["treated"]["remedies"] == ["proven-rates"] for row in rows)
    treated, watched = ([row[way] for row in rows] for way in ("treated", "watched"))
    return {"remedy": "proven-rates", **effect("d-wins", "imbalance", "coverage", treated, watched)}


def write_summary() -> None:
    """Write the measured effects that the catalogue cites: of this file, fixture_remedies.py and treat.py."""
    summary: dict[str, list[dict[str, Any]]] = {}
    paths = [HERE / "results" / f"{name}.json" for name in ("remedies", "fixture_remedies")]
    rows = [row for path in paths if path.exists() for row in json.loads(path.read_text())["rows"]]
    for row in [*rows, rates_on_images()]:
        if row["remedy"]:
            measured = {key: value for key, value in row.items() if key not in ("illness", "remedy", "runs")}
            summary.setdefault(row["remedy"], []).append(measured)
    path = Path(viceversa.__file__).parent / "health" / "measured.json"
    path.write_text(json.dumps(summary, indent=1) + "\n")


if __name__ == "__main__":
    main()
