"""The folder of a run: its configuration, data, logs and checkpoints."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from .. import files, settings
from ..errors import DataError, ModelFileError, UsageError
from ..images import file_of
from ..names import nfc, stored_path
from . import checkpoint
from .checkpoint import Checkpoint
from .config import RunConfig
from .presets import preset as named_preset


class RunFolder:
    """`config.yaml env.json data.json plan.jsonl metrics.jsonl health.jsonl log.txt samples/ ...` under one path."""

    def __init__(self, path: Path | str) -> None:
        self.path = stored_path(path)
        self.checkpoints = self.path / "checkpoints"
        self.samples = self.path / "samples"
        self.metrics = self.path / "metrics.jsonl"
        self.plan = self.path / "plan.jsonl"  # revisions of the length of a run whose time is given
        self.health = self.path / "health.jsonl"  # health checks
        self.health_folder = self.path / "health"  # their sheets and sample features
        self.healthy = self.path / "healthy"  # checkpoints to go back to
        self.treated = self.path / "treatments.jsonl"
        self.accuracy = self.path / "accuracy.jsonl"  # of a classifier or segmenter, on test images
        self.usage = self.path / "usage.jsonl"  # pace and peak memory, a line for each call of train
        self.evaluation = self.path / "metrics.json"  # result of evaluate
        self.evaluations = self.path / "evaluation"  # and its images
        self.report = self.path / "report.html"

    @property
    def exists(self) -> bool:
        return (self.path / "config.yaml").is_file()

    def require(self) -> "RunFolder":
        """This folder; ModelFileError where it is not a run."""
        if not self.exists:
            what = "has no config.yaml" if self.path.is_dir() else "does not exist"
            raise ModelFileError(f"{self.path} is not a run: it {what}; give the folder that train wrote with --out")
        return self

    def config(self) -> RunConfig:
        """The current configuration: the original one with the changes of all treatments."""
        return self.with_treatments(self.original())

    def with_treatments(self, config: RunConfig) -> RunConfig:
        """`config` with the changes of all treatments so far."""
        for treatment in self.treatments():
            config = settings.changed(config, treatment["changes"], str(self.treated))
        return config

    def treatments(self) -> list[dict[str, Any]]:
        """Treatments of symptoms, oldest first."""
        return self.read_lines(self.treated)

    def original(self) -> RunConfig:
        """The configuration the run started with."""
        try:
            return read_config(self.path / "config.yaml")
        except UsageError as e:
            raise ModelFileError(f"{self.path} is damaged: {e}") from None

    def steps(self) -> int:
        """Planned steps: those of the configuration, or of the latest revision where the time is given."""
        revisions = self.read_lines(self.plan)
        return int(revisions[-1]["steps"]) if revisions else self.config().steps

    def data(self) -> dict[str, Any]:
        """data.json: names in NFC, counts, files and skipped files of the dataset."""
        content = self._json("data.json")
        if "names" in content:
            content["names"] = [nfc(name) for name in content["names"]]
        if "domain" in content:
            content["domain"] = nfc(content["domain"])
        return content

    def env(self) -> dict[str, Any]:
        """env.json: versions, hardware, threads and command."""
        return self._json("env.json")

    def _json(self, name: str) -> dict[str, Any]:
        try:
            content: dict[str, Any] = json.loads((self.path / name).read_bytes())
        except (OSError, ValueError) as e:
            raise ModelFileError(f"{self.path / name} cannot be read ({e})") from None
        return content

    def start(self, config: RunConfig, env: dict[str, Any], data: dict[str, Any]) -> None:
        """Write what does not change during the run; config.yaml last, since it makes the folder a run."""
        files.write_json(self.path / "env.json", env)
        files.write_json(self.path / "data.json", data)
        header = "# The complete configuration of this run; `viceversa train --config` takes it back.\n"
        body = yaml.safe_dump(settings.to_dict(config), sort_keys=False, allow_unicode=True)
        files.write_text(self.path / "config.yaml", header + body)

    def require_same(self, config: RunConfig) -> None:
        """Refuse a configuration that is not the run's own, naming every difference."""
        different = settings.difference(self.original(), config)
        for key in MAY_CHANGE:
            different.pop(key, None)
        if different:
            words = ", ".join(f"{key} is {old!r}, not {new!r}" for key, (old, new) in different.items())
            raise UsageError(
                f"{self.path} holds another run ({words}); repeat its command to resume it, or choose another --out"
            )

    def require_same_data(self, now: dict[str, Any]) -> None:
        """Refuse other images than those of the start: with them a resumed run would not be the same run."""
        old, new = self.data(), now
        if old.get("palette") != new.get("palette"):
            raise DataError(
                f"the label pictures of {self.path} now mean other classes than when it started, as when world.json is "
                "gone; restore it to resume, or choose another --out"
            )
        if old["digest"] == new["digest"]:
            return
        changes = []
        for key in new["files"]:
            before, after = set(old["files"][key]), set(new["files"][key])
            for word, names in (("gone", before - after), ("new", after - before)):
                if names:
                    changes.append(f"{len(names)} {word} in {key}, first {min(names)}")
        raise DataError(
            f"the pictures of {self.path} have changed since it started ({'; '.join(changes) or 'one was edited'}); "
            "restore them to resume, or choose another --out"
        )

    def truncate_metrics(self, step: int) -> None:
        """Drop the log lines after the checkpoint that training resumes from, left by a process that was killed."""
        for path in (self.metrics, self.health, self.accuracy):
            if path.exists():
                kept = [line for line in self.read_lines(path) if line["step"] <= step]
                files.write_text(path, "".join(json.dumps(line) + "\n" for line in kept))

    def finish_treatment(self) -> Checkpoint | None:
        """Remove the checkpoints made obsolete by the last treatment; returns the one it went back to, if any."""
        done = self.treatments()
        if not done:
            return None
        for folder, oldest in ((self.checkpoints, 0), (self.healthy, done[-1]["back_to"] + 1)):
            for kept in checkpoint.list_checkpoints(folder):
                if kept.step >= oldest and checkpoint.treatments_of(kept.path) < len(done):
                    files.remove_folder(kept.path)
        healthy = [kept for kept in checkpoint.list_checkpoints(self.healthy) if kept.step == done[-1]["back_to"]]
        return healthy[0] if healthy else None

    def read_metrics(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl; an incomplete last line is left out."""
        return self.read_lines(self.metrics)

    def read_lines(self, path: Path) -> list[dict[str, Any]]:
        """The lines of a JSON Lines file, none where there is no such file; an incomplete last line is left out."""
        if not path.exists():
            return []
        lines = []
        for text in path.read_text().splitlines():
            try:
                lines.append(json.loads(text))
            except ValueError:
                continue
        return lines

    def log(self, line: str) -> None:
        """Add a dated line to log.txt."""
        files.append_line(self.path / "log.txt", f"{time.strftime('%F %T')} {line}")

    def kept(self) -> dict[int, Checkpoint]:
        """Every remaining checkpoint by its step, oldest first: the newest ones and the healthy ones."""
        both = [*checkpoint.list_checkpoints(self.healthy), *checkpoint.list_checkpoints(self.checkpoints)]
        by_step = {kept.step: kept for kept in both}
        return {step: by_step[step] for step in sorted(by_step)}

    def checkpoint(self, step: int | None = None) -> Checkpoint:
        """The newest checkpoint that verifies, or that of `step`; ModelFileError when there is none."""
        if step is None:
            newest, complaints = checkpoint.newest(self.checkpoints)
            if newest is None:
                reason = complaints[0] if complaints else f"{self.checkpoints} is empty"
                raise ModelFileError(f"{self.path} has no usable checkpoint: {reason}; train it first")
            return newest

        kept = self.kept()
        if step not in kept:
            steps = ", ".join(str(n) for n in kept) or "none"
            raise ModelFileError(f"{self.path} has no checkpoint of step {step}; it has kept {steps}")
        return kept[step]

    def last_step(self) -> int:
        """The step of the newest checkpoint that verifies, 0 without one."""
        newest, _ = checkpoint.newest(self.checkpoints)
        return newest.step if newest else 0


MAY_CHANGE = (  # when a run is resumed: no weight depends on it
    "train.save_every",
    "train.keep",
    "train.on_symptom",
    "data.pair",  # require_same_data compares what it found
    "data.cache_mb",
    "data.disk_cache_mb",
    "data.show",
)


def read_config(path: Path) -> RunConfig:
    """A RunConfig from YAML, missing keys from its preset; UsageError in one line about what is wrong."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise UsageError(f"{path} cannot be read ({e.strerror}); check the path") from None
    except (yaml.YAMLError, ValueError, RecursionError) as e:
        mark = getattr(e, "problem_mark", None)
        reason = f"line {mark.line + 1}: {getattr(e, 'problem', e)}" if mark else " ".join(str(e).split())
        raise UsageError(f"{path} is not a YAML configuration ({reason})") from None
    base = RunConfig()
    if isinstance(content, dict):
        try:
            base = named_preset(str(content.get("preset", "quickstart")), _size_in(content))
            content["preset"] = base.preset  # which earlier versions may have called otherwise
        except UsageError as e:
            raise UsageError(f"{path}: {str(e).removeprefix('--')}") from None
    return settings.from_dict(RunConfig, content, str(path), base)


def _size_in(content: dict[str, Any]) -> int | None:
    data = content.get("data")
    size = data.get("size") if isinstance(data, dict) else None
    return size if isinstance(size, int) else None


def describe(names: Sequence[str], listed: Mapping[str, Sequence[Path]], notes: Sequence[str]) -> dict[str, Any]:
    """data.json: names, counts, files, and a digest of their names and sizes."""
    files_of = {key: [str(p) for p in paths] for key, paths in listed.items()}
    sized = (b"%s %d" % (os.fsencode(p), os.path.getsize(file_of(p)[0])) for paths in files_of.values() for p in paths)
    return {
        "names": list(names),
        "counts": {key: len(paths) for key, paths in files_of.items()},
        "digest": sha256(b"\n".join(sized)).hexdigest(),
        "notes": list(notes),
        "skipped": {},
        "files": files_of,
    }
