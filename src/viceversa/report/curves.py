"""Losses and learning rate over the run as small SVG charts, each with the value of a healthy run."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..methods import MethodConfig
from .markup import Html, html, join

WIDTH, HEIGHT = 340, 176  # of one chart, in its own units
LEFT, RIGHT, TOP, BOTTOM = 40, 324, 10, 150  # of its plot
POINTS = 240  # per line; more would not be visible

Line = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One number of metrics.jsonl over the steps."""

    title: str
    meaning: str
    steps: Line
    values: Line
    healthy: float | None = None  # the value to look for, drawn as a dashed line
    noisy: bool = True  # drawn with its moving average


def charts(lines: Sequence[dict[str, Any]], config: MethodConfig, names: Sequence[str]) -> list[Chart]:
    """A chart for each number that the lines hold; a loss that was switched off has none."""
    keys = list(dict.fromkeys(key for line in lines for key in line if key not in ("step", "nimg", "rate")))
    keys = [key for key in keys if not key.startswith(("norm_", "ratio_"))]  # these are for the monitor
    drawn: list[Chart] = []
    for key in [*keys, "rate"]:
        text = config.explain(key, tuple(names))
        if text is None:
            continue
        points = [(line["step"], line[key]) for line in lines if _is_number(line.get(key))]
        if points:
            steps, values = np.array(points, float).T
            drawn.append(
                Chart(
                    title=text.title,
                    meaning=text.meaning,
                    steps=steps,
                    values=values,
                    healthy=text.equilibrium,
                    noisy=key != "rate",
                )
            )
    return drawn


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def smoothed(values: Line) -> Line:
    """Centred moving average over a fifteenth of the run, shorter at the ends."""
    window = np.ones(max(1, len(values) // 15) | 1)  # of odd length
    half = len(window) // 2
    padded, inside = np.pad(values, half), np.pad(np.ones_like(values), half)
    mean: Line = np.convolve(padded, window, "valid") / np.convolve(inside, window, "valid")
    return mean


def ticks(low: float, high: float, count: int) -> list[float]:
    """About `count` round numbers between `low` and `high`."""
    rough = (high - low) / count
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


def _step(x: float, label: str) -> Html:
    return html('<text class="x" x="{x}" y="{y}">{label}</text>', x=f"{x:.1f}", y=BOTTOM + 18, label=label)


def draw_all(charts: Iterable[Chart]) -> Html:
    """All charts side by side."""
    return html('<div class="charts">{charts}</div>', charts=join(map(draw, charts)))
