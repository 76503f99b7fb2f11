"""What each remedy of the catalogue does against the illnesses that it is listed for, with paired seeds.

    python benchmarks/remedies.py [--seeds 10] [--illnesses NAME ...] [--first 0] [--out FILE]

Small DCGANs on scikit-learn's handwritten digits at 12 x 12. Each illness is a configuration; each remedy changes it as
`diagnosis.catalogue.changes` says and starts from the same seed. What is scored is the generator as it is used, against
real digits: `coverage` (share of real digits near a made one), `steadiness` (1 - the mean Jensen-Shannon divergence of
the kinds of digit between looks, over log 2) or `fairness` (1 - how far D has moved new real digits towards made ones).
More is better everywhere. Effect: mean difference over the seeds, with a 95 % bootstrap interval. Writes the numbers, and
their summary to src/viceversa/diagnosis/measured.json. Fixtures were chosen on seeds from 100 on.
"""

import argparse
import json
import math
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from modes import about

import viceversa
from viceversa.data import digits
from viceversa.data.stacks import small
from viceversa.diagnosis.catalogue import CURES, REMEDIES, changes
from viceversa.diagnosis.probe import NoiseProbe
from viceversa.methods.gan import GAN, GANConfig
from viceversa.methods.wgan import WGAN, WGANConfig
from viceversa.metrics.clusters import jensen_shannon
from viceversa.training.fit import fit

HERE = Path(__file__).parent
SIZE, BATCH, STEPS, LOOKS = 12, 64, 300, 6
START = GANConfig(channels=1, latent=32, width=16, d_width=16, lr_g=1e-3, lr_d=1e-3)
WASSERSTEIN = WGANConfig(channels=1, latent=32, width=16, d_width=16, critic_turns=2, lr_g=1e-3, lr_d=1e-3)


@dataclass(frozen=True)
class Fixture:
    """A training that is ill, what is scored, and remedies tried beyond those listed for the illness."""

    config: GANConfig
    score: str = "coverage"
    count: int | None = None  # of the real digits; all
    more: tuple[str, ...] = ()


STABLE = ("r1r2", "spectral", "augment", "pool", "ema")
FIXTURES = {
    "healthy": Fixture(START, more=("packing", "minibatch", "similarity", *STABLE, "relativistic", "wasserstein")),
    "d-wins": Fixture(replace(START, lr_g=1e-4, lr_d=2e-2), more=("r1r2", "spectral", "augment")),
    "g-wins": Fixture(replace(START, lr_g=5e-3, lr_d=1e-5), more=("relativistic",)),
    "collapse": Fixture(replace(START, d_norm="none", lr_g=1e-2, lr_d=1e-3, beta1=0.9), more=STABLE),
    "partial-collapse": Fixture(replace(START, latent=2), more=("augment", "ema")),
    "oscillation": Fixture(replace(START, lr_g=4e-3, lr_d=1e-3, beta1=0.9), "steadiness"),
    "memorising": Fixture(replace(START, d_width=32, lr_d=2e-3), "fairness", 40, ("r1r2",)),
}


class Real:
    """Batches of the real digits, by step."""

    batch_size = BATCH

    def __init__(self, x: torch.Tensor, seed: int) -> None:
        self.x, self.seed = x, seed

    def batch(self, step: int) -> tuple[torch.Tensor, ...]:
        return (self.x[np.random.default_rng((self.seed, step)).integers(len(self.x), size=BATCH)],)


class Used:
    """A method seen by a probe as it is used: with its averaged generator."""

    def __init__(self, method: GAN | WGAN) -> None:
        D = list(method.nets.values())[1]
        self.nets, self.view = {"G": method.average.nets["G"], "D": D}, getattr(method, "view", None)
        if self.view is None:
            del self.view


def scores(config: GANConfig | WGANConfig, count: int | None, seed: int, data: Any) -> dict[str, float]:
    """Train; every score of the end."""
    real, held = data
    x = real if count is None else real[:count]
    torch.manual_seed(seed)
    method = WGAN(config, size=SIZE) if isinstance(config, WGANConfig) else GAN(config, size=SIZE)
    probe = NoiseProbe(real, config.latent, held=held if count else None)
    seen: list[dict[str, Any]] = []

    def watch(step: int, losses: dict[str, Any]) -> None:
        if step % (STEPS // (2 * LOOKS)) == 0 and step > STEPS // 2:
            seen.append(probe(Used(method)).signals)

    fit(method, Real(x, seed), STEPS, seed=seed, watch=watch)
    kinds = [np.array(look["shares"]) for look in seen]
    swing = np.mean([jensen_shannon(a, b) for a, b in zip(kinds, kinds[1:], strict=False)])
    gap = min(max(seen[-1].get("gap", 0.0), 0.0), 1.0)
    return {"coverage": seen[-1]["coverage"], "steadiness": 1 - float(swing) / math.log(2), "fairness": 1 - gap}


def treated(config: GANConfig, remedy: str) -> GANConfig | WGANConfig | None:
    """The configuration with a remedy; none where it changes nothing."""
    if remedy == "wasserstein":
        return replace(WASSERSTEIN, latent=config.latent)
    found = {key.removeprefix("method."): value for key, value in changes(remedy, config).items()}
    return replace(config, **found) if found else None


def interval(differences: list[float]) -> tuple[float, float]:
    """95 % bootstrap interval of the mean."""
    dice = np.random.default_rng(0)
    means = dice.choice(differences, (10_000, len(differences))).mean(1)
    return float(np.percentile(means, 2.5)), float(np.percentile(means, 97.5))


def effect(illness: str, fixture: Fixture, found: list[float], without: list[float]) -> dict[str, Any]:
    """Mean difference, its interval, and what that says."""
    apart = [a - b for a, b in zip(found, without, strict=True)]
    low, high = interval(apart)
    verdict = "helps" if low > 0 else "harms" if high < 0 else "nothing"
    told = {"symptom": illness, "world": "digits, 12 px", "n": len(found), "effect": round(float(np.mean(apart)), 3)}
    return told | {"low": round(low, 3), "high": round(high, 3), "unit": fixture.score, "verdict": verdict}


def load() -> tuple[torch.Tensor, torch.Tensor]:
    """Digits to train on and others, (N, 1, 12, 12) in [-1, 1]."""
    found = digits.load("handwritten")
    real, held = (torch.from_numpy(small(x))[:, None] for x in (found.train_x, found.test_x))
    return real, held[:128]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--illnesses", nargs="*", choices=FIXTURES, default=list(FIXTURES))
    parser.add_argument("--out", type=Path, default=HERE / "results" / "remedies.json")
    a = parser.parse_args()
    torch.set_num_threads(1)
    data, seeds, start = load(), range(a.first, a.first + a.seeds), time.process_time()
    rows: list[dict[str, Any]] = []
    summary: dict[str, list[dict[str, Any]]] = {}
    for illness in a.illnesses:
        fixture = FIXTURES[illness]
        without = [scores(fixture.config, fixture.count, seed, data) for seed in seeds]
        rows.append({"illness": illness, "remedy": None, "unit": fixture.score, "runs": without})
        print(rows[-1], flush=True)
        for name in dict.fromkeys([*CURES.get(illness, ()), *fixture.more]):
            if (changed := treated(fixture.config, name)) is None:
                continue
            found = [scores(changed, fixture.count, seed, data) for seed in seeds]
            told = effect(illness, fixture, *([run[fixture.score] for run in runs] for runs in (found, without)))
            summary.setdefault(name, []).append(told)
            rows.append({"illness": illness, "remedy": name, "runs": found, **told})
            print(round(time.process_time() - start), name, told, flush=True)
            settings = {"steps": STEPS, "batch": BATCH, **{n: asdict(f) for n, f in FIXTURES.items()}}
            a.out.write_text(json.dumps({"about": about(), "settings": settings, "rows": rows}, indent=1) + "\n")
            if a.first == 0:
                package = Path(viceversa.__file__).parent
                (package / "diagnosis" / "measured.json").write_text(json.dumps(summary, indent=1) + "\n")


if __name__ == "__main__":
    main()
