"""The health of a run by the lines of health.jsonl and the rules of today."""

from dataclasses import asdict
from typing import Any

from ..errors import DataError
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from .catalogue import REMEDIES, changes, cures, decisive, effect_in_words
from .history import HistoryContext
from .symptoms import Verdict, examine, overall
from .treatment import set_words


def diagnose(run: RunFolder) -> dict[str, Any]:
    """Verdict, symptoms, treatments and the steps at which the verdict changed. DataError without any line."""
    lines, config = run.read_lines(run.health), run.config()
    if not lines:
        raise DataError(no_check(run, config))
    verdicts = current_verdicts(run, lines, config)
    return {
        "verdict": overall(verdicts),
        "symptoms": [asdict(v) | {"try": advice(v, config)} for v in verdicts],
        "step": lines[-1]["step"],
        "steps": run.steps(),
        "treatments": run.treatments(),
        "timeline": timeline(lines),
    }


def no_check(run: RunFolder, config: RunConfig) -> str:
    """Why a run has no health check, and what to do."""
    if config.method.adversarial is None:
        return (
            f"{run.path} has no health checks: nothing in {config.preset} has a discriminator; see viceversa evaluate"
        )
    if not config.train.probes:
        return f"{run.path} has no health checks: train.probes is 0; leave that out in a new run"
    return (
        f"{run.path} has no health check yet: one is made during training and one at its end; repeat the command that "
        "started the run"
    )


def current_verdicts(run: RunFolder, lines: list[dict[str, Any]], config: RunConfig) -> list[Verdict]:
    """The verdicts after the last line. A step that was not finite has a line without signals."""
    last = lines[-1]
    if not last["signals"]:
        return [Verdict(**v | {"remedies": cures(v["symptom"], config.method.translates)}) for v in last["symptoms"]]
    context = HistoryContext.of(config.method, run.data()["names"], run.steps())
    return examine([{"step": line["step"], **line["signals"]} for line in lines if line["signals"]], context)


def advice(verdict: Verdict, config: RunConfig) -> list[dict[str, Any]]:
    """The remedies that this configuration takes: words to type, cost, paper, and the effect they had when measured."""
    rows = []
    for name in verdict.remedies:
        words = changes(name, config.method)
        if not words:
            continue
        remedy, effect = REMEDIES[name], decisive(name, verdict.symptom)
        rows.append(
            {
                "remedy": name,
                "title": remedy.title,
                "words": set_words(words),
                "cost": remedy.cost,
                "paper": remedy.paper,
                "effect": effect_in_words(effect) if effect else "",
                "measured": [effect] if effect else [],
            }
        )
    return rows


def timeline(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The checks at which the verdict or its symptoms changed."""
    changed: list[dict[str, Any]] = []
    for line in lines:
        symptoms = [f"{v['symptom']} {v['where']}".strip() for v in line["symptoms"]]
        last = changed[-1] if changed else {}
        if (last.get("verdict"), last.get("symptoms")) != (line["verdict"], symptoms):
            changed.append({"step": line["step"], "verdict": line["verdict"], "symptoms": symptoms})
    return changed
