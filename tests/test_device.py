"""What is chosen for a machine, by cases with known answers."""

import shutil

import pytest
import torch

from viceversa.training import device
from viceversa.training.device import can_compile, choose_compile


def test_compiling_is_for_long_runs_on_a_card_or_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "can_compile", lambda: True)
    assert choose_compile(True, "cpu", 1, None) and not choose_compile(False, "cuda", 10**6, None)
    assert choose_compile(None, "cuda", 20_000, None) and not choose_compile(None, "cuda", 19_999, None)
    assert choose_compile(None, "cuda", 1, 1200.0) and not choose_compile(None, "cuda", 10**6, 240.0)
    assert not choose_compile(None, "cpu", 10**6, None)
    monkeypatch.setattr(device, "can_compile", lambda: False)
    assert not choose_compile(None, "cuda", 10**6, None) and choose_compile(True, "cuda", 1, None)


def test_a_compiler_needs_all_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with Triton, gcc and a new card, and each of them missing once."""
    monkeypatch.delenv("CC", raising=False)
    for triton, compiler, capability in ((1, 1, 9), (0, 1, 9), (1, 0, 9), (1, 1, 6)):
        monkeypatch.setattr(device, "find_spec", lambda name, found=triton: found or None)
        monkeypatch.setattr(
            shutil, "which", lambda name, found=compiler: "/usr/bin/gcc" if found and name == "gcc" else None
        )
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda major=capability: (major, 0))
        assert can_compile() == ((triton, compiler, capability) == (1, 1, 9))
