"""The Inception network of FID from a user's file: its weights are published by others and never part of viceversa."""

import json
import shlex
import stat
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load as load_tensors
from torch import Tensor

from ..errors import ModelFileError
from ..metrics.resizing import Rule
from ..networks.inception import InceptionV3

PUBLISHED = "pt_inception-2015-12-05-6726825d.pth"  # by pytorch-fid; torch-fidelity has the same bytes as weights-...
DIGEST = "6726825d"  # first digits of its SHA-256
NOTE = "viceversa"  # the one key of a converted file's metadata; two would come in an order of chance
PICKLED = frozenset({".pth", ".pt", ".bin", ".ckpt", ".pkl", ".tar"})
COUNTER = "num_batches_tracked"  # of a batch norm in training; no part of the weights
HEADER = 1_000_000  # bytes that names and shapes may take


@cache
def shapes() -> dict[str, tuple[int, ...]]:
    """Name and shape of the 472 tensors."""
    with torch.device("meta"):
        state = InceptionV3().state_dict()
    return {name: tuple(tensor.shape) for name, tensor in state.items() if not name.endswith(COUNTER)}


def weight_bytes() -> int:
    """What the tensors take as float32."""
    return sum(4 * int(np.prod(shape)) for shape in shapes().values())


def load_inception(path: str | Path) -> tuple[InceptionV3, str]:
    """The network in a file that `viceversa convert` wrote, for use only, and the SHA-256 of the file.

    ModelFileError for pickled weights, another network, another shape or type, numbers that are not finite.
    """
    path = Path(path)
    size = size_of(path)
    if is_pickled(path):
        to = path.with_suffix(".safetensors")
        command = shlex.join(["viceversa", "convert", str(path), str(to)])
        raise ModelFileError(f"{path} holds pickled weights, which can run code; convert them first: {command}")
    if size > weight_bytes() + HEADER:
        raise ModelFileError(f"{path} is not the Inception of FID: {size / 1e6:.0f} MB are too many; {advice()}")
    data = path.read_bytes()
    try:
        tensors = load_tensors(data)
    except SafetensorError as e:
        raise ModelFileError(f"{path} is not a safetensors file ({e}); {advice()}") from None
    require_inception(tensors, path)
    with torch.device("meta"):  # neither drawn nor held twice
        network = InceptionV3()
    zero = torch.zeros((), dtype=torch.long)
    counters = {name: zero.clone() for name in network.state_dict() if name.endswith(COUNTER)}
    network.load_state_dict(tensors | counters, assign=True)
    return network.eval().requires_grad_(False), sha256(data).hexdigest()


def origin(source_sha256: str) -> dict[str, str]:
    """The metadata of a file converted from another one."""
    return {NOTE: json.dumps({"kind": "inception-v3 of FID, 2015-12-05, with fc", "source_sha256": source_sha256})}


def is_published(path: str | Path) -> bool:
    """Whether a converted file says that it was made of the file that the literature computes with."""
    with safe_open(path, framework="pt") as file:
        note = (file.metadata() or {}).get(NOTE, "{}")
    try:
        return str(json.loads(note)["source_sha256"]).startswith(DIGEST)
    except (ValueError, TypeError, KeyError, RecursionError):
        return False


def size_of(path: Path) -> int:
    """Bytes of a file; ModelFileError for what is none."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise ModelFileError(f"{path} does not exist; {advice()}") from None
    if not stat.S_ISREG(status.st_mode):  # a pipe would block for ever
        raise ModelFileError(f"{path} is not a file; {advice()}")
    return status.st_size


def is_pickled(path: Path) -> bool:
    """By its first bytes (a zip or a pickle of protocol 2 and up) or else by its name."""
    with open(path, "rb") as file:
        head = file.read(9)
    # A safetensors file starts with the length of a JSON text, which may look like either, and "{".
    pickled = head.startswith((b"PK", b"\x80")) and head[8:] != b"{"
    return pickled or path.suffix.lower() in PICKLED


def advice() -> str:
    """The end of a complaint: which file fits."""
    return f"the one that fits is {PUBLISHED} of pytorch-fid, put through viceversa convert"


def require_inception(tensors: dict[str, Tensor], source: Path) -> None:
    """ModelFileError unless these are all weights of the network, in its shapes, as finite float32."""
    wrong = f"{source} is not the Inception of FID"
    expected = shapes()
    strange = sorted(set(tensors) - set(expected))
    missing = sorted(set(expected) - set(tensors))
    if strange or missing:
        what = f"it holds {strange[0][:60]!r}" if strange else f"{missing[0]} is missing"
        raise ModelFileError(f"{wrong}: {what}; {advice()}")
    for name, shape in expected.items():
        tensor = tensors[name]
        if tuple(tensor.shape) != shape:
            raise ModelFileError(f"{wrong}: {name} is {tuple(tensor.shape)} instead of {shape}; {advice()}")
        if tensor.dtype != torch.float32:
            raise ModelFileError(f"{wrong}: {name} is {tensor.dtype} instead of torch.float32; {advice()}")
        if not tensor.isfinite().all() or (name.endswith("running_var") and tensor.min() < 0):
            raise ModelFileError(f"{wrong}: {name} holds numbers that no weights have; {advice()}")


def scaled(x: Tensor, rule: Rule) -> Tensor:
    """Resized pictures in [-1, 1] as the network is shown them; u is a stored value 0..255.

    `legacy`: 2 u / 255 - 1 (pytorch-fid); `clean`: (u - 128) / 128 (clean-fid, as in the original TensorFlow graph).
    """
    return ((x + 1) * 127.5 - 128) / 128 if rule == "clean" else x
