"""Pickled weights are opened here and nowhere else: in a process that can do nothing but answer.

    python -P -m viceversa.weights.unpickle_child < weights.pth > answer

The restricted loader of PyTorch was broken twice (CVE-2025-32434, CVE-2026-24747), so it is not trusted alone. Before
it sees a byte, the kernel takes from this process new files and sockets, writing to files, memory and time, and
Python takes from it what would act on the system. The answer is a word and a rest: `READY` and then `GOOD` + weights
as safetensors, or `BAD` + a reason. It is a claim by a process that may have been taken over: check it.
"""

import io
import os
import re
import resource
import sys
from pathlib import Path
from typing import Any, NoReturn

import torch
from safetensors.torch import save
from torch import Tensor

READY, GOOD, BAD = b"R", b"+", b"-"
LARGEST = 256_000_000  # bytes of a file, and of its weights as float32
MEMORY = 1_200_000_000  # bytes on top of PyTorch itself: file, tensors and answer, each once, and some
SECONDS = 60  # of computing
# What an audit hook refuses: all that touches files, processes, sockets or foreign code.
ACTS = (
    "open", "os.", "subprocess.", "socket.", "shutil.", "tempfile.", "ctypes.", "pty.", "mmap.", "fcntl.", "signal.",
    "import", "code.", "resource.", "winreg.", "glob.", "pathlib.", "urllib.", "http.", "ftplib.", "smtplib.",
)  # fmt: skip


class Refused(Exception):
    """Why these are not weights, in a few words."""


def shut() -> None:
    """Give up, for the rest of this process, all that reading weights does not need."""
    warm_up()
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + SECONDS
    limit(resource.RLIMIT_CPU, seconds)
    sizes = Path("/proc/self/statm")
    if sizes.exists():  # elsewhere the size now is unknown, and a limit below it would end us
        limit(resource.RLIMIT_AS, int(sizes.read_text().split()[0]) * resource.getpagesize() + MEMORY)
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_FSIZE, 0)
    limit(resource.RLIMIT_NPROC, 0)
    limit(resource.RLIMIT_NOFILE, 0)  # what is open stays; nothing more can be opened, by whatever code

    def refuse(event: str, _: object) -> None:
        if event.startswith(ACTS):
            raise Refused(f"it tried to act on the system ({event})")

    sys.addaudithook(refuse)


def warm_up() -> None:
    """Load once what is loaded late, in both forms of the format."""
    for zipped in (True, False):
        file = io.BytesIO()
        torch.save({"x": torch.ones(1)}, file, _use_new_zipfile_serialization=zipped)
        save(weights(file.getvalue()))
    for junk in (b"", b"text", b"PK\x03\x04", b"\x80\x02N."):
        try:
            weights(junk)
        except Exception as e:
            reason(e)


def limit(what: int, value: int) -> None:
    """Lower a limit for good; one that is lower already stays."""
    _, hard = resource.getrlimit(what)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (value, value))


def weights(data: bytes) -> dict[str, Tensor]:
    """The tensors of a pickled state dict, as float32 and each in memory of its own."""
    value: Any = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    if not isinstance(value, dict):
        raise Refused(f"it holds a {type(value).__name__} instead of named tensors")
    tensors, total = {}, 0
    for name, tensor in value.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise Refused(f"it holds a {type(tensor).__name__} named {str(name)[:60]!r} instead of named tensors")
        if name.endswith("num_batches_tracked"):  # a counter of training
            continue
        if tensor.layout != torch.strided or not tensor.is_floating_point() or tensor.is_meta:
            raise Refused(f"{name[:60]!r} is not an array of numbers")
        total += 4 * tensor.numel()
        if total > LARGEST:
            raise Refused("its tensors are larger than any Inception")
        tensors[name] = tensor.detach().to(torch.float32, copy=True).contiguous()
    return tensors


def reason(error: BaseException) -> str:
    """What is wrong with the file; PyTorch's own text advises to trust it."""
    text = str(error)
    asked = re.search(r"GLOBAL ([\w.]+)", text)
    if isinstance(error, Refused):
        return text
    if isinstance(error, MemoryError) or "memory" in text:
        return "it asks for more memory than such weights need"
    if "TorchScript" in text:
        return "it is a TorchScript program, not weights"
    if asked:
        return f"it holds more than tensors: {asked[1][:60]}"
    return "it is damaged or no file of weights"


def answer(data: bytes) -> bytes:
    """`GOOD` and the weights, or `BAD` and the reason."""
    try:
        return GOOD + save(weights(data))
    except Exception as e:  # a hostile file can raise anything
        return BAD + reason(e).encode()


def tell(data: bytes) -> None:
    """Write to standard output by the system call alone."""
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


def main() -> NoReturn:
    torch.set_num_threads(1)
    data = sys.stdin.buffer.read(LARGEST + 1)
    shut()
    tell(READY)
    tell(answer(data))
    os._exit(0)  # nothing of what was loaded gets a last word


if __name__ == "__main__":
    main()
