"""Measuring and rendering an experiment of the lab with small settings."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from viceversa_lab.blocks import Block, Claim
from viceversa_lab.cache import measure
from viceversa_lab.experiment import Experiment, Results
from viceversa_lab.render import Section


def measure_and_write(experiment: Experiment, folder: Path, **settings: Any) -> tuple[Results, list[Block]]:
    """The results with these changes of the quick settings, and the blocks that are written from them."""
    chosen = replace(experiment.quick, **settings)
    record = measure(experiment, chosen, folder / "cache", lambda line: None, command="", quick=True)
    results = record.results(experiment)
    blocks = experiment.write(results)
    page, _ = Section(experiment, record, folder / "site", links={name: "" for name in LINKED}).render(blocks)
    assert "nan" not in page
    return results, blocks


LINKED = ("lambda", "wasserstein", "dcgan")  # experiments that the texts of others link to


def claims(blocks: list[Block]) -> list[bool]:
    """Whether each claim holds."""
    return [block.holds for block in blocks if isinstance(block, Claim)]


def means(rows: list[list[dict[str, float]]]) -> list[float]:
    """Mean accuracy of every value of a sweep."""
    return [float(np.mean([trial["accuracy"] for trial in row])) for row in rows]
