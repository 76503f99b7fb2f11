"""The choice between Winograd and direct convolutions at the start of a run."""

from dataclasses import replace

import viceversa
from support.tiny import TINY
from viceversa.runs.folder import RunFolder
from viceversa.runs.presets import preset
from viceversa.training import plan, winograd
from viceversa.training.plan import with_measured
from viceversa.training.winograd import winograd_is_worthwhile


def test_resumed_run_keeps_its_convolutions(world, tmp_path, monkeypatch):
    """Even where the other kind is faster."""
    options = dict(preset="cyclegan", size=16, steps=4, quiet=True, set=[*TINY, "method.d_layers=1"], seed=1)
    for first in (True, False):
        run = tmp_path / str(first)
        monkeypatch.setattr(plan, "winograd_is_worthwhile", lambda *sizes, answer=first: answer)
        viceversa.train(world, out=run, max_time=0.0001, **options)
        monkeypatch.setattr(plan, "winograd_is_worthwhile", lambda *sizes, answer=not first: answer)
        assert viceversa.train(world, out=run, **options).finished
        assert RunFolder(run).config().method.winograd is first


def test_convolutions_are_measured_only_in_float32_on_a_cpu(monkeypatch):
    monkeypatch.setattr(plan, "winograd_is_worthwhile", lambda *sizes: True)

    def chosen(name: str, device: str = "cpu", precision: str = "fp32", **changes: bool) -> bool | None:
        config = preset(name)
        method, train = replace(config.method, **changes), replace(config.train, precision=precision)
        return with_measured(replace(config, method=method, train=train), device).method.winograd

    assert chosen("cyclegan") is True and chosen("cyclegan", winograd=False) is False
    assert chosen("cyclegan", precision="bf16") is chosen("cyclegan", "cuda") is chosen("quickstart") is None


def test_winograd_is_chosen_from_a_speedup_of_1_2(monkeypatch):
    """Measured: 1 s for Winograd, `ratio` for the direct convolution; every second pair is disturbed."""
    for ratio, expected in ((1.1, False), (1.3, True)):
        durations = [[ratio, 9.0], [9.0, 1.0]]
        monkeypatch.setattr(winograd, "compared_seconds", lambda calls, durations=durations: durations)
        assert winograd_is_worthwhile(64, 32, 1) is expected
