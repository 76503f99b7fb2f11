"""The report while a run trains: it reloads itself, costs little, and is finished at the end."""

import time

import pytest

from support.reported import build
from support.tiny import TINY_OPTIONS
from viceversa import api
from viceversa.report import live, page
from viceversa.report.data import last_start
from viceversa.report.page import make, make_quick, make_stopped


def test_report_of_a_run_in_progress_reloads_and_that_of_a_finished_one_does_not(tmp_path):
    run, _ = build(tmp_path)
    text = make_quick(run.path, in_progress=True).read_text()
    assert 'data-refresh="20"' in text and "Training: step 7 of 20 (35%)" in text and "reloads itself" in text
    assert 'class="pair"' not in text and 'class="verdict"' not in text and "Losses" in text
    for write in (make, make_stopped, make_quick):
        make_quick(run.path, in_progress=True)
        write(run.path)
        assert "data-refresh" not in run.report.read_text()


def test_page_states_how_long_it_reloads_itself(tmp_path, monkeypatch):
    """Half an hour, or twice the time of the training so far: samples are evenly spaced."""
    run, _ = build(tmp_path)
    start = time.mktime(time.strptime("2026-01-01 10:00:00", "%Y-%m-%d %H:%M:%S"))
    for log, minutes in (("", 30), ("2026-01-01 10:00:00 started: 20 steps on cpu\n", 240)):
        (run.path / "log.txt").write_text(log)
        monkeypatch.setattr(page.time, "time", lambda: start + 7200)
        text = make_quick(run.path, in_progress=True).read_text()
        assert f"written again for {minutes} minutes" in text
        assert f'data-until="{round(start) + 7200 + 60 * minutes}"' in text


def test_time_left_follows_from_the_last_start(tmp_path):
    log = tmp_path / "log.txt"
    assert last_start(log) == (None, 0)
    log.write_text("2026-01-01 10:00:00 started: 20 steps on cpu\n2026-01-01 10:01:00 stopped at step 5\n")
    assert last_start(log)[1] == 0
    since = last_start(log)[0]
    log.write_text(log.read_text() + "2026-01-01 12:00:00 resumed at step 5: 20 steps on cpu\n")
    assert last_start(log) == (since + 7200, 5)


def test_report_is_left_alone_when_it_takes_too_much_of_the_time(tmp_path, monkeypatch):
    now, written = [0.0], []

    def slow(run, in_progress):
        now[0] += 1.0
        written.append(now[0])

    monkeypatch.setattr(live.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(live, "make_quick", slow)
    report = live.LiveReport()
    for _ in range(1000):  # a sample every second
        now[0] += 1.0
        report(tmp_path)
    assert written[0] == 2.0  # the first one at once
    assert len(written) == pytest.approx(1 + live.SHARE * now[0], abs=1)  # a hundredth of the time, and the first


def test_error_in_a_report_does_not_end_the_training(tmp_path):
    report = live.LiveReport()
    report(tmp_path / "no run")  # not even log.txt can be written

    run, _ = build(tmp_path)
    for _ in range(3):
        report.started -= 100  # time enough for another report
        run.report.mkdir(exist_ok=True)
        report(run.path)
    (line,) = (run.path / "log.txt").read_text().splitlines()
    assert "the report could not be written (" in line and "report.html" in line


def test_report_that_cannot_be_written_does_not_hide_why_a_run_stopped(tmp_path):
    run, _ = build(tmp_path)
    run.report.mkdir()
    make_stopped(run.path)
    assert "the report could not be written" in (run.path / "log.txt").read_text()


def test_training_keeps_its_report_up_to_date(world, tmp_path, monkeypatch):
    steps = []

    def recorded(run, in_progress):
        text = make_quick(run, in_progress=in_progress).read_text()
        assert "data-refresh" in text
        steps.append(text.partition("Training: step ")[2].split()[0])

    monkeypatch.setattr(live, "make_quick", recorded)
    monkeypatch.setattr(live, "SHARE", 1.0)
    run = api.train(world, out=tmp_path / "run", steps=4, quiet=True, **TINY_OPTIONS).run
    assert steps[0] == "0" and steps[-1] == "4" and len(steps) == 5
    finished = (run / "report.html").read_text()
    assert "data-refresh" not in finished and "Finished at step 4 of 4" in finished
    assert "images/s, 8 images in all" in finished and "peak memory (RSS)" in finished
