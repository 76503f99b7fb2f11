"""Treatment of an alarm: go back to the last healthy checkpoint, change one thing, go on."""

from json import dumps
from typing import Any

from .. import files, settings
from ..errors import DivergedError, ModelFileError, UsageError
from ..runs import checkpoint
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from .catalogue import REMEDIES, changes
from .symptoms import Verdict

MAX_TREATMENTS = 3  # of one run


def stopped(run: RunFolder, verdicts: list[Verdict], reason: str = "") -> DivergedError:
    """The error of a run that an alarm ends; `reason` says why it was not treated, where it was to be."""
    worst, last = verdicts[0], last_healthy(run)
    kept = f"The last healthy checkpoint is {run.healthy / f'step-{last}'}" if last else "It was never healthy"
    words = first_words(run.config(), worst)
    if not words:
        advice = "see viceversa diagnose"
    elif reason:
        advice = f"try {words} in a new run"
    else:
        advice = f"try {words} in a new run, or --on-symptom treat"
    return DivergedError(f"{run.path} has {worst.symptom}{place(worst)}: {worst.sentence}{reason} {kept}; {advice}")


def place(verdict: Verdict) -> str:
    """ " (apples -> oranges)" for a verdict on a direction."""
    return f" ({verdict.where})" if verdict.where else ""


def first_words(config: RunConfig, verdict: Verdict) -> str:
    """`--set` words of the first remedy that applies."""
    for name in verdict.remedies:
        if change := changes(name, config.method):
            return set_words(change)
    return ""


def set_words(change: dict[str, Any]) -> str:
    """{"method.lr_d": 5e-5} as it is typed."""
    return " ".join(f"--set {key}={value}" for key, value in change.items())


def last_healthy(run: RunFolder, before: int | None = None) -> int:
    """Step of the newest healthy checkpoint that verifies, of those before a step; 0 without one."""
    for healthy in checkpoint.list_checkpoints(run.healthy):
        if before is not None and healthy.step >= before:
            continue
        try:
            checkpoint.verify(healthy.path)
        except ModelFileError:
            continue
        return healthy.step
    return 0


def treat(run: RunFolder, config: RunConfig, verdicts: list[Verdict], step: int) -> str:
    """Record the next treatment, which goes back to the last healthy checkpoint; returns it as a line of text.

    DivergedError when the run has had `MAX_TREATMENTS`, or no remedy is left.
    """
    done = run.treatments()
    if len(done) >= MAX_TREATMENTS:
        raise stopped(run, verdicts, f" It has been treated {MAX_TREATMENTS} times.")

    tried = {line["remedy"] for line in done}
    for verdict in verdicts:
        if verdict.level != "alarm":
            continue
        for name in verdict.remedies:
            change = {} if name in tried else changes(name, config.method)
            if change and is_valid(config, change):
                return record(run, verdict, name, change, step)
    raise stopped(run, verdicts, " No remedy is left.")


def is_valid(config: RunConfig, change: dict[str, Any]) -> bool:
    """True if the changed configuration is a possible one."""
    try:
        settings.changed(config, change)
    except UsageError:
        return False
    return True


def record(run: RunFolder, verdict: Verdict, name: str, change: dict[str, Any], step: int) -> str:
    """Append the treatment to treatments.jsonl: from then on it applies."""
    remedy = REMEDIES[name]
    back_to = 0 if remedy.restart else last_healthy(run, verdict.since + 1)
    line = {
        "step": step,
        "symptom": verdict.symptom,
        "where": verdict.where,
        "sentence": verdict.sentence,
        "remedy": name,
        "title": remedy.title,
        "changes": change,
        "back_to": back_to,
    }
    files.append_line(run.treated, dumps(line))
    files.sync(run.treated)

    text = f"{verdict.symptom}{place(verdict)} at step {step}: back to step {back_to}, "
    text += f"{remedy.title} ({set_words(change)})"
    run.log(f"treated {text}")
    return text
