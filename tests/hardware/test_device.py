"""Devices and number formats, with the capabilities of other machines put in place of this one's."""

import pytest
import torch

from viceversa.errors import UsageError
from viceversa.hardware import precision
from viceversa.hardware.device import choose_device
from viceversa.hardware.precision import choose_precision


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Two CUDA GPUs; the list collects the indices that became current."""
    current: list[int] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", current.append)
    return current


@pytest.mark.parametrize(("requested", "index"), [("auto", []), ("cuda", []), ("cuda:0", [0]), ("cuda:1", [1])])
def test_a_gpu_is_chosen_by_its_index(requested: str, index: list[int], gpus: list[int]) -> None:
    assert choose_device(requested) == "cuda" and gpus == index


@pytest.mark.parametrize("requested", ["cuda:2", "cuda:", "cuda:x", "cuda:-1", "gpu", "cpu:0", "auto:1", ""])
def test_other_devices_are_refused_in_one_line(requested: str, gpus: list[int]) -> None:
    with pytest.raises(UsageError) as caught:
        choose_device(requested)
    assert "\n" not in str(caught.value) and f"--device {requested}"[:9] in str(caught.value) and not gpus


def test_cpu_is_chosen_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == choose_device("cpu") == "cpu"
    with pytest.raises(UsageError, match="no CUDA device"):
        choose_device("cuda:0")


def test_mps_is_accepted_where_pytorch_offers_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("mps") == "mps" and choose_precision("auto", "mps") == "fp32"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(UsageError, match="no Apple GPU"):
        choose_device("mps")


@pytest.mark.parametrize(
    ("gpu", "capability", "bf16", "expected"),
    [
        ("A100", (8, 0), True, "bf16"),
        ("H100", (9, 0), True, "bf16"),
        ("T4", (7, 5), False, "fp16"),
        ("V100", (7, 0), False, "fp16"),
        ("GTX 1080", (6, 1), False, "fp32"),
    ],
)
def test_only_real_support_of_bf16_counts(
    gpu: str, capability: tuple[int, int], bf16: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyTorch emulates bfloat16 on each of these GPUs and says so where emulation counts."""
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation or bf16)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    assert choose_precision("auto", "cuda") == expected
    assert [choose_precision(p, "cuda") for p in ("fp32", "bf16", "fp16")] == ["fp32", "bf16", "fp16"]


@pytest.mark.parametrize(("speedup", "expected"), [(0.8, "fp32"), (1.2, "fp32"), (1.9, "bf16")])
def test_a_cpu_takes_bf16_where_it_is_faster(speedup: float, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_moments = [0.5, 0.01 * speedup, 0.3, 0.01 * speedup]  # the shortest durations are compared
    monkeypatch.setattr(precision, "compared_seconds", lambda calls: [slow_moments, [0.01, 0.2, 0.01, 0.4]])
    before = torch.get_num_threads()
    assert choose_precision("auto", "cpu") == expected
    assert torch.get_num_threads() == before
