"""Measuring and rendering an experiment of the lab."""

from pathlib import Path
from typing import Any

import numpy as np

from viceversa_lab.chapter1 import trials
from viceversa_lab.experiment import Experiment, Found
from viceversa_lab.parts import Claim, Part
from viceversa_lab.render import Section
from viceversa_lab.results import measure


def told(experiment: Experiment, settings: Any, folder: Path) -> tuple[Found, list[Part]]:
    """Measure, write, and render the section."""
    result = measure(experiment, settings, folder / "cache", lambda line: None, command="", quick=True)
    found = result.found(experiment)
    parts = experiment.write(found)
    page, _ = Section(experiment, result, folder / "site", {}).render(parts)
    assert "nan" not in page
    return found, parts


def claims(parts: list[Part]) -> list[bool]:
    return [part.holds for part in parts if isinstance(part, Claim)]


def means(rows: list[list[dict[str, float]]]) -> list[float]:
    return [float(np.mean(row)) for row in trials.accuracies(rows)]
