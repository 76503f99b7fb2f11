"""Eight stories of a new user, from `pip install .` in a fresh virtual environment to the README's last command.

    python benchmarks/stories.py                        # all of them, in under 20 minutes on two quiet cores
    python benchmarks/stories.py 3 5                    # single stories; they install and train what they need
    python benchmarks/stories.py --photos A B --write   # with two folders of photographs; writes docs/stories.md

Any Python from 3.11 on runs it. --venv DIR keeps the environment, and takes one that is there already. What this
version does not have yet is said where its figure would be.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import shlex
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from fresh_machine import PROJECT, Done, Machine, StoryError, busy_core
from marks import write_tables

PAGE = PROJECT / "docs" / "stories.md"
README = PROJECT / "README.md"
ASKED = 60  # seconds of training in the second story
BUSY_STEPS, BUSY_LIMIT = 60, 240  # steps, and seconds after which a training beside a busy core is ended
STEPS = 80  # of the training that is interrupted
EXACT = "--precision fp32 --set train.threads=1 --set method.winograd=false"  # what is measured else, and may differ
LARGE = 8  # 12-megapixel photographs of each domain

MAKE_LARGE = """
import random, sys
from pathlib import Path
from PIL import Image

source, target, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
target.mkdir(parents=True, exist_ok=True)
files = sorted(path for path in source.iterdir() if path.is_file())
grain = Image.frombytes("L", (1000, 750), random.Random(0).randbytes(750_000)).resize((4000, 3000))
for i in range(count):
    with Image.open(files[i % len(files)]) as picture:
        large = picture.convert("RGB").resize((4000, 3000), Image.Resampling.BICUBIC)
    Image.blend(large, Image.merge("RGB", [grain] * 3), 0.06).save(target / f"{i:02}.jpg", quality=92)
"""


@dataclass
class Scene:
    """What the stories share: the machine, two folders of photographs, and the run of the second story."""

    machine: Machine
    photos: tuple[Path, Path] | None = None
    figures: list[tuple[str, str]] = field(default_factory=list)  # of the present story

    def prepare(self) -> None:
        """Install viceversa where no story did, and draw photographs where none were given."""
        if not self.machine.venv.exists():
            self.machine.install()
        if self.photos is None:
            world = self.machine.desk / "orchard"
            self.machine.run(f"viceversa data make orchard {world} --count 120 --test 20 --size 128").require()
            self.photos = world / "trainA", world / "trainB"

    @property
    def a(self) -> Path:
        assert self.photos
        return self.photos[0]

    @property
    def b(self) -> Path:
        assert self.photos
        return self.photos[1]

    @property
    def folders(self) -> str:
        """Both folders, as they are typed."""
        return f"{quoted(self.a)} {quoted(self.b)}"

    def figure(self, name: str, value: str) -> None:
        """Print one figure, and keep it for the page."""
        value = " ".join(value.replace(f"{self.machine.desk}/", "").split())
        self.figures.append((name, value))
        print(f"   {name}: {value}", flush=True)

    @property
    def run(self) -> Path:
        return self.machine.desk / "runs" / "photos"

    def train(self) -> Done:
        """The training of the second story."""
        command = f"viceversa train {self.folders} --max-time {ASKED}s --out {quoted(self.run)}"
        return self.machine.run(command, limit=5 * ASKED).require()

    def trained(self) -> Path:
        """The run of the second story, trained where that has not happened."""
        if not (self.run / "report.html").exists():
            self.train()
        return self.run


def quoted(path: Path) -> str:
    return shlex.quote(str(path))


def install(scene: Scene) -> None:
    """1. Install it"""
    if scene.machine.venv.exists():
        scene.figure("`pip install .`", "not measured: --venv named an environment that was there")
    else:
        scene.figure("new environment and `pip install .`", f"{scene.machine.install():.0f} s")
    version = scene.machine.run("viceversa --version").require()
    scene.figure("`viceversa --version`", f"{version.out.strip()}, {version.cpu_seconds:.2f} s of a core")
    doctor = json.loads(scene.machine.run("viceversa doctor --json").require().out)
    named = ", ".join(f"{key} {doctor[key]}" for key in ("torch", "device", "threads", "precision") if key in doctor)
    scene.figure("`viceversa doctor`", named)
    needs = [name for name, there in doctor["extras"].items() if not there]
    scene.figure("extras that are missing", ", ".join(needs) or "none")


def train(scene: Scene) -> None:
    """2. Train on two folders of photographs"""
    shutil.rmtree(scene.run, ignore_errors=True)
    done = scene.train()
    share = done.seconds / ASKED
    scene.figure(f"time used / asked (`--max-time {ASKED}s`)", f"{done.seconds:.0f} s / {ASKED} s = {share:.2f}")
    scene.figure("ended with", done.out.splitlines()[0])
    scene.figure("report", "written" if (scene.run / "report.html").exists() else "missing")


def busy(scene: Scene) -> None:
    """3. Train on a busy machine"""
    if not hasattr(os, "sched_setaffinity"):
        return scene.figure("busy machine", "not measured: this system binds no process to a core")
    cores = set(sorted(os.sched_getaffinity(0))[:2])
    words = {"one thread": "--set train.threads=1", "two threads": "--set train.threads=2", "default": ""}
    seconds: dict[str, float] = {}
    with busy_core(min(cores)):
        for name, setting in words.items():
            out = scene.machine.desk / "runs" / f"busy-{name.replace(' ', '-')}"
            shutil.rmtree(out, ignore_errors=True)
            command = f"viceversa train {scene.folders} --steps {BUSY_STEPS} --out {out} {setting}"
            done = scene.machine.run(command, limit=BUSY_LIMIT, cores=cores)
            ended = f"more than {BUSY_LIMIT} s" if done.code is None else f"{done.require().seconds:.0f} s"
            scene.figure(f"{BUSY_STEPS} steps of `quickstart` on {len(cores)} cores, one of them busy: {name}", ended)
            seconds[name] = done.seconds
    ratio = seconds["default"] / min(seconds.values())
    scene.figure("default / best", f"{ratio:.2f} (aim: at most 1.5)")


def large(scene: Scene) -> None:
    """4. A 12-megapixel JPEG"""
    folders = [scene.machine.desk / f"large{side}" for side in "AB"]
    for source, target in zip((scene.a, scene.b), folders, strict=True):
        scene.machine.python(MAKE_LARGE, source, target, LARGE)
    first = sorted(folders[0].iterdir())[0]
    small = sorted(path for path in scene.a.iterdir() if path.is_file())[0]
    names = {f"12 megapixels, {first.stat().st_size / 1e6:.1f} MB": first, "one of the small photographs": small}
    for name, picture in names.items():
        out = scene.machine.desk / "translated"
        shutil.rmtree(out, ignore_errors=True)
        command = f"viceversa translate {scene.trained()} {quoted(picture)} --to B --out {out}"
        done = scene.machine.run(command).require()
        scene.figure(f"`translate`, {name}", f"{done.cpu_seconds:.1f} s of a core, {done.peak_mb:.0f} MB at most")

    both = f"{folders[0]} {folders[1]}"
    done = scene.machine.run(f"viceversa data check {both}").require()
    speed = f"{done.cpu_seconds:.1f} s of a core, {2 * LARGE / done.cpu_seconds:.1f} a second, its start included"
    scene.figure(f"`data check` of {2 * LARGE} of them", speed)

    out = scene.machine.desk / "runs" / "large"
    shutil.rmtree(out, ignore_errors=True)
    done = scene.machine.run(f"viceversa train {both} --steps 40 --out {out}").require()
    shares = re.findall(r"([\d.]+%) of the time waiting", (out / "log.txt").read_text(encoding="utf-8"))
    waited = shares[-1] if shares else "an unknown share"
    scene.figure("40 steps of training on them", f"{done.seconds:.0f} s, {waited} of the steps' time waiting for data")


def interrupted(scene: Scene) -> None:
    """5. Interrupted"""
    straight, broken = (scene.machine.desk / "runs" / name for name in ("straight", "broken"))
    for run in (straight, broken):
        shutil.rmtree(run, ignore_errors=True)

    def command(run: Path) -> str:
        return f"viceversa train {scene.folders} --steps {STEPS} --save-every {STEPS // 4} --out {run} {EXACT}"

    scene.machine.run(command(straight)).require()
    stopped = scene.machine.run(command(broken), stop_when=lambda: step_of(broken) >= STEPS // 2)
    last = stopped.err.splitlines()[-1]
    scene.figure(f"Ctrl-C, saved at step {step_of(broken)} of {STEPS}", f"exit code {stopped.code}: {last}")
    scene.figure("report after Ctrl-C", "written" if (broken / "report.html").exists() else "not yet")
    resumed = scene.machine.run(command(broken))
    scene.figure("the same command again", f"exit code {resumed.code}: {(resumed.out or resumed.err).splitlines()[0]}")
    same = weights(straight) == weights(broken) != {}
    scene.figure("final weights, beside an uninterrupted run", "equal, bit for bit" if same else "NOT equal")
    scene.figure("report at the end", "written" if (broken / "report.html").exists() else "missing")


def step_of(run: Path) -> int:
    """The step of the newest checkpoint; 0 where there is none."""
    return max((int(path.name[5:]) for path in run.glob("checkpoints/step-*") if path.name[5:].isdecimal()), default=0)


def weights(run: Path) -> dict[str, str]:
    """SHA-256 of every file of weights of the last step."""
    files = (run / "checkpoints" / f"step-{STEPS}").glob("*.safetensors")
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def evaluate(scene: Scene) -> None:
    """6. Evaluate"""
    run = scene.trained()
    done = scene.machine.run(f"viceversa evaluate {run}").require()
    lines = [line for line in done.out.splitlines() if line.strip()]
    scene.figure("first line", f"{lines[0]}")
    verdict = json.loads(scene.machine.run(f"viceversa evaluate {run} --json").require().out).get("verdict")
    absent = "NO" if verdict else "not there: this version has no verdict"
    is_first = verdict and lines[0] in json.dumps(verdict, ensure_ascii=False)
    scene.figure("is it the verdict", "yes" if is_first else absent)
    scene.figure("time", f"{done.seconds:.0f} s")


def diagnose(scene: Scene) -> None:
    """7. Diagnose"""
    done = scene.machine.run(f"viceversa diagnose {scene.trained()}")
    lines = done.out.splitlines() or done.err.splitlines()
    scene.figure("first line", lines[0])
    names = done.code == 0 and lines[0].split()[0] in ("ok", "watch", "alarm")
    scene.figure("names a verdict", "yes" if names else f"NO, exit code {done.code}")


def readme(scene: Scene) -> None:
    """8. Every command of the README"""
    clone = scene.machine.desk / "clone"
    shutil.rmtree(clone, ignore_errors=True)
    left_out = shutil.ignore_patterns(".git", ".venv", "site", ".*_cache", "__pycache__")
    shutil.copytree(PROJECT, clone, ignore=left_out)
    for name, source in (("apples", scene.a), ("oranges", scene.b)):
        shutil.copytree(source, clone / name)
    (clone / "photos").mkdir()
    for path in sorted(path for path in scene.a.iterdir() if path.is_file())[:4]:
        shutil.copy(path, clone / "photos")
    for line in commands(README.read_text(encoding="utf-8")):
        done = scene.machine.run(line, where=clone)
        end = "" if done.code == 0 else f": {' '.join(done.err.split())[-200:]}"
        scene.figure(f"`{line}`", f"exit code {done.code}, {done.seconds:.0f} s{end}")


def commands(text: str) -> list[str]:
    """The commands in the blocks of code of a page, without comments."""
    blocks = re.findall(r"^```(?:sh)?\n(.*?)^```", text, re.M | re.S)
    lines = [re.sub(r"\s+#.*", "", line).strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if re.match(r"(viceversa|pip|make|python) ", line)]


STORIES: tuple[Callable[[Scene], None], ...] = (install, train, busy, large, interrupted, evaluate, diagnose, readme)


def title(story: Callable[[Scene], None]) -> str:
    return (story.__doc__ or "").strip()


def machine_line() -> str:
    """What the figures were measured on."""
    cpuinfo = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*:\s*(.*)", cpuinfo.read_text()) if cpuinfo.exists() else None
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    where = f"{model[1] if model else platform.machine()}, {cores} cores"
    return f"{where}, load {os.getloadavg()[0]:.1f} at the start, Python {platform.python_version()}, {date.today()}"


def tell(chosen: Sequence[int], scene: Scene) -> dict[str, list[str]]:
    """Tell stories; the table of each, by the mark of its place in the page."""
    tables: dict[str, list[str]] = {}
    for number in chosen:
        story, started, machine = STORIES[number - 1], time.monotonic(), machine_line()
        print(f"{title(story)}   ({machine})", flush=True)
        scene.figures = []
        try:
            if story is not install:
                scene.prepare()
            story(scene)
        except StoryError as error:
            scene.figure("FAILED", str(error))
        rows = [f"| {name} | {value.replace('|', '/')} |" for name, value in scene.figures]
        took = f"*{time.monotonic() - started:.0f} s; {machine}.*"
        tables[f"story-{number}"] = ["| what | figure |", "|---|---|", *rows, "", took]
    return tables


def story_number(text: str) -> int:
    """1 to 8."""
    number = int(text)
    if not 1 <= number <= len(STORIES):
        raise ValueError
    return number


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stories", nargs="*", type=story_number, help="numbers from 1 to 8; default: all")
    parser.add_argument("--photos", nargs=2, type=Path, metavar=("A", "B"), help="two folders of photographs")
    parser.add_argument("--venv", type=Path, help="environment to keep, or one that is there")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/stories.md")
    args = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leaves no process and no folder behind
    chosen = sorted(set(args.stories)) or list(range(1, len(STORIES) + 1))
    photos = tuple(folder.resolve() for folder in args.photos) if args.photos else None
    with tempfile.TemporaryDirectory(prefix="stories-") as folder:
        machine = Machine(Path(folder), (args.venv or Path(folder) / "venv").resolve())
        tables = tell(chosen, Scene(machine, photos))
    if args.write:
        write_tables(PAGE, tables, "`python benchmarks/stories.py --write`")


if __name__ == "__main__":
    main()
