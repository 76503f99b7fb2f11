"""The losses of CycleGAN taken apart, on two worlds with labels: who is nearest to the truth, and who only looks it?

    python benchmarks/evaluation.py train --folder DIR    # every run; what is there is left, what was cut goes on
    python benchmarks/evaluation.py judge --folder DIR    # viceversa evaluate on each, JSON into benchmarks/results/

`facades` (labels and day, drawn paired, used unpaired but by pix2pix: the part Cityscapes plays in the paper) and
`seasons` (summer and winter). Every method has the networks of `quickstart` and as many steps, but for `cyclegan`: the
paper's own networks and recipe, a fifth as many steps, which still take twice as long. One core each, last checkpoint.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import viceversa

SIZE, COUNT, TEST, STEPS = 64, 400, 300, 1000
WORLDS = {"facades": ("labels", "day"), "seasons": ("summer", "winter")}
METHODS: dict[str, tuple[str, tuple[str, ...], int]] = {  # preset, changes, steps
    "quickstart": ("quickstart", (), STEPS),
    "pix2pix": ("pix2pix-quick", (), STEPS),
    "GAN only": ("quickstart", ("method.lambda_cyc=0",), STEPS),
    "cycle only": ("quickstart", ("method.lambda_gan=0",), STEPS),
    "cyclegan": ("cyclegan", (), STEPS // 5),
}
LEAN = ("train.probes=0", "train.samples=1", "train.threads=1", "train.log_every=50")


@dataclass(frozen=True)
class Trial:
    """One training."""

    world: str
    method: str
    seed: int

    @property
    def name(self) -> str:
        return f"{self.world}-{self.method.replace(', ', '-').replace(' ', '-')}-{self.seed}"


def trials(seeds: int) -> Iterator[Trial]:
    """Every training: all worlds and methods of one seed before the next."""
    for seed in range(seeds):
        for world in WORLDS:
            for method in METHODS:
                yield Trial(world, method, seed)


def data(folder: Path, world: str) -> Path:
    """A world's pictures, drawn once."""
    return_to = folder / "worlds" / world
    viceversa.data.make(world, return_to, count=COUNT, test=TEST, size=SIZE, seed=1, domains=WORLDS[world], paired=True)
    return return_to


def train(folder: Path, seeds: int) -> None:
    """Every run, as the command line would make it."""
    for trial in trials(seeds):
        preset, changes, steps = METHODS[trial.method]
        viceversa.train(
            data(folder, trial.world), out=folder / trial.name, preset=preset, size=SIZE, steps=steps, seed=trial.seed,
            device="cpu", set=(*changes, *LEAN), quiet=True,
        )  # fmt: skip
        print(trial.name, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stage", choices=["train"])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    train(args.folder, args.seeds)


if __name__ == "__main__":
    main()
