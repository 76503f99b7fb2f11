"""Pickled weights of Inception to safetensors, which can hold nothing but numbers."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import BinaryIO

from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from .. import files
from ..errors import ModelFileError, ResourceError, UsageError
from .inception import DIGEST, HEADER, advice, origin, require_inception, size_of, weight_bytes

CHILD = "viceversa.weights.unpickle_child"
MARKS = (b"R", b"+", b"-")  # how the child's answer begins; not imported, since that file is for the child alone
LARGEST = 256_000_000  # bytes of a file; the published one has 96 million
PATIENCE = 180.0  # seconds by the clock, for a child that waits without computing


@dataclass(frozen=True)
class Converted:
    """What `convert` wrote."""

    path: Path
    sha256: str
    source_sha256: str

    @property
    def published(self) -> bool:
        """Whether the source is the file that the literature computes with."""
        return self.source_sha256.startswith(DIGEST)


def convert(file: str | Path, out: str | Path) -> Converted:
    """Read the pickled weights in `file` in a child process without rights, check them, write them to `out`.

    All layers stay, `fc` too. ModelFileError for anything but weights of this network: nothing is run or written.
    """
    source, target = Path(file), Path(out)
    if target.suffix != ".safetensors" or target.is_dir():
        raise UsageError(f"convert: {target} is not a name for the result; it must be a file that ends in .safetensors")
    size = size_of(source)
    if size > LARGEST:
        raise ModelFileError(f"{source} is not the Inception of FID: {size / 1e6:.0f} MB are too many; {advice()}")
    with open(source, "rb") as handle:
        digest = file_digest(handle, "sha256").hexdigest()
        handle.seek(0)
        data = read_in_child(handle, source)
    try:
        tensors = load_tensors(data)
    except SafetensorError as e:
        raise ModelFileError(f"{source} was refused: its weights came out damaged ({e})") from None
    require_inception(tensors, source)
    result = save_tensors(tensors, origin(digest))
    if target.exists() and (target.is_symlink() or not target.is_file() or target.read_bytes() != result):
        raise UsageError(f"convert: {target} exists and holds something else; choose another name or remove it")
    if not target.exists():
        files.make_folder(target.parent)
        files.require_space(target.parent, len(result))
        files.write_bytes(target, result)
    return Converted(path=target, sha256=sha256(result).hexdigest(), source_sha256=digest)


def read_in_child(handle: BinaryIO, source: Path) -> bytes:
    """The weights in an open file as safetensors, made by a process that may lie but cannot harm.

    Its standard output is all that it can write to, and no more is read from it than such weights take.
    """
    child = subprocess.Popen(
        [sys.executable, "-P", "-W", "ignore", "-m", CHILD],  # -P: no module from the folder one stands in
        stdin=handle, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment(), close_fds=True,
    )  # fmt: skip
    assert child.stdout is not None
    clock = threading.Timer(PATIENCE, child.kill)
    clock.start()
    try:
        ready, good, bad = MARKS
        told = child.stdout.read(weight_bytes() + HEADER + 3)
    finally:
        clock.cancel()
        child.kill()  # it has said all that is wanted
        child.stdout.close()
        status = child.wait()
    if told[:1] != ready:
        raise ResourceError(f"the reader of pickled weights could not start; see: {sys.executable} -m {CHILD}")
    if told[1:2] == good and len(told) <= weight_bytes() + HEADER + 2:
        return told[2:]
    raise ModelFileError(f"{source} was refused: {why(told[1:], status, bad)}; {advice()}")


def why(told: bytes, status: int, bad: bytes) -> str:
    """The child's reason as plain text, or how it ended."""
    if told[:1] == bad:
        text = told[1:300].decode("ascii", "replace")
        return "".join(c if c.isprintable() else " " for c in text)
    if told:
        return "its weights are larger than those of Inception"
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        return "reading it took more time than such weights need"
    return f"it broke the process that read it (status {status})"


def environment() -> dict[str, str]:
    """What the child needs to find PyTorch, and no switch that could loosen its loader."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL") if name in os.environ}
    modules = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)
    return kept | {"PYTHONPATH": modules, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
