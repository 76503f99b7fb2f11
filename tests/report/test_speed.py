"""Throughput and memory of a run, over all calls of train."""

import json

from support.reported import build
from viceversa.hardware.memory import peak_memory
from viceversa.report.page import make
from viceversa.report.speed import size_of


def test_throughput_is_that_of_all_sessions_and_memory_the_largest(tmp_path):
    run, _ = build(tmp_path)
    assert "images/s" not in make(run.path).read_text()
    lines = [
        {"images": 300, "seconds": 10.0, "rss": 500_000_000, "gpu": None},
        {"images": 300, "seconds": 20.0, "rss": 400_000_000, "gpu": 2_500_000_000},
    ]
    run.usage.write_text("".join(json.dumps(line) + "\n" for line in lines))
    page = make(run.path).read_text()
    assert "20.0 images/s, 600 images in all" in page and "500 MB" in page and "2.5 GB" in page


def test_sizes_have_a_unit():
    assert [size_of(n) for n in (40, 1_500, 99_900, 1_500_000, 2e9)] == [
        "0.0 kB",
        "1.5 kB",
        "99.9 kB",
        "1.5 MB",
        "2.0 GB",
    ]


def test_peak_memory_grows_with_what_a_process_holds():
    before = peak_memory()["rss"]
    held = bytearray(before + 50_000_000)  # more than ever before
    held[::4096] = b"x" * len(held[::4096])
    assert peak_memory()["rss"] >= before + 40_000_000
    assert peak_memory()["gpu"] is None or peak_memory()["gpu"] > 0


def test_every_record_of_a_run_is_linked(tmp_path):
    run, _ = build(tmp_path)
    (run.path / "plan.jsonl").write_text('{"steps": 7}\n')
    (run.path / "log.txt").write_text("")
    page = make(run.path).read_text()
    for name in ("metrics.jsonl", "plan.jsonl", "config.yaml", "env.json", "data.json", "log.txt"):
        assert f'href="{name}"' in page
