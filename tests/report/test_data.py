"""Data of a report."""

from viceversa.report.data import training_time


def test_training_time_from_log_txt(tmp_path):
    log = tmp_path / "log.txt"
    assert training_time(log) is None
    start = "2026-01-01 10:00:00 started: 20 steps on cpu\n2026-01-01 10:01:00 skipped x\n"
    log.write_text(start + "2026-01-01 10:03:52 finished at step 20\n")
    assert training_time(log) == "3:52 min"
    killed = start + "2026-01-01 12:00:00 resumed at step 9: 20 steps on cpu\n"
    log.write_text(killed + "2026-01-01 13:00:05 stopped at step 20\n")
    assert training_time(log) == "at least 1:00:05 h"
    log.write_text(start)
    assert training_time(log) is None
