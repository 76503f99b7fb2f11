"""The map: real pictures by kind, and in red the generated ones, through the training.

Nearness on a map says little about distance; the numbers under it do.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from ..metrics.coverage import coverage
from ..metrics.features import distances
from .markup import Html, html, join, paragraph

Points = NDArray[np.float64]
PANELS = 4
REAL, FAKE = 256, 128  # points drawn of each
SIDE = 240  # of a panel, in its own units


def maps(folder: Path, names: Sequence[str] = ()) -> Html:
    """Panels along the training by principal components, and by t-SNE where scikit-learn is there."""
    if not (folder / "real.safetensors").exists():
        return Html()
    known = load_file(folder / "real.safetensors")
    kept = sorted(folder.glob("step-*.safetensors"))
    chosen = [kept[i] for i in np.unique(np.linspace(0, len(kept) - 1, min(len(kept), PANELS)).round().astype(int))]
    if not chosen:
        return Html()
    looks = {int(path.stem[5:]): load_file(path)["fake"] for path in chosen}
    real, kinds = known["real"], known["kinds"][:REAL]
    told = {step: numbers(fake, real) for step, fake in looks.items()}
    parts = [html("<h3>Map</h3>"), row("Principal components", flat(real, looks), kinds, told)]
    if (placed := neighbours(real, looks)) is not None:
        parts.append(row("t-SNE", placed, kinds, told))
    note = (
        "Grey: real pictures, a shade for each kind. Red: what is made. All panels of a row share one map. "
        "One neighbour: how often a picture's nearest one is of its own sort, real or made; 50 % when they are mixed."
    )
    return join([*parts, paragraph(note, "note")])


def flat(real: Points, looks: dict[int, Points]) -> list[Points]:
    """The first two axes of the real pictures' space."""
    return [real[:REAL, :2], *(fake[:FAKE, :2] for fake in looks.values())]


def neighbours(real: Points, looks: dict[int, Points]) -> list[Points] | None:
    """All looks together by t-SNE (van der Maaten and Hinton 2008): perplexity 30, from principal components."""
    try:
        from sklearn.manifold import TSNE  # type: ignore[import-untyped]
    except ImportError:
        return None
    parts = [real[:REAL], *(fake[:FAKE] for fake in looks.values())]
    everything = np.concatenate(parts).astype(np.float64)
    if len(everything) < 100:
        return None
    placed = TSNE(perplexity=30, init="pca", random_state=0, max_iter=500).fit_transform(everything)
    return np.split(placed, np.cumsum([len(p) for p in parts])[:-1])


def numbers(fake: Points, real: Points) -> str:
    """1-NN two-sample accuracy (Lopez-Paz and Oquab 2017) and coverage."""
    return f"one neighbour {one_neighbour(fake, real):.0%}, coverage {coverage(fake, real):.0%}"


def one_neighbour(fake: Points, real: Points) -> float:
    """How often the nearest other point is of the same set, in equal numbers: 0.5 when both are one distribution."""
    n = min(len(fake), len(real))
    both = np.concatenate([fake[:n], real[:n]])
    apart = distances(both, both)
    np.fill_diagonal(apart, np.inf)
    made = np.arange(2 * n) < n
    return float((made[apart.argmin(1)] == made).mean())


def row(title: str, parts: list[Points], kinds: NDArray[np.int64], told: dict[int, str]) -> Html:
    """One panel per look: the real points in shades of grey, the generated ones in red."""
    everything = np.concatenate(parts)
    low, high = np.percentile(everything, 1, axis=0), np.percentile(everything, 99, axis=0)

    def path(points: Points) -> str:
        placed = 8 + (SIDE - 16) * np.clip((points - low) / np.maximum(high - low, 1e-9), -0.02, 1.02)
        return "".join(f"M{x:.0f} {SIDE - y:.0f}h0" for x, y in placed)

    ground = [
        html('<path style="opacity:{o}" d="{d}"/>', o=f"{0.3 + 0.5 * (k % 5) / 4:.2f}", d=path(parts[0][kinds == k]))
        for k in np.unique(kinds)
    ]
    panel = (
        '<figure class="map"><svg viewBox="0 0 {side} {side}" role="img" aria-label="{title}, step {step}: {told}">'
        '{ground}<path class="made" d="{made}"/></svg><figcaption>step {step}<br>{told}</figcaption></figure>'
    )
    panels = [
        html(panel, side=SIDE, title=title, step=f"{step:,}", told=told[step], ground=join(ground), made=path(fake))
        for step, fake in zip(told, parts[1:], strict=True)
    ]
    return html('<p class="note">{title}</p><div class="maps">{panels}</div>', title=title, panels=join(panels))
