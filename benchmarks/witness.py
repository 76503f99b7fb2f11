"""Digests of the results of every preset: a refactoring must not change any of them.

    python benchmarks/witness.py --out before.json      # before the change
    python benchmarks/witness.py --check before.json    # after it; exit code 1 and the differences if there are any

Each preset is trained with small networks on a drawn dataset (CPU, float32, one thread, fixed seed) in its own process,
through the public Python functions only. Recorded are SHA-256 digests of the final weights and optimiser states, of
metrics.jsonl, of samples and translated files, and the numbers of the health log, `evaluate` and `diagnose`. Digests
depend on the CPU and on the version of PyTorch; both are recorded, and files of different machines are not compared.
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
    """SHA-256 of the contents of files, in the given order."""
    total = sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()[:24]


def without_volatile(value: Any) -> Any:
    """A result without times, versions and paths."""
    if isinstance(value, dict):
        return {str(key): without_volatile(v) for key, v in value.items() if str(key) not in VOLATILE}
    if isinstance(value, list | tuple):
        return [without_volatile(v) for v in value]
    return value if isinstance(value, int | float | bool | None) else str(value)


def witness_preset(name: str, folder: Path) -> dict[str, Any]:
    """Train, translate, evaluate and diagnose one preset; the digests of the results."""
    import torch

    import viceversa

    torch.set_num_threads(1)
    spec = dict(RUNS[name])
    data = folder / spec.pop("data")
    settings = ["train.threads=1", "train.samples=2", "train.log_every=10", *spec.pop("set", ())]
    out = folder / f"run-{name}"
    viceversa.train(
        data, preset=name, out=out, seed=3, device="cpu", precision="fp32", set=settings, quiet=True, **spec
    )

    checkpoint = max((out / "checkpoints").glob("step-*"), key=lambda path: int(path.name[5:]))
    digests: dict[str, Any] = {file.name: digest(file) for file in sorted(checkpoint.glob("*.safetensors"))}
    digests["metrics.jsonl"] = digest(out / "metrics.jsonl")
    digests["samples"] = digest(*sorted((out / "samples").glob("*.png")))
    for log in (out / "health.jsonl", out / "accuracy.jsonl"):
        if log.exists():
            digests[log.name] = numbers_of([json.loads(line) for line in log.read_text().splitlines()])
    digests["diagnose"] = result_or_error(lambda: numbers_of(viceversa.diagnose(out)))

    for source, target in (("A", "B"), ("B", "A")):
        inputs = next((data / part for part in (f"test{source}", f"train{source}") if (data / part).is_dir()), None)
        if inputs is None:
            continue
        outputs = folder / f"translated-{name}-{source}"

        def translate(inputs: Path = inputs, target: str = target, outputs: Path = outputs) -> str:
            viceversa.translate(out, inputs, to=target, out=outputs, device="cpu", precision="fp32", quiet=True)
            return digest(*sorted(outputs.rglob("*.*")))

        digests[f"translate to {target}"] = result_or_error(translate)
    digests["evaluate"] = result_or_error(lambda: numbers_of(viceversa.evaluate(out, quiet=True)))
    return digests


def result_or_error(call: Callable[[], Any]) -> Any:
    """The result of a call, or the name of its error."""
    from viceversa.errors import ViceversaError

    try:
        return call()
    except ViceversaError as e:
        return type(e).__name__


def numbers_of(value: Any) -> Any:
    """The numbers of a nested result, rounded to 9 digits, by their path."""
    flat: dict[str, Any] = {}

    def walk(path: str, part: Any) -> None:
        if isinstance(part, dict):
            for key, inner in part.items():
                walk(f"{path}.{key}" if path else key, inner)
        elif isinstance(part, list):
            for i, inner in enumerate(part):
                walk(f"{path}.{i}", inner)
        elif isinstance(part, float):
            flat[path] = float(f"{part:.9g}")
        elif isinstance(part, int):
            flat[path] = part

    walk("", without_volatile(value))
    return flat


def run_all(names: list[str]) -> dict[str, Any]:
    """Every preset in its own process, two at a time."""
    import torch

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        worlds = {}
        for world, options in WORLDS.items():
            command = [sys.executable, "-m", "viceversa", "data", "make", world, str(folder / world), "--seed", "1"]
            subprocess.run([*command, *options.split()], check=True, capture_output=True)
            worlds[world] = digest(*sorted(p for p in (folder / world).rglob("*.*") if p.suffix == ".png"))

        def run_preset(name: str) -> dict[str, Any]:
            command = [sys.executable, __file__, "--preset", name, "--folder", scratch]
            process = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
            if process.returncode:
                raise SystemExit(f"{name}: {process.stderr.strip()[-2000:]}")
            result: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
            print(f"{name}: done", file=sys.stderr)
            return result

        with ThreadPoolExecutor(2) as pool:
            presets = dict(zip(names, pool.map(run_preset, names), strict=True))
    machine = {"processor": cpu_name(), "torch": torch.__version__, "python": platform.python_version()}
    return {"machine": machine, "worlds": worlds, "presets": presets}


def cpu_name() -> str:
    """The name of the CPU."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def differences(old: Any, new: Any, path: str = "") -> list[str]:
    """A line for each value that differs between two results."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [*old, *(key for key in new if key not in old)]
        return [line for key in keys for line in differences(old.get(key), new.get(key), f"{path}/{key}")]
    return [] if old == new else [f"{path}: {old} -> {new}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="write the digests to this file")
    parser.add_argument("--check", type=Path, help="compare with this file; exit code 1 where something differs")
    parser.add_argument("--only", nargs="*", default=list(RUNS), help="these presets only")
    parser.add_argument("--preset", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.preset:
        print(json.dumps(witness_preset(args.preset, args.folder)))
        return
    result = run_all(args.only)
    if args.out:
        args.out.write_text(json.dumps(result, indent=1) + "\n")
    if args.check:
        old = json.loads(args.check.read_text())
        if old["machine"] != result["machine"]:
            raise SystemExit(f"{args.check} is of another machine: {old['machine']}, not {result['machine']}")
        old["presets"] = {name: old["presets"].get(name) for name in args.only}
        lines = differences(old, result)
        print("\n".join(lines) or f"all equal: {len(args.only)} presets, {len(WORLDS)} worlds")
        sys.exit(bool(lines))


if __name__ == "__main__":
    main()
