"""When networks are compiled."""

import shutil

import pytest
import torch

from viceversa.hardware import compile
from viceversa.hardware.compile import can_compile, choose_compile


def test_long_runs_on_a_gpu_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile, "can_compile", lambda: True)
    assert choose_compile(True, "cpu", 1, None) and not choose_compile(False, "cuda", 10**6, None)
    assert choose_compile(None, "cuda", 20_000, None) and not choose_compile(None, "cuda", 19_999, None)
    assert choose_compile(None, "cuda", 1, 1200.0) and not choose_compile(None, "cuda", 10**6, 240.0)
    assert not choose_compile(None, "cpu", 10**6, None)
    monkeypatch.setattr(compile, "can_compile", lambda: False)
    assert not choose_compile(None, "cuda", 10**6, None) and choose_compile(True, "cuda", 1, None)


def test_compiler_needs_triton_a_c_compiler_and_a_recent_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, and each missing once."""
    monkeypatch.delenv("CC", raising=False)
    for triton, compiler, capability in ((1, 1, 9), (0, 1, 9), (1, 0, 9), (1, 1, 6)):
        monkeypatch.setattr(compile, "find_spec", lambda name, triton=triton: triton or None)
        monkeypatch.setattr(
            shutil, "which", lambda name, gcc=compiler: "/usr/bin/gcc" if gcc and name == "gcc" else None
        )
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda major=capability: (major, 0))
        assert can_compile() == ((triton, compiler, capability) == (1, 1, 9))
