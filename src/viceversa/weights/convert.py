"""Convert pickled weights to safetensors, which can hold nothing but numbers."""

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
from .expected import HEADER, ExpectedWeights

CHILD = "viceversa.weights.unpickle_child"
READY, GOOD, BAD = b"R", b"+", b"-"  # the marks of the child's answer; not imported: only the child loads that module
TIMEOUT = 180.0  # seconds by the clock, for a child that waits without computing


@dataclass(frozen=True)
class Converted:
    """The file that `convert` wrote."""

    path: Path
    sha256: str
    source_sha256: str
    published: bool  # whether the source is the published file


def convert(file: str | Path, out: str | Path, expected: ExpectedWeights) -> Converted:
    """Read the pickled weights in `file` in a child process without rights, check them, write them to `out`.

    ModelFileError for anything but the expected weights: nothing in the file is run, and nothing is written.
    """
    source, target = Path(file), Path(out)
    if target.suffix != ".safetensors" or target.is_dir():
        raise UsageError(f"convert: {target} is not a name for the result; it must be a file that ends in .safetensors")
    expected.require_size(source, expected.max_bytes)

    with open(source, "rb") as handle:
        digest = file_digest(handle, "sha256").hexdigest()
        handle.seek(0)
        data = read_in_child(handle, source, expected)
    try:
        tensors = load_tensors(data)
    except SafetensorError as e:
        raise ModelFileError(f"{source} was refused: its weights came out damaged ({e})") from None
    expected.require_tensors(tensors, source)

    result = save_tensors(tensors, expected.metadata(digest))
    if target.exists():
        if target.is_symlink() or not target.is_file() or target.read_bytes() != result:
            raise UsageError(f"convert: {target} exists and holds something else; choose another name or remove it")
    else:
        files.make_folder(target.parent)
        files.require_space(target.parent, len(result))
        files.write_bytes(target, result)
    return Converted(
        path=target,
        sha256=sha256(result).hexdigest(),
        source_sha256=digest,
        published=digest.startswith(expected.sha256),
    )


def read_in_child(handle: BinaryIO, source: Path, expected: ExpectedWeights) -> bytes:
    """The weights in an open file as safetensors, written by a child process without rights whose answer is untrusted.

    The child can write to its standard output only, and no more is read from it than the expected weights take.
    """
    limit = expected.tensor_bytes + HEADER
    child = subprocess.Popen(
        [sys.executable, "-P", "-W", "ignore", "-m", CHILD, str(expected.max_bytes)],  # -P: no module from this folder
        stdin=handle,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=child_environment(),
        close_fds=True,
    )
    assert child.stdout is not None
    timer = threading.Timer(TIMEOUT, child.kill)
    timer.start()
    try:
        output = child.stdout.read(len(READY) + len(GOOD) + limit + 1)
    finally:
        timer.cancel()
        child.kill()  # all that is needed has been read
        child.stdout.close()
        status = child.wait()

    if not output.startswith(READY):
        raise ResourceError(f"the reader of pickled weights could not start; see: {sys.executable} -m {CHILD} 0")
    answer = output.removeprefix(READY)
    if answer.startswith(GOOD) and len(answer) <= len(GOOD) + limit:
        return answer.removeprefix(GOOD)
    raise ModelFileError(f"{source} was refused: {explain(answer, status, expected)}; {expected.advice}")


def explain(answer: bytes, status: int, expected: ExpectedWeights) -> str:
    """The child's reason as plain text, or how it ended."""
    if answer.startswith(BAD):
        text = answer[1:300].decode("ascii", "replace")
        return "".join(c if c.isprintable() else " " for c in text)
    if answer:
        return f"its weights are larger than those of {expected.name}"
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        return "reading it took more time than such weights need"
    return f"it broke the process that read it (status {status})"


def child_environment() -> dict[str, str]:
    """What the child needs to find PyTorch, and no variable that could weaken its loader."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL") if name in os.environ}
    modules = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)
    return kept | {"PYTHONPATH": modules, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
