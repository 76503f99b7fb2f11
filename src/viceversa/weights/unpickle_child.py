"""Open pickled weights, here and nowhere else, in a process that can do nothing but answer.

    python -P -m viceversa.weights.unpickle_child MAX_BYTES < weights.pth > answer

The restricted loader of PyTorch was broken twice (CVE-2025-32434, CVE-2026-24747), so it is not trusted alone. Before
it sees a byte, the kernel forbids this process new files and sockets, writing to files, and more than some memory and
time, and Python refuses calls that act on the system. The answer is `READY`, then `GOOD` and the weights as
safetensors, or `BAD` and a reason. The parent must check it: a hostile file may have taken over this process.
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
COPIES = 3  # of the weights in memory at once: file, tensors, answer
EXTRA_MEMORY = 432_000_000  # bytes beside these copies and PyTorch itself
CPU_SECONDS = 60
# Events that an audit hook refuses: all that touches files, processes, sockets or foreign code.
REFUSED_EVENTS = (
    "open",
    "os.",
    "subprocess.",
    "socket.",
    "shutil.",
    "tempfile.",
    "ctypes.",
    "pty.",
    "mmap.",
    "fcntl.",
    "signal.",
    "import",
    "code.",
    "resource.",
    "winreg.",
    "glob.",
    "pathlib.",
    "urllib.",
    "http.",
    "ftplib.",
    "smtplib.",
)


class Refused(Exception):
    """Why a file is not accepted as weights, in a few words."""


def drop_rights(max_bytes: int) -> None:
    """Give up, for the rest of this process, everything that reading weights of `max_bytes` does not need."""
    warm_up()

    used = resource.getrusage(resource.RUSAGE_SELF)
    lower_limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + CPU_SECONDS)
    sizes = Path("/proc/self/statm")
    if sizes.exists():  # elsewhere the present size is unknown, and a limit below it would end this process
        present = int(sizes.read_text().split()[0]) * resource.getpagesize()
        lower_limit(resource.RLIMIT_AS, present + memory_limit(max_bytes))
    lower_limit(resource.RLIMIT_CORE, 0)
    lower_limit(resource.RLIMIT_FSIZE, 0)
    lower_limit(resource.RLIMIT_NPROC, 0)
    lower_limit(resource.RLIMIT_NOFILE, 0)  # open files stay open; no code can open another one

    def refuse(event: str, _: object) -> None:
        if event.startswith(REFUSED_EVENTS):
            raise Refused(f"it tried to act on the system ({event})")

    sys.addaudithook(refuse)


def memory_limit(max_bytes: int) -> int:
    """Bytes of memory that reading a file of `max_bytes` may take."""
    return COPIES * max_bytes + EXTRA_MEMORY


def warm_up() -> None:
    """Load the modules that PyTorch imports on first use, for both forms of the file format and for errors."""
    for zipped in (True, False):
        file = io.BytesIO()
        torch.save({"x": torch.ones(1)}, file, _use_new_zipfile_serialization=zipped)
        save(read_tensors(file.getvalue(), max_bytes=4))
    for junk in (b"", b"text", b"PK\x03\x04", b"\x80\x02N."):
        try:
            read_tensors(junk, max_bytes=4)
        except Exception as e:
            explain(e)


def lower_limit(what: int, value: int) -> None:
    """Lower a resource limit for good; one that is lower already stays."""
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(what, (value, value))


def read_tensors(data: bytes, max_bytes: int) -> dict[str, Tensor]:
    """The tensors of a pickled state dict, as float32 and each in memory of its own."""
    state: Any = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    if not isinstance(state, dict):
        raise Refused(f"it holds a {type(state).__name__} instead of named tensors")

    tensors = {}
    total = 0
    for name, tensor in state.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise Refused(f"it holds a {type(tensor).__name__} named {str(name)[:60]!r} instead of named tensors")
        if name.endswith("num_batches_tracked"):  # a counter of training
            continue
        if tensor.layout != torch.strided or not tensor.is_floating_point() or tensor.is_meta:
            raise Refused(f"{name[:60]!r} is not an array of numbers")
        total += 4 * tensor.numel()
        if total > max_bytes:
            raise Refused(f"its tensors take more than {max_bytes / 1e6:.0f} MB")
        tensors[name] = tensor.detach().to(torch.float32, copy=True).contiguous()
    return tensors


def explain(error: BaseException) -> str:
    """What is wrong with the file; PyTorch's own text advises to trust it."""
    if isinstance(error, Refused):
        return str(error)
    text = str(error)
    if isinstance(error, MemoryError) or "memory" in text:
        return "it asks for more memory than such weights need"
    if "TorchScript" in text:
        return "it is a TorchScript program, not weights"
    code = re.search(r"GLOBAL ([\w.]+)", text)
    if code:
        return f"it holds more than tensors: {code[1][:60]}"
    return "it is damaged or no file of weights"


def answer(data: bytes, max_bytes: int) -> bytes:
    """`GOOD` and the weights, or `BAD` and the reason."""
    try:
        return GOOD + save(read_tensors(data, max_bytes))
    except Exception as e:  # a hostile file can raise anything
        return BAD + explain(e).encode()


def write_output(data: bytes) -> None:
    """Write to standard output by the system call alone."""
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


def main() -> NoReturn:
    torch.set_num_threads(1)
    max_bytes = int(sys.argv[1])
    data = sys.stdin.buffer.read(max_bytes + 1)
    drop_rights(max_bytes)
    write_output(READY)
    write_output(answer(data, max_bytes))
    os._exit(0)  # skips interpreter shutdown, so that no finaliser of a loaded object runs


if __name__ == "__main__":
    main()
