"""The sentences on top of the page: does it work, and are there enough pictures to tell?"""

import math
import re
from typing import Any

from ..errors import ViceversaError
from ..evaluation.evaluate import EvaluationTools, evaluate_generator
from ..evaluation.extractors import load_extractor
from ..evaluation.fcn import Segmenters
from ..evaluation.results import last_evaluation, save_partial, saved_verdicts
from ..evaluation.run import EvaluatedRun
from ..metrics.student_t import NORMAL
from ..tasks import task_of
from .data import ReportData
from .markup import Html, html, join, paragraph

ANSWERS = {True: "yes", False: "no", None: "open"}
COMPARED = 200  # real pictures that generated ones are compared with, at most


def head_verdict(report: ReportData) -> Html:
    """A sentence for each direction, its numbers small; for a classifier its accuracy; nothing while training."""
    lines = [line_of(report, v) for v in verdicts_of(report)]
    if line := accuracy_line(report):
        lines.append(line)
    return html('<div class="verdict">{lines}</div>', lines=join(lines)) if lines else Html()


def line_of(report: ReportData, v: dict[str, Any]) -> Html:
    """The verdict on one direction; its first words, up to a comma or full stop, stand out."""
    answer, end, rest = re.match(r"([^.,]*)([.,])(.*)", v["headline"], re.DOTALL).groups()  # type: ignore[union-attr]
    if v.get("baseline") == "real":
        answer, end, rest = "", "", v["headline"]
    about = html("<small>{a} → {b}</small>", a=v["source"], b=v["target"]) if report.translates else Html()
    detail = html("<small>{text}.</small>", text=whole_percents(v["detail"])) if v["detail"] else Html()
    return html(
        '<p class="{kind}">{about}<b>{answer}</b>{rest}{detail}</p>',
        kind=ANSWERS.get(v["better"], "open"),
        about=about,
        answer=_capital(answer + end) if answer else "",
        rest=whole_percents(rest if answer else _capital(rest)),
        detail=detail,
    )


def whole_percents(text: str) -> str:
    """No line break between a number and its per cent sign."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def verdicts_of(report: ReportData) -> list[dict[str, Any]]:
    """Those of `evaluate` where it has seen this step, else those of the report itself."""
    if report.in_progress or not report.step:
        return []
    evaluation = last_evaluation(report.run)
    if evaluation and evaluation.get("step") == report.step:
        saved = saved_verdicts(report.run, report.step)
        if saved:
            return list(saved.values())
    return list(report.verdicts)


def generator_verdict(run: EvaluatedRun, step: int) -> list[dict[str, Any]]:
    """The verdict on a generator from noise, computed once for a step and saved; none where it cannot be computed."""
    if saved := saved_verdicts(run.folder, step):
        return list(saved.values())
    if run.config.method.translates or not task_of(run.config.method).evaluated:
        return []

    files = {key: paths[:: max(1, len(paths) // COMPARED)][:COMPARED] for key, paths in run.files.items()}
    few = EvaluatedRun(run.folder, run.config, run.names, files)
    tools = EvaluationTools(
        load_extractor(), Segmenters.load((), run.names, run.config.data.size), 0, lambda line: None
    )
    try:
        verdict = evaluate_generator(few, step, tools)["verdict"]
    except (ViceversaError, OSError):
        return []
    if not verdict:
        return []
    save_partial(run, step, [], [verdict])
    return [verdict]


def accuracy_line(report: ReportData) -> Html | None:
    """The test accuracy of a classifier with its 95 % interval, beside that of guessing; or that of a segmenter."""
    lines = report.run.read_lines(report.run.accuracy)
    if not lines or report.in_progress:
        return None
    last = lines[-1]
    if "iou" in last:
        text = (
            f"{percent(last['accuracy'])} of the test pixels are classified correctly; mean IoU {percent(last['iou'])}."
        )
        return html('<p class="open">{text}</p>', text=text)

    low, high = wilson(last["right"], last["of"])
    guess = 1 / max(1, len(report.names))
    answer = "open" if low <= guess <= high else "yes" if low > guess else "no"
    text = f"{percent(last['accuracy'])} of {last['of']:,} test pictures are classified correctly."
    more = (
        f"95 % interval {percent(low)} to {percent(high)}; guessing among {len(report.names)} classes gives "
        f"{percent(guess)}."
    )
    return html(
        '<p class="{kind}">{text}<small>{more}</small></p>',
        kind=answer,
        text=whole_percents(text),
        more=whole_percents(more),
    )


def percent(share: float) -> str:
    """0.774 -> "77 %"; more digits near 100 %, where they count."""
    return f"{100 * share:.1f} %" if share > 0.99 else f"{100 * share:.0f} %"


def wilson(right: int, of: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927): (low, high)."""
    p, z2 = right / of, NORMAL**2
    centre, spread = p + z2 / (2 * of), NORMAL * math.sqrt(p * (1 - p) / of + z2 / (4 * of**2))
    return max(0.0, (centre - spread) / (1 + z2 / of)), min(1.0, (centre + spread) / (1 + z2 / of))


def how_decided(report: ReportData) -> Html:
    """How the verdict on top was reached, for those who want to know."""
    verdicts = verdicts_of(report)
    if not verdicts or "interval" not in verdicts[0]:
        return Html()
    v = verdicts[0]
    measures = {
        "PSNR": "PSNR to the true translation, against the affine colour change that fits the true pairs best",
        "KID": "KID to real test pictures by the embedded extractor, against the affine colour change that gives the "
        "inputs the mean and covariance of the target's colours",
    }
    measure = measures[v["measure"]] if v["baseline"] == "colour" else "KID to real pictures by the embedded extractor"
    return paragraph(f"The verdict on top: {measure}; {v['interval']}.", "note")
