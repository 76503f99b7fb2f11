"""What is done about an alarm: back to the last healthy state, one remedy, and on."""

from json import dumps
from typing import Any

from .. import files
from .. import settings as values
from ..errors import DivergedError, ModelFileError, UsageError
from ..runs import checkpoint
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from .catalogue import REMEDIES, changes
from .symptoms import Verdict

MOST = 3  # treatments of one run


def stopped(run: RunFolder, verdicts: list[Verdict], why: str = "") -> DivergedError:
    """The error of a run that an alarm ends; `why` where it was to be treated."""
    worst, last = verdicts[0], last_healthy(run)
    kept = f"The last healthy checkpoint is {run.healthy / f'step-{last}'}" if last else "It was never healthy"
    words = first_words(run.config(), worst)
    advice = (
        f"try {words} in a new run{'' if why else ', or --on-symptom treat'}" if words else "see viceversa diagnose"
    )
    return DivergedError(f"{run.path} has {worst.symptom}{place(worst)}: {worst.sentence}{why} {kept}; {advice}")


def place(verdict: Verdict) -> str:
    return f" ({verdict.where})" if verdict.where else ""


def first_words(config: RunConfig, verdict: Verdict) -> str:
    """`--set` words of the first remedy that applies."""
    for name in verdict.remedies:
        if found := changes(name, config.method):
            return set_words(found)
    return ""


def set_words(found: dict[str, Any]) -> str:
    """{"method.lr_d": 5e-5} as it is typed."""
    return " ".join(f"--set {key}={value}" for key, value in found.items())


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
    """Commit the next treatment and forget what came after the state it goes back to; what it is, in a line.

    DivergedError when the run has had `MOST`, or no remedy is left.
    """
    done = run.treatments()
    if len(done) >= MOST:
        raise stopped(run, verdicts, f" It has been treated {MOST} times.")
    tried = {line["remedy"] for line in done}
    for verdict in (v for v in verdicts if v.level == "alarm"):
        for name in verdict.remedies:
            found = {} if name in tried else changes(name, config.method)
            if found and fits(config, found):
                return commit(run, verdict, name, found, step)
    raise stopped(run, verdicts, " No remedy is left.")


def fits(config: RunConfig, found: dict[str, Any]) -> bool:
    """Whether the changed configuration is a possible one."""
    try:
        values.changed(config, found)
    except UsageError:
        return False
    return True


def commit(run: RunFolder, verdict: Verdict, name: str, found: dict[str, Any], step: int) -> str:
    """Write the treatment down: from here on it has happened."""
    back_to = 0 if REMEDIES[name].restart else last_healthy(run, verdict.since + 1)
    line = {
        "step": step, "symptom": verdict.symptom, "where": verdict.where, "sentence": verdict.sentence,
        "remedy": name, "title": REMEDIES[name].title, "changes": found, "back_to": back_to,
    }  # fmt: skip
    files.append_line(run.treated, dumps(line))
    files.sync(run.treated)
    change = f"{REMEDIES[name].title} ({set_words(found)})"
    told = f"{verdict.symptom}{place(verdict)} at step {step}: back to step {back_to}, {change}"
    run.log(f"treated {told}")
    return told
