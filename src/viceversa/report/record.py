"""How the run came about and how to go on: configuration, environment, commands."""

import json
import re
import shlex
from typing import Any

from .. import settings
from ..errors import UsageError
from ..runs.config import RunConfig
from ..runs.presets import preset
from ..tasks import task_of
from .facts import Facts
from .markup import Html, code, fold, html, join, paragraph, section, table

OWN = (
    "data.source", "data.other", "data.names", "train.device", "train.threads", "train.precision", "train.total_nimg",
    "method.winograd",
)  # fmt: skip


def background(facts: Facts) -> Html:
    """Configuration and environment side by side."""
    return html('<div class="facing plain">{a}{b}</div>', a=configuration(facts), b=environment(facts))


def configuration(facts: Facts) -> Html:
    """What differs from the preset, and all of it folded."""
    config = facts.config
    odd = changed(config)
    flat = settings.flatten(settings.to_dict(config))
    rows = [(_mark(key, key in odd), _mark(_plain(value), key in odd)) for key, value in flat.items()]
    if odd:
        told = table((key, html("{new} <del>{old}</del>", new=_plain(n), old=_plain(o))) for key, (o, n) in odd.items())
        intro = join([paragraph(f"Preset {config.preset}, with these values changed:"), told])
    else:
        intro = paragraph(f"Preset {config.preset}, unchanged.")
    return section("Configuration", intro, fold(f"All {len(rows)} values", table(rows)))


def changed(config: RunConfig) -> dict[str, tuple[Any, Any]]:
    """Keys whose value is not the preset's, with both; what every run has of its own is left out."""
    try:
        odd = settings.difference(preset(config.preset, config.data.size), config)
    except UsageError:  # a preset of another version
        return {}
    return {key: pair for key, pair in odd.items() if key not in OWN}


def _mark(text: object, marked: bool) -> Html:
    return html("<mark>{t}</mark>" if marked else "{t}", t=text)


def _plain(value: object) -> str:
    return str(value).lower() if value is None or isinstance(value, bool) else str(value) or "–"


def environment(facts: Facts) -> Html:
    """Hardware, versions and command."""
    env = dict(facts.env)
    versions = env.pop("versions", {})
    rows = [(key, "–" if value is None else value) for key, value in env.items()]
    rows += [(name, number) for name, number in versions.items()]
    notes = [paragraph(note, "note") for note in facts.data.get("notes", [])]
    skipped = facts.data.get("skipped", {})
    if skipped:
        notes.append(fold(f"{len(skipped)} pictures were skipped", table(skipped.items())))
    return section("Environment", table(rows), *notes)


def go_on(facts: Facts) -> Html:
    """Commands to copy."""
    run, source, other = facts.run.path.resolve(), facts.config.data.source, facts.config.data.other
    parts = []
    if facts.unfinished:
        parts += [paragraph("Resume: the same command goes on where it stopped."), code(facts.env["command"])]
    if facts.translates:
        parts += translating(facts, str(run))
    if source and not task_of(facts.config.method).paired:
        check = ["viceversa", "data", "check", source, *([other] if other else [])]
        parts += [paragraph("Look at the data once more."), code(shlex.join(check))]
    return section("Go on", *parts) if parts else Html()


def translating(facts: Facts, run: str) -> list[Html]:
    """How to translate pictures of one's own."""
    targets = [d.domains(facts.names)[1] for d in facts.config.method.directions]
    start = ["viceversa", "translate", run, "PICTURES", "--to"]
    return [
        paragraph(f"Translate pictures of your own, files or folders{', either way' if len(targets) > 1 else ''}."),
        *(code(shlex.join([*start, to, "--out", re.sub(r"[^\w.-]+", "-", f"as-{to}")])) for to in targets),
        paragraph("The same from Python, for a path, PIL image, NumPy array or tensor."),
        code(
            "import viceversa",
            "",
            f"translator = viceversa.load({_quoted(run)})",
            f'picture = translator.translate("picture.jpg", to={_quoted(targets[0])})',
            'picture.save("translated.png")',
        ),
    ]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
