"""The monitor in real runs: it costs no bit, survives a stop, ends a sick run or treats it, and answers later."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from support.sick import COMMON, SICK, run
from viceversa import api as verbs
from viceversa import cli
from viceversa.console import STATUS_MARK, coloured
from viceversa.errors import DataError, DivergedError
from viceversa.health.monitor import SHARE, check_interval
from viceversa.report.page import make as make_report
from viceversa.runs.folder import RunFolder
from viceversa.runs.presets import preset
from viceversa.tasks import task_of
from viceversa.training.recheck import recheck


@pytest.fixture(autouse=True)
def often(monkeypatch) -> None:
    """Look as often as asked, whatever it costs: these runs are tiny."""
    monkeypatch.setattr("viceversa.health.monitor.SHARE", 1e9)


def weights(out: Path) -> dict[str, bytes]:
    newest = max((out / "checkpoints").iterdir(), key=lambda p: int(p.name[5:]))
    return {p.name: p.read_bytes() for p in newest.glob("*.safetensors")}


def lines(out: Path, name: str = "health.jsonl") -> list[dict]:
    return [json.loads(text) for text in (out / name).read_text().splitlines()]


def test_health_checks_change_no_weight(blobs, tmp_path):
    run(blobs, tmp_path / "watched")
    run(blobs, tmp_path / "alone", "train.probes=0")
    assert weights(tmp_path / "watched") == weights(tmp_path / "alone")
    assert not (tmp_path / "alone" / "health.jsonl").exists()
    found = lines(tmp_path / "watched")
    assert [line["step"] for line in found] == list(range(10, 121, 10))
    signals = found[3]["signals"]
    means = [line for line in lines(tmp_path / "watched", "metrics.jsonl") if line["step"] == 40]
    assert signals["auc"] == pytest.approx(means[0]["auc"], rel=1e-5)
    assert {"norm_generator", "ratio_discriminator", "coverage", "lost", "shares"} <= signals.keys()
    assert (tmp_path / "watched" / "health" / "real.safetensors").exists()


@pytest.mark.long
def test_resumed_run_has_the_same_health_lines(blobs, tmp_path):
    run(blobs, tmp_path / "whole")
    for _ in range(4):
        run(blobs, tmp_path / "parts", max_time=0.4)
    run(blobs, tmp_path / "parts")
    assert (tmp_path / "whole" / "health.jsonl").read_bytes() == (tmp_path / "parts" / "health.jsonl").read_bytes()
    assert weights(tmp_path / "whole") == weights(tmp_path / "parts")


@pytest.mark.long
def test_alarm_stops_a_run_with_its_symptom(blobs, tmp_path, capsys):
    words = ["train", str(blobs), "--out", str(tmp_path / "run"), "--preset", "dcgan", "--size", "16", "--steps", "300"]
    words += ["--device", "cpu", "--precision", "fp32", "--on-symptom", "stop"]
    for pair in [*COMMON, *SICK]:
        words += ["--set", pair]
    assert cli.run(words) == 6
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert "d-wins" in told and "--set method.lr_g=" in told and "healthy" in told
    assert lines(tmp_path / "run")[-1]["step"] < 150
    assert cli.run(words) == 6  # asked again it is as ill as before


@pytest.mark.long
def test_alarm_is_treated_and_recorded(blobs, tmp_path):
    out = tmp_path / "run"
    result = run(blobs, out, *SICK, steps=300, on_symptom="treat")
    assert result.finished and result.step == 300
    (first, *_) = RunFolder(out).treatments()
    assert first["symptom"] == "d-wins" and first["remedy"] == "proven-rates" and first["back_to"] == 0
    assert first["changes"] == {"method.lr_g": 1e-3, "method.lr_d": 5e-4}
    assert RunFolder(out).config().method.lr_d <= 1e-3 and RunFolder(out).original().method.lr_d == 0.2
    assert verbs.diagnose(out)["verdict"] == "ok"
    assert "treated d-wins" in (out / "log.txt").read_text()
    page = make_report(out).read_text()
    assert "Treated at step" in page and "rates and momentum that are known to work" in page
    assert verbs.diagnose(out)["treatments"][0]["remedy"] == "proven-rates"


def test_nonfinite_loss_is_reported_and_treated(blobs, tmp_path):
    with pytest.raises(DivergedError, match=r"is not finite, no update was applied"):
        run(blobs, tmp_path / "watched", "method.loss=lsgan", "method.lr_g=1e25")
    assert lines(tmp_path / "watched")[-1]["symptoms"][0]["symptom"] == "non-finite"
    assert verbs.diagnose(tmp_path / "watched")["verdict"] == "alarm"
    assert run(blobs, tmp_path / "run", "method.loss=lsgan", "method.lr_g=1e25", steps=12, on_symptom="treat").finished
    done = RunFolder(tmp_path / "run").treatments()
    assert [t["remedy"] for t in done] == ["proven-rates"]


@pytest.mark.long
def test_treatment_goes_back_to_last_healthy_checkpoint(blobs, tmp_path, monkeypatch):
    """A healthy run that an alarm interrupts at step 80 goes back to 70, the last look without a symptom."""
    from viceversa.health import monitor
    from viceversa.health.symptoms import Verdict

    def examine(history, facts):
        if history[-1]["step"] == 80 and not RunFolder(tmp_path / "run").treatments():
            return [Verdict("oscillation", "alarm", 80, "told", remedies=("instance-noise",))]
        return []

    monkeypatch.setattr(monitor, "examine", examine)
    assert run(blobs, tmp_path / "run", on_symptom="treat").finished
    (done,) = RunFolder(tmp_path / "run").treatments()
    assert done["back_to"] == 70 and done["changes"] == {"method.noise": 0.3}
    assert [line["step"] for line in lines(tmp_path / "run")] == list(range(10, 121, 10))
    assert b"view.lead" in weights(tmp_path / "run")["rest.safetensors"]


CHILD = """
import sys, viceversa.health.monitor as m
m.SHARE = 1e9
from viceversa import cli
sys.exit(cli.run(sys.argv[1:]))
"""


@pytest.mark.long
def test_kill_around_a_treatment_leaves_equal_weights(blobs, tmp_path):
    def command(out: Path) -> list[str]:
        words = ["train", str(blobs), "--out", str(out), "--preset", "dcgan", "--size", "16", "--steps", "300"]
        words += ["--device", "cpu", "--precision", "fp32", "--seed", "1", "--on-symptom", "treat", "--save-every", "7"]
        for pair in [*COMMON, *SICK]:
            words += ["--set", pair]
        return [sys.executable, "-c", CHILD, *words]

    assert subprocess.run(command(tmp_path / "whole"), capture_output=True).returncode == 0
    rng = np.random.default_rng(0)
    kills = 0
    for _ in range(12):
        process = subprocess.Popen(command(tmp_path / "parts"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not (tmp_path / "parts" / "health.jsonl").exists():
            time.sleep(0.05)
        time.sleep(2.0 + rng.uniform(0, 1.5))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()
    assert subprocess.run(command(tmp_path / "parts"), capture_output=True).returncode == 0
    assert kills >= 2
    for name in ("health.jsonl", "metrics.jsonl", "treatments.jsonl"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "parts" / name).read_bytes()
    assert weights(tmp_path / "whole") == weights(tmp_path / "parts")


@pytest.mark.long
def test_diagnose_works_on_a_copied_folder(blobs, tmp_path, capsys):
    run(blobs, tmp_path / "run", *SICK)
    shutil.copytree(tmp_path / "run", tmp_path / "elsewhere")
    shutil.rmtree(tmp_path / "run")
    shutil.rmtree(blobs)
    found = verbs.diagnose(tmp_path / "elsewhere")
    assert found["verdict"] == "alarm" and found["symptoms"][0]["symptom"] == "d-wins"
    assert found["symptoms"][0]["try"][0]["words"].startswith("--set method.lr_g=")
    assert found["timeline"][0]["step"] == 10 and found["timeline"][-1]["verdict"] == "alarm"
    assert cli.run(["diagnose", str(tmp_path / "elsewhere"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "alarm"
    assert cli.run(["diagnose", str(tmp_path / "elsewhere")]) == 0
    assert "alarm at step 120 of 120" in capsys.readouterr().out


def test_status_mark_has_the_colour_of_its_level():
    colours = {
        word: coloured(f"{STATUS_MARK} {word}  step 3/9").spans[0].style for word in ("ok", "watch", "alarm d-wins")
    }
    assert colours == {"ok": "green", "watch": "yellow", "alarm d-wins": "bold red"}
    assert not coloured("step 3/9").spans


def test_diagnose_without_health_checks_is_refused(blobs, tmp_path):
    run(blobs, tmp_path / "run", "train.probes=0", steps=10)
    with pytest.raises(DataError, match=r"train\.probes is 0"):
        verbs.diagnose(tmp_path / "run")


def test_run_shorter_than_one_interval_is_checked_at_its_end(blobs, tmp_path):
    run(blobs, tmp_path / "run", "train.probes=1", "train.log_every=50", steps=12)
    (line,) = lines(tmp_path / "run")
    assert line["step"] == 12 and line["stop"] and "auc" in line["signals"]
    assert verbs.diagnose(tmp_path / "run")["step"] == 12


def test_stopped_run_is_checked_and_that_line_goes_when_it_continues(blobs, tmp_path):
    """Whatever interrupted it, a finished run has the same checks."""
    run(blobs, tmp_path / "whole", steps=24)
    assert not run(blobs, tmp_path / "parts", steps=24, max_time=0.001).finished
    (stop,) = lines(tmp_path / "parts")
    assert stop["step"] == 1 and verbs.diagnose(tmp_path / "parts")["step"] == 1
    run(blobs, tmp_path / "parts", steps=24)
    assert [line["step"] for line in lines(tmp_path / "parts")] == [5, 10, 15, 20, 24]
    assert (tmp_path / "whole" / "health.jsonl").read_bytes() == (tmp_path / "parts" / "health.jsonl").read_bytes()


def test_newest_checkpoint_can_be_checked_again(blobs, tmp_path):
    run(blobs, tmp_path / "run")
    before = (tmp_path / "run" / "health.jsonl").read_bytes()
    history, _ = recheck(RunFolder(tmp_path / "run"))
    last = lines(tmp_path / "run")[-1]
    assert history[-1]["step"] == last["step"] == 120
    assert history[-1]["coverage"] == pytest.approx(last["signals"]["coverage"], rel=1e-5)
    assert (tmp_path / "run" / "health.jsonl").read_bytes() == before


def test_check_interval_limits_the_share_of_time():
    for name in ("dcgan", "wgan-gp", "quickstart", "cyclegan", "pix2pix-quick"):
        config = preset(name)
        for steps in (100, 1000, 100_000):
            cost = task_of(config.method).probe_cost(config)
            every = check_interval(config.train, steps, cost)
            assert every % config.train.log_every == 0
            assert cost / every <= 1 or SHARE > 1  # the fixture has lifted the share
            assert every >= steps / config.train.probes
    rare = replace(preset("dcgan").train, probes=1)
    assert check_interval(rare, 1000, 1.0) == 1000


@pytest.mark.long
def test_report_shows_symptoms_and_remedies(blobs, tmp_path):
    run(blobs, tmp_path / "run", *SICK)
    page = make_report(tmp_path / "run").read_text()
    assert "Alarm: d-wins" in page and "D is nearly always right" in page
    assert page.count('<rect class="alarm"') >= 5 and '<rect class="ok"' in page
    assert "--set method.lr_g=0.001 --set method.lr_d=0.0005" in page and "When measured" in page
    assert "Principal components" in page and 'class="fake"' in page and "t-SNE" in page
    run(blobs, tmp_path / "alone", "train.probes=0", steps=10)
    assert "Principal components" not in make_report(tmp_path / "alone").read_text()
