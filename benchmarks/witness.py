"""Digests of what every preset computes: a refactoring is one only if none of them changes.

    python benchmarks/witness.py --out before.json      # before the change
    python benchmarks/witness.py --check before.json    # after it; exit code 1 and the differences if there are any

Each preset is trained with small networks on an embedded world (CPU, float32, one thread, fixed seed) in a process of
its own, through the public Python functions alone. Recorded are SHA-256 digests of the final weights and optimiser
states, of the translated files, and the numbers of metrics.jsonl, `evaluate` and `diagnose`. Digests depend on the
processor and on the version of PyTorch; both are recorded, and files of different machines are not compared.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

SMALL_GAN = ["method.width=8", "method.d_width=8", "method.depth=1"]
SMALL_TRANSLATOR = ["method.width=8", "method.d_width=8", "method.blocks=1", "method.d_layers=1", "train.probes=4"]
RUNS: dict[str, dict[str, Any]] = {
    "perceptron": dict(data="glyphs", steps=60),
    "mlp": dict(data="glyphs", steps=30, set=["train.batch=8"]),
    "cnn": dict(data="glyphs", steps=20, set=["train.batch=8", "method.conv_widths=8,8,8", "method.width=16"]),
    "fcn": dict(data="facades", steps=12, size=32, set=["train.batch=4", "method.width=8"]),
    "dcgan": dict(data="glyphs", steps=110, set=[*SMALL_GAN, "train.batch=64"]),
    "wgan": dict(data="glyphs", steps=50, set=[*SMALL_GAN, "train.batch=96"]),
    "wgan-gp": dict(data="glyphs", steps=60, set=[*SMALL_GAN, "train.batch=64"]),
    "pix2pix": dict(data="facades", steps=12, size=32, set=["method.width=8", "method.d_width=8", "method.d_layers=1"]),
    "pix2pix-quick": dict(data="facades", steps=210, size=32, set=[*SMALL_TRANSLATOR, "train.batch=2"]),
    "cyclegan": dict(data="orchard", steps=12, size=32, set=[*SMALL_TRANSLATOR, "method.winograd=false"]),
    "quickstart": dict(data="orchard", steps=210, size=32, set=SMALL_TRANSLATOR),
    "details": dict(data="orchard", steps=210, size=32, set=[*SMALL_TRANSLATOR, "method.cycle_noise=0.05"]),
}
WORLDS = {
    "orchard": "--count 40 --size 48",
    "seasons": "--count 4 --size 32",
    "faces": "--count 4 --size 32",
    "facades": "--count 24 --size 48 --paired --domains labels,day",
    "glyphs": "--count 240",
}
VOLATILE = ("seconds", "date", "versions", "viceversa", "processor", "commit", "run", "path", "worst")


def digest(*paths: Path) -> str:
    """SHA-256 of the content of some files, in their order."""
    total = sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()[:24]


def plain(value: Any) -> Any:
    """A result without times and paths."""
    if isinstance(value, dict):
        return {str(key): plain(v) for key, v in value.items() if str(key) not in VOLATILE}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value if isinstance(value, int | float | bool | None) else str(value)


def witness_preset(name: str, folder: Path) -> dict[str, Any]:
    """Train, translate, evaluate and diagnose one preset; what came out."""
    import torch

    import viceversa

    torch.set_num_threads(1)
    spec = dict(RUNS[name])
    data = folder / spec.pop("data")
    common = ["train.threads=1", "train.samples=2", "train.log_every=10", *spec.pop("set", ())]
    out = folder / f"run-{name}"
    viceversa.train(data, preset=name, out=out, seed=3, device="cpu", precision="fp32", set=common, quiet=True, **spec)

    state = max((out / "checkpoints").glob("step-*"), key=lambda path: int(path.name[5:]))
    found: dict[str, Any] = {file.name: digest(file) for file in sorted(state.glob("*.safetensors"))}
    found["metrics.jsonl"] = digest(out / "metrics.jsonl")
    found["samples"] = digest(*sorted((out / "samples").glob("*.png")))
    for name in ("health.jsonl", "accuracy.jsonl"):
        if (out / name).exists():
            found[name] = digest_of([json.loads(line) for line in (out / name).read_text().splitlines()])
    found["diagnose"] = attempt(lambda: digest_of(viceversa.diagnose(out)))

    for side in "AB":
        pictures = next((data / part for part in (f"test{side}", f"train{side}") if (data / part).is_dir()), None)
        if pictures is None:
            continue
        to, target = "BA"["AB".index(side)], folder / f"translated-{name}-{side}"

        def translate(pictures: Path = pictures, to: str = to, target: Path = target) -> str:
            viceversa.translate(out, pictures, to=to, out=target, device="cpu", precision="fp32", quiet=True)
            return digest(*sorted(target.rglob("*.*")))

        found[f"translate to {to}"] = attempt(translate)
    found["evaluate"] = attempt(lambda: digest_of(viceversa.evaluate(out, quiet=True)))
    return found


def attempt(call: Callable[[], Any]) -> Any:
    """What a call returns, or the kind of error with which it refuses."""
    from viceversa.errors import ViceversaError

    try:
        return call()
    except ViceversaError as e:
        return type(e).__name__


def digest_of(value: Any) -> Any:
    """Numbers of a result, rounded to 9 digits, by their place."""
    flat: dict[str, Any] = {}

    def walk(place: str, part: Any) -> None:
        if isinstance(part, dict):
            for key, inner in part.items():
                walk(f"{place}.{key}" if place else key, inner)
        elif isinstance(part, list):
            for i, inner in enumerate(part):
                walk(f"{place}.{i}", inner)
        elif isinstance(part, float):
            flat[place] = float(f"{part:.9g}")
        elif isinstance(part, int):
            flat[place] = part

    walk("", plain(value))
    return flat


def run_all(names: list[str]) -> dict[str, Any]:
    """Every preset in a process of its own, two at a time."""
    import torch

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        worlds = {}
        for world, options in WORLDS.items():
            command = [sys.executable, "-m", "viceversa", "data", "make", world, str(folder / world), "--seed", "1"]
            subprocess.run([*command, *options.split()], check=True, capture_output=True)
            worlds[world] = digest(*sorted(p for p in (folder / world).rglob("*.*") if p.suffix == ".png"))

        def one(name: str) -> dict[str, Any]:
            command = [sys.executable, __file__, "--preset", name, "--folder", place]
            done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
            if done.returncode:
                raise SystemExit(f"{name}: {done.stderr.strip()[-2000:]}")
            result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
            print(f"{name}: done", file=sys.stderr)
            return result

        with ThreadPoolExecutor(2) as pool:
            presets = dict(zip(names, pool.map(one, names), strict=True))
    machine = {"processor": processor(), "torch": torch.__version__, "python": platform.python_version()}
    return {"machine": machine, "worlds": worlds, "presets": presets}


def processor() -> str:
    """The processor's name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def differences(old: Any, new: Any, place: str = "") -> list[str]:
    """Where two results differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [*old, *(key for key in new if key not in old)]
        return [line for key in keys for line in differences(old.get(key), new.get(key), f"{place}/{key}")]
    return [] if old == new else [f"{place}: {old} -> {new}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="write the digests to this file")
    parser.add_argument("--check", type=Path, help="compare with this file; exit code 1 where something differs")
    parser.add_argument("--only", nargs="*", default=list(RUNS), help="these presets only")
    parser.add_argument("--preset", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.preset:
        print(json.dumps(witness_preset(words.preset, words.folder)))
        return
    found = run_all(words.only)
    if words.out:
        words.out.write_text(json.dumps(found, indent=1) + "\n")
    if words.check:
        old = json.loads(words.check.read_text())
        if old["machine"] != found["machine"]:
            raise SystemExit(f"{words.check} is of another machine: {old['machine']}, not {found['machine']}")
        old["presets"] = {name: old["presets"].get(name) for name in words.only}
        odd = differences(old, found)
        print("\n".join(odd) or f"all equal: {len(words.only)} presets, {len(WORLDS)} worlds")
        sys.exit(bool(odd))


if __name__ == "__main__":
    main()
