"""The feature map: real images by kind, and in red the generated ones, over the training.

Distances on a map mean little; the numbers under it are computed from the features themselves.
"""

from collections.abc import Mapping, Sequence
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


def maps(folder: Path) -> Html:
    """Panels along the training by principal components, and by t-SNE where scikit-learn is installed."""
    if not (folder / "real.safetensors").exists():
        return Html()
    saved = load_file(folder / "real.safetensors")
    checks = sorted(folder.glob("step-*.safetensors"))
    if not checks:
        return Html()

    chosen = np.unique(np.linspace(0, len(checks) - 1, min(len(checks), PANELS)).round().astype(int))
    fakes = {int(checks[i].stem[5:]): load_file(checks[i])["fake"] for i in chosen}
    real, kinds = saved["real"], saved["kinds"][:REAL]
    captions = {step: caption(fake, real) for step, fake in fakes.items()}

    parts = [html("<h3>Feature map</h3>"), row("Principal components", principal(real, fakes), kinds, captions)]
    if (placed := tsne(real, fakes)) is not None:
        parts.append(row("t-SNE", placed, kinds, captions))
    note = (
        "Grey: real pictures, a shade for each kind. Red: generated ones. All panels of a row share one map. "
        "1-NN: how often a picture's nearest neighbour is of its own set, real or generated; 50 % when they are mixed."
    )
    return join([*parts, paragraph(note, "note")])


def principal(real: Points, fakes: Mapping[int, Points]) -> list[Points]:
    """The first two principal components: real points, then the generated ones of each step."""
    return [real[:REAL, :2], *(fake[:FAKE, :2] for fake in fakes.values())]


def tsne(real: Points, fakes: Mapping[int, Points]) -> list[Points] | None:
    """All steps together by t-SNE (van der Maaten and Hinton 2008): perplexity 30, from principal components."""
    try:
        from sklearn.manifold import TSNE  # type: ignore[import-untyped]
    except ImportError:
        return None

    parts = [real[:REAL], *(fake[:FAKE] for fake in fakes.values())]
    points = np.concatenate(parts).astype(np.float64)
    if len(points) < 100:
        return None
    placed = TSNE(perplexity=30, init="pca", random_state=0, max_iter=500).fit_transform(points)
    return np.split(placed, np.cumsum([len(p) for p in parts])[:-1])


def caption(fake: Points, real: Points) -> str:
    """1-NN two-sample accuracy (Lopez-Paz and Oquab 2017) and coverage."""
    return f"1-NN {one_nn_accuracy(fake, real):.0%}, coverage {coverage(fake, real):.0%}"


def one_nn_accuracy(fake: Points, real: Points) -> float:
    """How often the nearest other point is of the same set, in equal numbers: 0.5 when both are one distribution."""
    n = min(len(fake), len(real))
    both = np.concatenate([fake[:n], real[:n]])
    apart = distances(both, both)
    np.fill_diagonal(apart, np.inf)
    is_fake = np.arange(2 * n) < n
    return float((is_fake[apart.argmin(1)] == is_fake).mean())


def row(title: str, parts: Sequence[Points], kinds: NDArray[np.int64], captions: Mapping[int, str]) -> Html:
    """One panel for each step: the real points in shades of grey, the generated ones in red."""
    points = np.concatenate(parts)
    low, high = np.percentile(points, 1, axis=0), np.percentile(points, 99, axis=0)

    def path(points: Points) -> str:
        placed = 8 + (SIDE - 16) * np.clip((points - low) / np.maximum(high - low, 1e-9), -0.02, 1.02)
        return "".join(f"M{x:.0f} {SIDE - y:.0f}h0" for x, y in placed)

    ground = [
        html('<path style="opacity:{o}" d="{d}"/>', o=f"{0.3 + 0.5 * (k % 5) / 4:.2f}", d=path(parts[0][kinds == k]))
        for k in np.unique(kinds)
    ]
    panel = (
        '<figure class="map"><svg viewBox="0 0 {side} {side}" role="img" aria-label="{title}, step {step}: {caption}">'
        '{ground}<path class="fake" d="{fake}"/></svg><figcaption>step {step}<br>{caption}</figcaption></figure>'
    )
    panels = [
        html(panel, side=SIDE, title=title, step=f"{step:,}", caption=text, ground=join(ground), fake=path(fake))
        for (step, text), fake in zip(captions.items(), parts[1:], strict=True)
    ]
    return html('<p class="note">{title}</p><div class="maps">{panels}</div>', title=title, panels=join(panels))
