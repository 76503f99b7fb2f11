"""Losses and learning rate over the run as small SVG charts, each with what a healthy curve looks like."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..methods import MethodConfig
from ..methods.classifier import ClassifierConfig
from ..methods.cyclegan import CycleGANConfig
from ..methods.gan import GANConfig
from ..methods.pix2pix import Pix2PixConfig
from ..methods.segmenter import SegmenterConfig
from .markup import Html, html, join

WIDTH, HEIGHT = 340, 176  # of one chart, in its own units
LEFT, RIGHT, TOP, BOTTOM = 40, 324, 10, 150  # of its plot
POINTS = 240  # drawn per line; more would not be seen
UNDECIDED = {"lsgan": (0.25, 0.25), "nonsaturating": (math.log(2), math.log(2)), "minimax": (math.log(2), -math.log(2))}

Line = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One number of metrics.jsonl over the steps."""

    title: str
    meaning: str
    steps: Line
    values: Line
    healthy: float | None = None  # drawn as a dashed line
    noisy: bool = True  # drawn with its moving average


def charts(lines: Sequence[dict[str, Any]], config: MethodConfig, names: Sequence[str]) -> list[Chart]:
    """A chart for each number that the lines hold; a loss that was switched off has none."""
    keys = dict.fromkeys(key for line in lines for key in line if key not in ("step", "nimg"))
    keys = {key: None for key in keys if not key.startswith(("norm_", "ratio_"))}  # for the monitor, not for the eye
    found = []
    for key in sorted(keys, key=lambda k: (k == "rate", list(keys).index(k))):
        if key == "idt" and isinstance(config, CycleGANConfig) and not config.lambda_idt:
            continue
        points = [(line["step"], line[key]) for line in lines if _is_number(line.get(key))]
        if points:
            steps, values = np.array(points, float).T
            title, meaning, healthy = explain(key, config, names)
            found.append(
                Chart(
                    title=title,
                    meaning=meaning,
                    steps=steps,
                    values=values,
                    healthy=healthy,
                    noisy=key != "rate",
                )
            )
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


OTHERS = {
    "loss": ("Loss", "What the network minimises. Should fall.", None),
    "accuracy": ("Training accuracy", "Share of the training pictures named rightly.", None),
    "l1": ("Distance to the truth (l1)", "Mean absolute error; black to white is 2. Should fall.", None),
    "W": ("Distance (W)", "The critic's estimate of how far fake pictures are from real ones. Should fall.", 0.0),
    "G": ("Generator (G)", "Minus the critic's mean mark for fake pictures; only its changes mean something.", None),
    "gp": ("Gradient penalty (gp)", "How far the critic's slope is from 1, squared.", None),
}  # fmt: skip


def explain(key: str, config: MethodConfig, names: Sequence[str]) -> tuple[str, str, float | None]:
    """Title, meaning and the value to look for of a number in metrics.jsonl."""
    if key == "accuracy" and isinstance(config, SegmenterConfig):
        return "Training accuracy", "Share of the training pixels named rightly.", None
    if key in OTHERS and not (key == "G" and isinstance(config, GANConfig)):
        return OTHERS[key]
    if key in ("auc", "auc_A", "auc_B"):
        told = "How often D marks a real picture above a made one. 0.5: it is blind; 1: it is never wrong."
        of = {"auc_A": f" of {names[0]}", "auc_B": f" of {names[-1]}"}.get(key, "")
        return f"The judge's lead{of} ({key})", told, 0.5
    if key == "rate":
        if isinstance(config, ClassifierConfig | SegmenterConfig):
            rates = f"{config.lr:g}"
        else:
            rates = f"{config.lr_g:g} and {config.lr_d:g}"
        return "Learning rate (rate)", f"Share of the full rate{'s' * ('and' in rates)}: {rates}.", None
    if not isinstance(config, CycleGANConfig | Pix2PixConfig | GANConfig):
        return key, "", None
    d_even, g_even = UNDECIDED[config.loss]
    judge = "{0:.2g} means it cannot tell translations from real {1}; near 0 means it always can, and teaches little."
    match key:
        case "gan" | "G":
            cyclic = isinstance(config, CycleGANConfig)
            even, who = (2 * g_even, "both generators are") if cyclic else (g_even, "the generator is")
            meaning = f"How far {who} from passing as real; {even:.2g} when D cannot tell."
            return f"Passing as real ({key})", meaning, even
        case "D":
            even = d_even if isinstance(config, Pix2PixConfig) else 2 * d_even
            meaning = f"{even:.2g} means it cannot tell; near 0 means it always can, and teaches little."
            return "The judge (D)", meaning, even
        case "cyc":
            meaning = "Mean error of there and back, both ways added; black to white is 2. Should fall and level off."
            return "The way back (cyc)", meaning, None
        case "idt":
            meaning = "Mean change of pictures that are already in the target domain. Should fall."
            return "Leaving well alone (idt)", meaning, None
        case "D_A":
            return f"Judge of {names[0]} (D_A)", judge.format(d_even, names[0]), d_even
        case "D_B":
            return f"Judge of {names[1]} (D_B)", judge.format(d_even, names[1]), d_even
    return key, "", None


def smoothed(values: Line) -> Line:
    """Centred moving average over a fifteenth of the run, shorter at the ends."""
    window = np.ones(max(1, len(values) // 15) | 1)
    reach = len(window) // 2
    padded, here = np.pad(values, reach), np.pad(np.ones_like(values), reach)
    mean: Line = np.convolve(padded, window, "valid") / np.convolve(here, window, "valid")
    return mean


def ticks(low: float, high: float, wanted: int) -> list[float]:
    """About `wanted` round numbers between `low` and `high`."""
    rough = (high - low) / wanted
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(m * size for m in (1, 2, 2.5, 5, 10) if m * size >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def draw(chart: Chart) -> Html:
    """The chart as a <figure>: raw values faint, their moving average in front."""
    mean = smoothed(chart.values) if chart.noisy else chart.values
    guide = [] if chart.healthy is None else [chart.healthy]
    low = float(min(0, np.percentile(chart.values, 1), mean.min(), *guide))
    high = float(max(np.percentile(chart.values, 98), mean.max(), *(g * 1.15 for g in guide))) * 1.05
    high = high if high > low else low + 1
    last = max(float(chart.steps[-1]), 1.0)

    def x(step: float) -> float:
        return LEFT + (RIGHT - LEFT) * step / last

    def y(value: float) -> float:
        return TOP + (BOTTOM - TOP) * (high - min(max(float(value), low), high)) / (high - low)

    def path(values: Line, kind: str) -> Html:
        chosen = np.unique(np.linspace(0, len(values) - 1, min(len(values), POINTS)).round().astype(int))
        points = " ".join(f"{x(chart.steps[i]):.1f},{y(values[i]):.1f}" for i in chosen)
        return html('<polyline class="{kind}" points="{points}"/>', kind=kind, points=points)

    marks = [_rule(y(v), f"{v:g}", "grid") for v in ticks(low, high, 4)] + [_rule(y(v), "", "healthy") for v in guide]
    below = [_step(x(s), f"{s:,.0f}") for s in ticks(0, last, 4)]
    return html(
        '<figure class="chart"><figcaption><b>{title}</b> {now}</figcaption>'
        '<svg viewBox="0 0 {w} {h}" role="img" aria-label="{title} over the steps">{body}</svg>'
        "<p>{meaning}</p></figure>",
        title=chart.title,
        now=html('<span class="now">{v}</span>', v=f"{mean[-1]:.3g}"),
        w=WIDTH,
        h=HEIGHT,
        body=join([*marks, *below, path(chart.values, "raw"), path(mean, "mean")]),
        meaning=chart.meaning,
    )


def _rule(height: float, label: str, kind: str) -> Html:
    return html(
        '<line class="{kind}" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>'
        '<text class="y" x="{at}" y="{y}">{label}</text>',
        kind=kind,
        left=LEFT,
        right=RIGHT,
        y=f"{height:.1f}",
        at=LEFT - 6,
        label=label,
    )


def _step(place: float, label: str) -> Html:
    return html('<text class="x" x="{x}" y="{y}">{label}</text>', x=f"{place:.1f}", y=BOTTOM + 18, label=label)


def draw_all(found: Iterable[Chart]) -> Html:
    """All charts side by side."""
    return html('<div class="charts">{charts}</div>', charts=join(map(draw, found)))
