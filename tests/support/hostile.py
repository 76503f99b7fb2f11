"""Files that pretend to be weights: each creates a canary file if anything in it is run."""

import collections
import io
import os
import pickle
import struct
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as save_tensors

from support.weights import hollow_weights


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


class Build(collections.OrderedDict):  # type: ignore[type-arg]
    """Pickles as an allowed class whose `__class__` is overwritten."""

    def __reduce__(self) -> Any:
        return collections.OrderedDict, (), {"__class__": Call(os.system, "true")}


def saved(value: Any, zipped: bool = True) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def archive_of(pickled: bytes) -> bytes:
    """A file as torch.save writes it, around a pickle written by hand."""
    return zip_of({"archive/data.pkl": pickled, "archive/version": b"3\n", "archive/byteorder": b"little"})


def tar_of(pickled: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            member = tarfile.TarInfo(name)
            member.size = len(pickled)
            archive.addfile(member, io.BytesIO(pickled))
    return file.getvalue()


def opcodes(module: str, name: str, text: str) -> bytes:
    """GLOBAL module name, one string, REDUCE: a call in the oldest protocol."""
    return f"c{module}\n{name}\n(V{text}\ntR.".encode()


def false_size(name: str, items: int, stored: int = 4) -> bytes:
    """A float storage of `stored` bytes that claims to have `items` numbers."""

    def text(word: str) -> bytes:
        return b"X" + struct.pack("<I", len(word)) + word.encode()

    count = b"\x8a\x08" + struct.pack("<q", items)
    storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + count + b"tQ"
    tensor = b"(" + storage + b"K\x00" + count + b"\x85K\x01\x85\x89ccollections\nOrderedDict\n)Rt"
    body = b"\x80\x02}" + text(name) + b"ctorch._utils\n_rebuild_tensor_v2\n" + tensor + b"Rs."
    return zip_of({"archive/data.pkl": body, "archive/data/0": bytes(stored), "archive/version": b"3\n"})


def payloads(canary: Path) -> dict[str, bytes]:
    """Name and content of each; all must be refused and none may touch `canary`."""
    touch = f"touch {canary}"
    write = f"open({str(canary)!r}, 'w')"
    system, honest = Call(os.system, touch), saved({"fc.bias": torch.ones(1008)})
    code = {
        "reduce": saved({"x": system}),
        "reduce, old form": saved({"x": system}, zipped=False),
        "reduce beside weights": saved({**hollow_weights(), "x": system}),
        "subprocess": saved(Call(subprocess.Popen, ["touch", str(canary)])),
        "eval": saved(Call(eval, write)),
        "exec, old form": saved(Call(exec, write), zipped=False),
        "getattr": saved(Call(getattr, Call(__import__, "os"), "system")),
        "open": saved(Call(open, str(canary), "w")),
        "build": saved(Build()),
        "pickle in a pickle": saved(Call(pickle.loads, pickle.dumps(system))),
        "torch.load by itself": saved(Call(torch.load, io.BytesIO(saved(system)))),
        "torch.hub": archive_of(opcodes("torch.hub", "load", str(canary.parent))),
        "posix": archive_of(opcodes("posix", "system", touch)),
        "posix, old form": opcodes("posix", "system", touch),
        "builtins by another name": archive_of(opcodes("__builtin__", "eval", write)),
        "dotted name": archive_of(b"\x80\x04\x8c\x05torch\x8c\x0fos.path.os.rmdir\x93\x8c\x01x\x85R."),
        "extension code": archive_of(b"\x80\x02\x82\x01."),
        "persistent code": archive_of(b"\x80\x02cposix\nsystem\nQ."),
        "instance": archive_of(f"(V{touch}\niposix\nsystem\n.".encode()),
        "object": archive_of(f"(cposix\nsystem\nV{touch}\no.".encode()),
        "a module": saved(torch.nn.Linear(1, 1)),
        "nested zip": zip_of({"archive/data.pkl": saved(system), "archive/version": b"3\n"}),
        "two pickles": honest + pickle.dumps(system),
        "torchscript": zip_of({"a/constants.pkl": pickle.dumps(system), "a/data.pkl": b"N.", "a/version": b"3\n"}),
        "old tar": tar_of(pickle.dumps(system)),
        "climbing zip": zip_of({"../data.pkl": pickle.dumps(system), "../../canary": b"x", "archive/version": b"3\n"}),
    }  # fmt: skip
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        code[f"bare pickle, protocol {protocol}"] = pickle.dumps(system, protocol)
    big = saved(hollow_weights())
    return (
        code
        | damaged(big)
        | impostors()
        | {"claim": false_size("fc.bias", 2**40), "claim, stored": false_size("fc.bias", -1)}
    )


def damaged(whole: bytes) -> dict[str, bytes]:
    """Good weights, cut off or partly overwritten."""
    lengths = {"to nothing": 0, "to a byte": 1, "in the head": 100, "in half": len(whole) // 2, "at the end": -1}
    scratched = bytearray(whole)
    scratched[len(whole) // 4 : len(whole) // 4 + 200] = bytes(200)
    return {f"cut {where}": whole[:length] for where, length in lengths.items()} | {"scratched": bytes(scratched)}


def impostors() -> dict[str, bytes]:
    """Harmless files of another kind, and weights of huge or wrong tensors."""
    deep: bytes = b"\x80\x02" + b"(" * 200_000 + b"t" * 200_000 + b"."
    rows: list[Any] = []
    for _ in range(60):  # 2^60 rows if anybody counted them
        rows = [rows, rows]
    good = hollow_weights()
    return {
        "text": b"these are the weights\n" * 50,
        "picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "safetensors": save_tensors({"fc.bias": torch.ones(1008)}),
        "empty zip": zip_of({}),
        "deep": archive_of(deep),
        "deep, old form": deep,
        "lists of lists": saved(rows),
        "a list": saved([torch.ones(1)]),
        "a number": saved(10**4000),
        "numbered": saved({1: torch.ones(1)}),
        "one level down": saved({"state_dict": {"fc.bias": torch.ones(1008)}}),
        "whole numbers": saved({"fc.bias": torch.ones(1008, dtype=torch.int64)}),
        "complex": saved({"fc.bias": torch.ones(1008, dtype=torch.complex64)}),
        "sparse": saved({"fc.bias": torch.ones(1008).to_sparse()}),
        "meta": saved({"fc.bias": torch.ones(1008, device="meta")}),
        "wide": saved({"fc.bias": torch.ones(()).expand(10**12)}),
        "many": saved({f"{i}": torch.ones(()).expand(10**7) for i in range(100)}),
        "other names": saved({"features.0.weight": torch.ones(64, 3, 3, 3)}),
        "one missing": saved({name: tensor for name, tensor in good.items() if name != "fc.bias"}),
        "one more": saved({**good, "AuxLogits.fc.bias": torch.ones(1000)}),
        "other shape": saved({**good, "fc.weight": torch.ones(1000, 2048)}),
        "not a number": saved({**good, "fc.bias": torch.full((1008,), torch.nan)}),
        "infinite": saved({**good, "fc.bias": torch.full((1008,), torch.inf)}),
        "too large for float32": saved({**good, "fc.bias": torch.full((1008,), 1e300, dtype=torch.float64)}),
    }
