"""Configuration and environment of the run, and the commands that go on from it."""

import json
import re
import shlex
from typing import Any

from .. import settings
from ..errors import UsageError
from ..runs.config import RunConfig
from ..runs.presets import preset
from ..tasks import task_of
from .data import ReportData
from .markup import Html, copyable, fold, html, join, paragraph, section, table

OWN = (  # keys that every run sets for itself
    "data.source",
    "data.other",
    "data.names",
    "train.device",
    "train.threads",
    "train.precision",
    "train.total_nimg",
    "method.winograd",
)


def background(report: ReportData) -> Html:
    """Configuration and environment side by side."""
    return html('<div class="facing plain">{a}{b}</div>', a=configuration(report), b=environment(report))


def configuration(report: ReportData) -> Html:
    """The values that differ from the preset, and all values folded."""
    config = report.config
    odd = changed(config)
    flat = settings.flatten(settings.to_dict(config))
    rows = [(_mark(key, key in odd), _mark(_plain(value), key in odd)) for key, value in flat.items()]
    if odd:
        rows_of_changes = table(
            (key, html("{new} <del>{old}</del>", new=_plain(n), old=_plain(o))) for key, (o, n) in odd.items()
        )
        intro = join([paragraph(f"Preset {config.preset}, with these values changed:"), rows_of_changes])
    else:
        intro = paragraph(f"Preset {config.preset}, unchanged.")
    return section("Configuration", intro, fold(f"All {len(rows)} values", table(rows)))


def changed(config: RunConfig) -> dict[str, tuple[Any, Any]]:
    """Keys whose value is not the preset's, with both values; without the keys in OWN."""
    try:
        odd = settings.difference(preset(config.preset, config.data.size), config)
    except UsageError:  # a preset of another version
        return {}
    return {key: pair for key, pair in odd.items() if key not in OWN}


def _mark(text: object, marked: bool) -> Html:
    return html("<mark>{t}</mark>" if marked else "{t}", t=text)


def _plain(value: object) -> str:
    return str(value).lower() if value is None or isinstance(value, bool) else str(value) or "–"


def environment(report: ReportData) -> Html:
    """Hardware, versions and command."""
    env = dict(report.env)
    versions = env.pop("versions", {})
    rows = [(key, "–" if value is None else value) for key, value in env.items()]
    rows += [(name, number) for name, number in versions.items()]
    notes = [paragraph(note, "note") for note in report.data.get("notes", [])]
    skipped = report.data.get("skipped", {})
    if skipped:
        notes.append(fold(f"{len(skipped)} pictures were skipped", table(skipped.items())))
    return section("Environment", table(rows), *notes)


def next_steps(report: ReportData) -> Html:
    """Commands to copy."""
    run, source, other = report.run.path.resolve(), report.config.data.source, report.config.data.other
    parts: list[Html] = []
    if report.in_progress:
        return Html()
    if report.unfinished:
        parts += [paragraph("Resume: the same command goes on where it stopped."), copyable(report.env["command"])]
    if report.translates:
        parts += translate_commands(report, str(run))
    if task_of(report.config.method).evaluated:
        parts += [
            paragraph("Score every test picture, and update this report."),
            copyable(shlex.join(["viceversa", "evaluate", str(run)])),
        ]
    if source and not task_of(report.config.method).paired:
        check = ["viceversa", "data", "check", source, *([other] if other else [])]
        parts += [paragraph("Check the dataset again."), copyable(shlex.join(check))]
    return section("Next steps", *parts) if parts else Html()


def translate_commands(report: ReportData, run: str) -> list[Html]:
    """Commands that translate the user's own images."""
    targets = [d.domains(report.names)[1] for d in report.config.method.directions]
    in_both = ", in both directions" if len(targets) > 1 else ""
    start = ["viceversa", "translate", run, "PICTURES", "--to"]
    return [
        paragraph(f"Translate your own pictures, files or folders{in_both}."),
        *(copyable(shlex.join([*start, to, "--out", re.sub(r"[^\w.-]+", "-", f"as-{to}")])) for to in targets),
        paragraph("The same from Python, for a path, PIL image, NumPy array or tensor."),
        copyable(
            "import viceversa",
            "",
            f"translator = viceversa.load({_quoted(run)})",
            f'picture = translator.translate("picture.jpg", to={_quoted(targets[0])})',
            'picture.save("translated.png")',
        ),
    ]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
