"""Whether the health monitor names the symptom of a failing run: a library of failing and healthy trainings.

    python benchmarks/health.py [--cases NAME ...] [--seeds 10] [--first 0] [--jobs 2] [--keep DIR] [--out FILE]

Every case is an ordinary `train` of a minute or less, from several seeds, on a drawn world or on scikit-learn's
handwritten digits. A failing run counts as named when its symptom raises an alarm in the first half of its steps; a
healthy run counts as a false alarm when it has any alarm at any time. Thresholds were chosen on seeds 100 and above.
Cases that are not requested keep their rows in the file.
"""

import argparse
import json
import os
import platform
import shutil
import time
from collections import Counter
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
    "method.width=8",
    "method.blocks=2",
    "method.d_width=16",
    "method.ema=0.98",
    "method.lr_g=5e-4",
    "method.lr_d=5e-4",
    "train.batch=4",
)
REFERENCE = (*TRANSLATE, "method.generator=resnet", "method.upsampling=transposed")
HEALTHY_SEEDS = 3  # of each of the ten healthy cases
ALWAYS = ("train.threads=1", "train.samples=0")


@dataclass(frozen=True)
class Case:
    """A training; `symptom` is what it leads to, None for a healthy one."""

    symptom: str | None
    preset: str
    world: str
    change: tuple[str, ...] = ()
    steps: int = 600
    size: int = 28


def noise_case(symptom: str | None, *change: str, world: str = "digits", preset: str = "dcgan") -> Case:
    """A GAN on digits."""
    return Case(symptom, preset, world, (*NOISE, *change))


def translation_case(
    symptom: str | None, *change: str, world: str = "orchard", base: tuple[str, ...] = TRANSLATE
) -> Case:
    """A translator."""
    return Case(symptom, "quickstart", world, (*base, *change), 800, 32)


STEADY = ("method.d_norm=none", "method.loss=relativistic", "method.r1=1", "method.r2=1")
CASES = {
    "imbalance": noise_case("d-wins", "method.lr_g=2e-5", "method.lr_d=5e-3"),
    "fast generator": noise_case("g-wins", "method.lr_g=5e-3", "method.lr_d=1e-5"),
    "high rates": noise_case(
        "collapse", "method.d_norm=none", "method.lr_g=5e-3", "method.lr_d=1e-3", "method.beta1=0.9"
    ),
    "very high rates": noise_case(
        "collapse", "method.d_norm=none", "method.lr_g=2e-2", "method.lr_d=1e-3", "method.beta1=0.9"
    ),
    "one number of noise": noise_case("oscillation", "method.latent=1"),
    "two numbers of noise": noise_case("partial-collapse", "method.latent=2"),
    "forty pictures": noise_case("memorising", "method.d_width=32", "method.lr_d=2e-3", world="forty"),
    "absurd rate": noise_case("non-finite", "method.lr_g=1e20", "method.loss=lsgan"),
    "no cycle": translation_case(
        "input-ignored", "method.lambda_cyc=0", "method.lr_g=2e-3", world="labels", base=REFERENCE
    ),
    "heavy cycle": translation_case("nothing-translated", "method.lambda_cyc=200"),
    "negatives": translation_case("inversion", world="film", base=REFERENCE),
    "transposed": translation_case("checkerboard", "method.lambda_cyc=1", "method.lr_g=5e-3", base=REFERENCE),
    "grey": translation_case(
        "good-cycle-bad-output",
        "method.blocks=1",
        "method.lambda_cyc=20",
        "method.lr_g=1e-3",
        "method.lr_d=1e-3",
        world="grey",
    ),
    "healthy nonsaturating": noise_case(None),
    "healthy lsgan": noise_case(None, "method.loss=lsgan"),
    "healthy relativistic": noise_case(None, *STEADY),
    "healthy smoothed": noise_case(None, "method.smoothing=0.1", "method.noise=0.1"),
    "healthy penalty": noise_case(None, preset="wgan-gp"),
    "healthy clipping": noise_case(None, "train.batch=66", preset="wgan"),
    "healthy orchard": translation_case(None),
    "healthy seasons": translation_case(None, world="seasons"),
    "healthy facades": translation_case(None, world="facades"),
    "healthy pairs": Case(None, "pix2pix-quick", "pairs", TRANSLATE, 800, 32),
}


def make_datasets(worlds: Path) -> None:
    """Write every dataset that the cases train on."""
    digits.write(digits.load("handwritten"), worlds / "digits")
    for name, sizes in {"orchard": {}, "seasons": {}, "facades": {}, "labels": {"domains": ("day", "labels")}}.items():
        world = name if name != "labels" else "facades"
        viceversa.data.make(world, worlds / name, count=120, size=32, seed=1, **sizes)
    viceversa.data.make("facades", worlds / "pairs", count=120, size=32, seed=1, paired=True)
    shutil.copytree(worlds / "digits", worlds / "forty")
    for path in (worlds / "forty" / "train").rglob("*.png"):
        if int(path.stem) % 36:
            path.unlink()
    make_negatives(worlds / "digits", worlds / "film")
    shutil.copytree(worlds / "orchard", worlds / "grey")
    for part in ("trainB", "testB"):
        for path in (worlds / "grey" / part).glob("*.png"):
            ImageOps.grayscale(Image.open(path)).convert("RGB").save(path)


def make_negatives(digits_folder: Path, out: Path) -> None:
    """White digits on black as domain A, others black on white as B: a translator must invert."""
    for part, count in (("train", 240), ("test", 40)):
        paths = sorted((digits_folder / part).rglob("*.png"))
        for i, path in enumerate(paths[:: len(paths) // count][:count]):
            folder = out / f"{part}{'AB'[i % 2]}"
            folder.mkdir(parents=True, exist_ok=True)
            image = Image.open(path).convert("L").resize((32, 32), Image.Resampling.BICUBIC)
            if i % 2:
                image = ImageOps.invert(image)
            image.convert("RGB").save(folder / f"{i}.png")


def train_case(
    name: str,
    seed: int,
    worlds: Path,
    out: Path,
    *,
    steps: int | None = None,
    change: Sequence[str] = (),
    on_symptom: str = "watch",
) -> bool:
    """Train a case from a seed into `out`, with further changes; returns whether it finished."""
    torch.set_num_threads(1)
    case = CASES[name]
    try:
        train(
            worlds / case.world,
            out=out,
            preset=case.preset,
            size=case.size,
            steps=steps or case.steps,
            seed=seed,
            device="cpu",
            precision="fp32",
            quiet=True,
            set=[*case.change, *change, *ALWAYS],
            on_symptom=on_symptom,
        )
    except DivergedError:
        return False
    return True


def run(name: str, seed: int, worlds: Path, keep: Path) -> dict[str, Any]:
    """Train a case from a seed; a row of its alarms."""
    out, start = keep / f"{name.replace(' ', '-')}-{seed}", time.monotonic()
    shutil.rmtree(out, ignore_errors=True)
    train_case(name, seed, worlds, out)
    shutil.rmtree(out / "checkpoints", ignore_errors=True)
    return alarms_of(name, seed, out) | {"seconds": round(time.monotonic() - start, 1)}


def alarms_of(name: str, seed: int, out: Path) -> dict[str, Any]:
    """A row of the alarms of a finished run, each with its first step, by the present rules."""
    case, folder = CASES[name], RunFolder(out)
    context = HistoryContext.of(folder.config().method, folder.data()["names"], case.steps)
    lines = folder.read_lines(folder.health)
    history = [{"step": line["step"], **line["signals"]} for line in lines]
    alarms: dict[str, int] = {}
    for i, line in enumerate(lines, 1):
        verdicts = examine(history[:i], context)
        symptoms = [verdict.symptom for verdict in verdicts if verdict.level == "alarm"]
        symptoms += [s["symptom"] for s in line["symptoms"] if s["symptom"] == "non-finite"]
        for symptom in symptoms:
            alarms.setdefault(symptom, line["step"])
    named = alarms.get(case.symptom or "", case.steps + 1) <= case.steps / 2
    return {"case": name, "illness": case.symptom, "seed": seed, "alarms": alarms, "named": named, "steps": case.steps}


def summary(rows: list[dict[str, Any]]) -> list[str]:
    """One line per case."""
    lines = []
    for name in CASES:
        seeds = [row for row in rows if row["case"] == name]
        if not seeds:
            continue
        counts = dict(Counter(symptom for row in seeds for symptom in row["alarms"]))
        correct = sum(row["named"] if row["illness"] else not row["alarms"] for row in seeds)
        lines.append(f"{name:<24} {seeds[0]['illness'] or 'healthy':<22} {correct}/{len(seeds)}  {counts}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="*", choices=CASES, default=list(CASES))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=None)
    parser.add_argument(
        "--again", action="store_true", help="apply the rules to the runs in --keep again, train nothing"
    )
    parser.add_argument("--out", type=Path, default=HERE / "results" / "health.json")
    a = parser.parse_args()
    keep = a.keep or Path(mkdtemp())
    worlds = keep / "worlds"
    if not worlds.exists():
        make_datasets(worlds)
    seeds = {name: a.seeds if CASES[name].symptom else min(a.seeds, HEALTHY_SEEDS) for name in a.cases}
    jobs = [(name, seed) for name in a.cases for seed in range(a.first, a.first + seeds[name])]
    previous = json.loads(a.out.read_text())["rows"] if a.out.exists() else []
    rows = [row for row in previous if row["case"] not in a.cases]
    if a.again:
        folders = {job: keep / f"{job[0].replace(' ', '-')}-{job[1]}" for job in jobs}
        rows += [alarms_of(*job, folder) for job, folder in folders.items() if (folder / "health.jsonl").exists()]
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
