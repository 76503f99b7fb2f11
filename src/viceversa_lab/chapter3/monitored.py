"""What the experiments on failing GANs share: a short training under the health monitor, its checks, and a map."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from viceversa.report.map import FAKE, REAL, tsne
from viceversa.runs.folder import RunFolder
from viceversa.training.train import train

from ..figures import RED, SOFT, axes
from ..workspace import Workspace

SMALL = ("method.width=16", "method.d_width=16", "method.depth=1", "train.samples=0", "train.threads=1")
HIGH_RATES = ("method.d_norm=none", "method.lr_g=3e-3", "method.lr_d=1e-3", "method.beta1=0.9")  # leads to collapse
SMALL_LATENT = ("method.latent=2",)  # leads to lost modes
FAST_DISCRIMINATOR = ("method.lr_g=2e-5", "method.lr_d=5e-3")  # leads to a discriminator that wins


def learn(work: Workspace, name: str, data: Path, steps: int, seed: int, change: Sequence[str], size: int) -> Path:
    """Train a small `dcgan` under the monitor, or resume; returns the folder of the finished run."""
    work.progress(f"training {name}, {steps} steps")
    out = work.run_folder(name)
    train(
        data,
        preset="dcgan",
        out=out,
        size=size,
        steps=steps,
        seed=seed,
        device="cpu",
        precision="fp32",
        quiet=True,
        set=[*SMALL, *change],
    )
    return out


def health_checks(run: Path) -> list[dict[str, Any]]:
    """The lines of health.jsonl."""
    folder = RunFolder(run)
    return folder.read_lines(folder.health)


def first_alarm(checks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Step, symptom and sentence of the first alarm of a run; step 0 if there is none."""
    for check in checks:
        for symptom in check["symptoms"]:
            if symptom["level"] == "alarm":
                return {"step": check["step"], "symptom": symptom["symptom"], "sentence": symptom["sentence"]}
    return {"step": 0, "symptom": "", "sentence": ""}


def describe(alarm: dict[str, Any]) -> str:
    """An alarm in a caption."""
    return f"{alarm['symptom']}, at step {alarm['step']}" if alarm["step"] else "no alarm"


def tsne_map(run: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """t-SNE of N real images and M generated ones of the last check: points (N + M, 2), and the modes (N,)."""
    folder = RunFolder(run).health_folder
    probe = load_file(folder / "real.safetensors")
    last = max(folder.glob("step-*.safetensors"))
    real, fake = probe["real"][:REAL], load_file(last)["fake"][:FAKE]
    points = tsne(real, {0: fake})
    assert points is not None, "the lab needs scikit-learn, which its data needs too"
    return np.concatenate(points), probe["kinds"][: len(real)]


def plot_map(points: NDArray[Any], modes: NDArray[Any]) -> Any:
    """Real images in grey, a shade for each mode, generated ones in red."""
    figure, ax = axes(size="panel", height=300)
    n = len(modes)
    for mode in np.unique(modes):
        x, y = points[:n][modes == mode].T
        ax.plot(x, y, "o", color=SOFT, alpha=0.3 + 0.15 * (mode % 4), markersize=3.6, markeredgewidth=0)
    x, y = points[n:].T
    ax.plot(x, y, "o", color=RED, markersize=3.6, markeredgewidth=0)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return figure
