"""Does the monitor name what a run suffers from? A library of sick and healthy trainings, each from several seeds.

    python benchmarks/health.py [--cases NAME ...] [--seeds 10] [--first 0] [--jobs 2] [--keep DIR] [--out FILE]

Every case is an ordinary `train` of a minute or less on a world drawn by code or on scikit-learn's handwritten
digits. A sick run counts as named when its illness is among the alarms before half of its steps; a healthy run counts
as a false alarm when there is any alarm at all, at any time. Thresholds were chosen on seeds 100 and above. Cases
that are not asked for keep the figures that the file has.
"""

import argparse
import json
import os
import platform
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from PIL import Image, ImageOps

import viceversa
from viceversa.errors import DivergedError
from viceversa.hardware.device import processor_name
from viceversa.health.history import HistoryContext
from viceversa.health.symptoms import examine
from viceversa.runs.folder import RunFolder
from viceversa.training.train import train
from viceversa.worlds import digits

HERE = Path(__file__).parent
NOISE = ("method.width=16", "method.d_width=16", "method.depth=1", "train.batch=64")
TRANSLATE = (
    "method.width=8", "method.blocks=2", "method.d_width=16", "method.ema=0.98", "method.lr_g=5e-4", "method.lr_d=5e-4",
    "train.batch=4",
)  # fmt: skip
REFERENCE = (*TRANSLATE, "method.generator=resnet", "method.upsampling=transposed")
HEALTHY_SEEDS = 3  # of each healthy case, of which there are ten
ALWAYS = ("train.threads=1", "train.samples=0")


@dataclass(frozen=True)
class Case:
    """One way to train; `illness` is what it leads to, none for a healthy one."""

    illness: str | None
    preset: str
    world: str
    change: tuple[str, ...] = ()
    steps: int = 600
    size: int = 28


def noise(illness: str | None, *change: str, world: str = "digits", preset: str = "dcgan") -> Case:
    return Case(illness, preset, world, (*NOISE, *change))


def pictures(illness: str | None, *change: str, world: str = "orchard", base: tuple[str, ...] = TRANSLATE) -> Case:
    return Case(illness, "quickstart", world, (*base, *change), 800, 32)


STEADY = ("method.d_norm=none", "method.loss=relativistic", "method.r1=1", "method.r2=1")
CASES = {
    "imbalance": noise("d-wins", "method.lr_g=2e-5", "method.lr_d=5e-3"),
    "fast generator": noise("g-wins", "method.lr_g=5e-3", "method.lr_d=1e-5"),
    "high rates": noise("collapse", "method.d_norm=none", "method.lr_g=5e-3", "method.lr_d=1e-3", "method.beta1=0.9"),
    "very high rates": noise(
        "collapse", "method.d_norm=none", "method.lr_g=2e-2", "method.lr_d=1e-3", "method.beta1=0.9"
    ),
    "one number of noise": noise("oscillation", "method.latent=1"),
    "two numbers of noise": noise("partial-collapse", "method.latent=2"),
    "forty pictures": noise("memorising", "method.d_width=32", "method.lr_d=2e-3", world="forty"),
    "absurd rate": noise("non-finite", "method.lr_g=1e20", "method.loss=lsgan"),
    "no cycle": pictures("input-ignored", "method.lambda_cyc=0", "method.lr_g=2e-3", world="labels", base=REFERENCE),
    "heavy cycle": pictures("nothing-translated", "method.lambda_cyc=200"),
    "negatives": pictures("inversion", world="film", base=REFERENCE),
    "transposed": pictures("checkerboard", "method.lambda_cyc=1", "method.lr_g=5e-3", base=REFERENCE),
    "grey": pictures(
        "good-cycle-bad-output",
        "method.blocks=1",
        "method.lambda_cyc=20",
        "method.lr_g=1e-3",
        "method.lr_d=1e-3",
        world="grey",
    ),
    "healthy nonsaturating": noise(None),
    "healthy lsgan": noise(None, "method.loss=lsgan"),
    "healthy relativistic": noise(None, *STEADY),
    "healthy smoothed": noise(None, "method.smoothing=0.1", "method.noise=0.1"),
    "healthy penalty": noise(None, preset="wgan-gp"),
    "healthy clipping": noise(None, "train.batch=66", preset="wgan"),
    "healthy orchard": pictures(None),
    "healthy seasons": pictures(None, world="seasons"),
    "healthy facades": pictures(None, world="facades"),
    "healthy pairs": Case(None, "pix2pix-quick", "pairs", TRANSLATE, 800, 32),
}


def draw(worlds: Path) -> None:
    """Every world that the cases train on."""
    found = digits.load("handwritten")
    digits.write(found, worlds / "digits")
    for name, sizes in {"orchard": {}, "seasons": {}, "facades": {}, "labels": {"domains": ("day", "labels")}}.items():
        world = name if name != "labels" else "facades"
        viceversa.data.make(world, worlds / name, count=120, size=32, seed=1, **sizes)
    viceversa.data.make("facades", worlds / "pairs", count=120, size=32, seed=1, paired=True)
    shutil.copytree(worlds / "digits", worlds / "forty")
    for path in (worlds / "forty" / "train").rglob("*.png"):
        if int(path.stem) % 36:
            path.unlink()
    film(worlds / "digits", worlds / "film")
    shutil.copytree(worlds / "orchard", worlds / "grey")
    for path in [p for part in ("trainB", "testB") for p in (worlds / "grey" / part).glob("*.png")]:
        ImageOps.grayscale(Image.open(path)).convert("RGB").save(path)


def film(digits_folder: Path, out: Path) -> None:
    """White digits on black as domain A, others black on white as B: a translator must invert."""
    for part, count in (("train", 240), ("test", 40)):
        paths = sorted((digits_folder / part).rglob("*.png"))
        for i, path in enumerate(paths[:: len(paths) // count][:count]):
            folder = out / f"{part}{'AB'[i % 2]}"
            folder.mkdir(parents=True, exist_ok=True)
            picture = Image.open(path).convert("L").resize((32, 32), Image.Resampling.BICUBIC)
            (ImageOps.invert(picture) if i % 2 else picture).convert("RGB").save(folder / f"{i}.png")


def train_case(
    name: str, seed: int, worlds: Path, out: Path, *, steps: int | None = None, change: Sequence[str] = (),
    on_symptom: str = "watch",
) -> bool:  # fmt: skip
    """Train one case from one seed into `out`, with further changes; whether it came to its end."""
    torch.set_num_threads(1)
    case = CASES[name]
    try:
        train(
            worlds / case.world, out=out, preset=case.preset, size=case.size, steps=steps or case.steps, seed=seed,
            device="cpu", precision="fp32", quiet=True, set=[*case.change, *change, *ALWAYS], on_symptom=on_symptom,
        )  # fmt: skip
    except DivergedError:
        return False
    return True


def run(name: str, seed: int, worlds: Path, keep: Path) -> dict[str, Any]:
    """Train one case from one seed; what was said of it, and when."""
    out, start = keep / f"{name.replace(' ', '-')}-{seed}", time.monotonic()
    shutil.rmtree(out, ignore_errors=True)
    train_case(name, seed, worlds, out)
    shutil.rmtree(out / "checkpoints", ignore_errors=True)
    return judged(name, seed, out) | {"seconds": round(time.monotonic() - start, 1)}


def judged(name: str, seed: int, out: Path) -> dict[str, Any]:
    """The alarms of a finished run, each with the step it was first given, by the rules as they are now."""
    case, folder = CASES[name], RunFolder(out)
    facts = HistoryContext.of(folder.config().method, folder.data()["names"], case.steps)
    lines = folder.read_lines(folder.health)
    history = [{"step": line["step"], **line["signals"]} for line in lines]
    alarms: dict[str, int] = {}
    for i, line in enumerate(lines, 1):
        said = examine(history[:i], facts)
        names = [v.symptom for v in said if v.level == "alarm"]
        names += [s["symptom"] for s in line["symptoms"] if s["symptom"] == "non-finite"]
        for symptom in names:
            alarms.setdefault(symptom, line["step"])
    named = alarms.get(case.illness or "", case.steps + 1) <= case.steps / 2
    return {"case": name, "illness": case.illness, "seed": seed, "alarms": alarms, "named": named, "steps": case.steps}


def summary(rows: list[dict[str, Any]]) -> list[str]:
    """One line per case."""
    told = []
    for name in CASES:
        mine = [row for row in rows if row["case"] == name]
        if mine:
            counts: dict[str, int] = {}
            for symptom in (s for row in mine for s in row["alarms"]):
                counts[symptom] = counts.get(symptom, 0) + 1
            clean = sum(row["named"] if row["illness"] else not row["alarms"] for row in mine)
            told.append(f"{name:<24} {mine[0]['illness'] or 'healthy':<22} {clean}/{len(mine)}  {counts}")
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="*", choices=CASES, default=list(CASES))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=None)
    parser.add_argument("--again", action="store_true", help="judge the runs in --keep anew, train nothing")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "health.json")
    a = parser.parse_args()
    keep = a.keep or Path(mkdtemp())
    worlds = keep / "worlds"
    if not worlds.exists():
        draw(worlds)
    seeds = {name: a.seeds if CASES[name].illness else min(a.seeds, HEALTHY_SEEDS) for name in a.cases}
    jobs = [(name, seed) for name in a.cases for seed in range(a.first, a.first + seeds[name])]
    before = json.loads(a.out.read_text())["rows"] if a.out.exists() else []
    rows = [row for row in before if row["case"] not in a.cases]
    if a.again:
        places = {job: keep / f"{job[0].replace(' ', '-')}-{job[1]}" for job in jobs}
        rows += [judged(*job, place) for job, place in places.items() if (place / "health.jsonl").exists()]
    else:
        with ProcessPoolExecutor(a.jobs) as pool:
            for row in pool.map(run, *zip(*jobs, strict=True), [worlds] * len(jobs), [keep] * len(jobs)):
                rows.append(row)
                print(row, flush=True)
    rows.sort(key=lambda row: list(CASES).index(row["case"]))
    print("\n".join(summary(rows)))
    about = {"processor": processor_name(), "python": platform.python_version(), "torch": torch.__version__}
    about |= {"viceversa": viceversa.__version__, "date": time.strftime("%F")}
    a.out.write_text(json.dumps({"about": about, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
