"""Published weights: the tensors that a file of them must hold, and reading such a file as safetensors."""

import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from math import prod
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load as load_tensors
from torch import Tensor

from ..errors import ModelFileError

NOTE = "viceversa"  # the one key of a converted file's metadata; the order of several would not be fixed
HEADER = 1_000_000  # bytes that names and shapes may take
PICKLED = frozenset({".pth", ".pt", ".bin", ".ckpt", ".pkl", ".tar"})


@dataclass(frozen=True, kw_only=True)
class ExpectedWeights:
    """What a file of weights must hold to be accepted, and how to complain about one that does not."""

    name: str  # in messages: "the Inception of FID"
    shapes: Mapping[str, tuple[int, ...]]  # of every tensor, all of them float32
    kind: str  # stored in the metadata of a converted file
    sha256: str  # first digits of the published file's digest
    max_bytes: int  # of a pickled file, and of its tensors as float32
    advice: str  # the end of a complaint: which file fits

    @property
    def tensor_bytes(self) -> int:
        """The size of all tensors as float32."""
        return sum(4 * prod(shape) for shape in self.shapes.values())

    def size_of(self, path: Path) -> int:
        """Bytes of a file; ModelFileError where there is none."""
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            raise ModelFileError(f"{path} does not exist; {self.advice}") from None
        if not stat.S_ISREG(status.st_mode):  # a pipe would block for ever
            raise ModelFileError(f"{path} is not a file; {self.advice}")
        return status.st_size

    def require_size(self, path: Path, limit: int) -> None:
        """Raise ModelFileError unless `path` is a file of at most `limit` bytes."""
        size = self.size_of(path)
        if size > limit:
            raise ModelFileError(f"{path} is not {self.name}: {size / 1e6:.0f} MB are too many; {self.advice}")

    def require_tensors(self, tensors: Mapping[str, Tensor], source: Path) -> None:
        """Raise ModelFileError unless these are exactly the expected tensors, as finite float32."""
        wrong = f"{source} is not {self.name}"

        unknown = sorted(set(tensors) - set(self.shapes))
        missing = sorted(set(self.shapes) - set(tensors))
        if unknown:
            raise ModelFileError(f"{wrong}: it holds {unknown[0][:60]!r}; {self.advice}")
        if missing:
            raise ModelFileError(f"{wrong}: {missing[0]} is missing; {self.advice}")

        for name, shape in self.shapes.items():
            tensor = tensors[name]
            if tuple(tensor.shape) != shape:
                raise ModelFileError(f"{wrong}: {name} is {tuple(tensor.shape)} instead of {shape}; {self.advice}")
            if tensor.dtype != torch.float32:
                raise ModelFileError(f"{wrong}: {name} is {tensor.dtype} instead of torch.float32; {self.advice}")
            if not tensor.isfinite().all() or (name.endswith("running_var") and tensor.min() < 0):
                raise ModelFileError(f"{wrong}: {name} holds numbers that no weights have; {self.advice}")

    def load(self, path: Path) -> tuple[dict[str, Tensor], str]:
        """The tensors of a safetensors file and the SHA-256 of the file; ModelFileError for any other file."""
        self.require_size(path, self.tensor_bytes + HEADER)
        data = path.read_bytes()
        try:
            tensors = load_tensors(data)
        except SafetensorError as e:
            raise ModelFileError(f"{path} is not a safetensors file ({e}); {self.advice}") from None
        self.require_tensors(tensors, path)
        return tensors, sha256(data).hexdigest()

    def metadata(self, source_sha256: str) -> dict[str, str]:
        """The metadata of a file that was converted from the file with this digest."""
        return {NOTE: json.dumps({"kind": self.kind, "source_sha256": source_sha256})}

    def is_published(self, path: str | Path) -> bool:
        """True if a converted file states that it was made from the published file."""
        with safe_open(path, framework="pt") as file:
            note = (file.metadata() or {}).get(NOTE, "{}")
        try:
            return str(json.loads(note)["source_sha256"]).startswith(self.sha256)
        except (ValueError, TypeError, KeyError, RecursionError):
            return False


def is_pickled(path: Path) -> bool:
    """True for a pickle, by its first bytes (a zip, or a pickle of protocol 2 and up) or else by its name."""
    with open(path, "rb") as file:
        head = file.read(9)
    # A safetensors file starts with the length of a JSON text, which may look like either, and "{".
    has_pickle_head = head.startswith((b"PK", b"\x80")) and head[8:] != b"{"
    return has_pickle_head or path.suffix.lower() in PICKLED
