"""What the experiments on sick trainings share: a short training, its monitor's lines, and its map."""

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
from ..work import Work

SMALL = ("method.width=16", "method.d_width=16", "method.depth=1", "train.samples=0", "train.threads=1")
HIGH_RATES = ("method.d_norm=none", "method.lr_g=3e-3", "method.lr_d=1e-3", "method.beta1=0.9")  # leads to collapse
FEW_NUMBERS = ("method.latent=2",)  # leads to lost modes
IMBALANCE = ("method.lr_g=2e-5", "method.lr_d=5e-3")  # leads to a D that wins


def learn(work: Work, name: str, data: Path, steps: int, seed: int, change: Sequence[str], size: int) -> Path:
    """A short `dcgan` under the monitor, or the finished one."""
    work.show(f"training {name}, {steps} steps")
    out = work.run_folder(name)
    options: dict[str, Any] = dict(preset="dcgan", size=size, steps=steps, seed=seed, device="cpu", precision="fp32")
    train(data, out=out, quiet=True, set=[*SMALL, *change], **options)
    return out


def looks(run: Path) -> list[dict[str, Any]]:
    """The lines of health.jsonl."""
    folder = RunFolder(run)
    return folder.read_lines(folder.health)


def verdict(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The first alarm of a run: step, symptom and sentence; step 0 for none."""
    for line in lines:
        for said in line["symptoms"]:
            if said["level"] == "alarm":
                return {"step": line["step"], "symptom": said["symptom"], "sentence": said["sentence"]}
    return {"step": 0, "symptom": "", "sentence": ""}


def in_words(found: dict[str, Any]) -> str:
    """A verdict for a caption."""
    if not found["step"]:
        return "no alarm"
    return f"{found['symptom']}, at step {found['step']}"


def placed(run: Path) -> tuple[NDArray[Any], NDArray[Any], int]:
    """t-SNE of real pictures and those of the last look: points (N + M, 2), kinds (N,), N."""
    folder = RunFolder(run).health_folder
    known = load_file(folder / "real.safetensors")
    last = max(folder.glob("step-*.safetensors"))
    real, fake = known["real"][:REAL], load_file(last)["fake"][:FAKE]
    parts = tsne(real, {0: fake})
    assert parts is not None, "the lab needs scikit-learn, which its data needs too"
    return np.concatenate(parts), known["kinds"][: len(real)], len(real)


def draw_map(points: NDArray[Any], kinds: NDArray[Any]) -> Any:
    """Real pictures in grey, a shade for each kind, generated ones in red."""
    figure, ax = axes(size="panel", height=300)
    n = len(kinds)
    for kind in np.unique(kinds):
        some = points[:n][kinds == kind]
        ax.plot(*some.T, "o", color=SOFT, alpha=0.3 + 0.15 * (kind % 4), markersize=3.6, markeredgewidth=0)
    ax.plot(*points[n:].T, "o", color=RED, markersize=3.6, markeredgewidth=0)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(visible=False)
    for side in ax.spines.values():
        side.set_visible(False)
    return figure
