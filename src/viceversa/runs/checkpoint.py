"""Checkpoints: everything that changes during training, written so that no crash can lose it.

A checkpoint is a folder `step-<N>` of safetensors and JSON files. It is written under a temporary name,
synced, completed by a manifest of sizes and SHA-256 digests, and renamed; older ones are removed only after the new one
has been verified.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from .. import files
from ..errors import ModelFileError
from ..methods.protocol import Method
from ..optimize import Player

FORMAT = 1
PREFIX = "step-"  # of a checkpoint's folder name
MANIFEST = "manifest.json"
LOSS_SCALE = "loss_scale"  # prefix of a player's loss scale among the tensors of its optimiser


@dataclass(frozen=True)
class Checkpoint:
    """A published checkpoint: a folder whose name holds its step."""

    path: Path

    @property
    def step(self) -> int:
        return int(self.path.name.removeprefix(PREFIX))


def save(folder: Path, method: Method, state: dict[str, Any], keep: int = 2) -> Checkpoint:
    """Write `folder/step-<state["step"]>`, verify it, drop all but the newest `keep`."""
    files.make_folder(folder)
    remove_drafts(folder)
    contents = {f"{name}.safetensors": save_tensors(tensors) for name, tensors in _pack(method).items()}
    contents["state.json"] = json.dumps({"format": FORMAT, **state}, indent=1).encode()
    files.require_space(folder, sum(map(len, contents.values())))
    final = folder / f"{PREFIX}{state['step']}"
    draft = folder / f"{final.name}.tmp"
    draft.mkdir()
    for name, data in contents.items():
        files.write_new(draft / name, data)
    manifest = {name: {"bytes": len(data), "sha256": sha256(data).hexdigest()} for name, data in contents.items()}
    files.write_new(draft / MANIFEST, json.dumps(manifest, indent=1).encode())
    verify(draft)
    if final.exists():  # one that did not verify; the new one takes its place
        files.remove_folder(final)
    files.publish_folder(draft, final)
    saved, others = Checkpoint(final), list_checkpoints(folder)
    own = others.index(saved)  # newer ones did not verify when this run resumed from an older one
    for old in others[:own] + others[own + keep :]:
        files.remove_folder(old.path)
    return saved


def load(path: Path, method: Method, allow_missing: bool = False) -> dict[str, Any]:
    """Load the checkpoint at `path` into `method`; returns its state. ModelFileError when damaged or of another method.

    With `allow_missing`, state other than networks may be missing from the checkpoint and keeps its initial value.
    """
    verify(path)
    state = read_state(path)
    packed = {file.stem: _tensors(file) for file in sorted(path.glob("*.safetensors"))}
    try:
        _unpack(method, _filled(method, packed) if allow_missing else packed)
    except (RuntimeError, KeyError, ValueError) as e:
        reason = str(e).strip().splitlines()[-1].strip()
        raise ModelFileError(f"{path} belongs to another architecture ({reason}); use the run's own config") from None
    return state


def load_networks(path: Path, nets: dict[str, nn.Module], averaged: bool) -> None:
    """Load networks from their files, with `averaged` those of the averaged weights."""
    verify(path)
    read_state(path)
    for name, net in nets.items():
        file = path / (f"{name}_average.safetensors" if averaged else f"{name}.safetensors")
        try:
            net.load_state_dict(_tensors(file))
        except RuntimeError as e:
            raise ModelFileError(f"{file} does not fit the run's config ({str(e).splitlines()[0]})") from None


def newest(folder: Path) -> tuple[Checkpoint | None, list[str]]:
    """The newest checkpoint that verifies, and one line for each newer one that does not."""
    complaints: list[str] = []
    for candidate in list_checkpoints(folder):
        try:
            verify(candidate.path)
            return candidate, complaints
        except ModelFileError as e:
            complaints.append(str(e))
    return None, complaints


def list_checkpoints(folder: Path) -> list[Checkpoint]:
    """Published checkpoints, newest first."""
    paths = [p for p in folder.glob(f"{PREFIX}*") if p.is_dir() and p.name.removeprefix(PREFIX).isdigit()]
    return sorted(map(Checkpoint, paths), key=lambda c: c.step, reverse=True)


def remove_drafts(folder: Path) -> None:
    """Remove what a killed writer left behind; only for the process that has locked the run folder."""
    for draft in folder.glob("step-*.tmp"):
        files.remove_folder(draft)


def verify(path: Path) -> None:
    """Compare every file with the manifest; ModelFileError at the first difference."""
    try:
        manifest = json.loads((path / MANIFEST).read_bytes())
        expected = {name: (entry["bytes"], entry["sha256"]) for name, entry in manifest.items()}
    except (FileNotFoundError, IsADirectoryError):
        raise ModelFileError(f"{path} is not a complete checkpoint: {MANIFEST} is missing") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ModelFileError(f"{path / MANIFEST} is damaged: it cannot be read") from None
    present = {p.name for p in path.iterdir() if not p.name.startswith(".")} - {MANIFEST}  # file managers leave dots
    if present != set(expected) or "state.json" not in expected:
        raise ModelFileError(f"{path} is damaged: its files are not those of its manifest")
    for name, (size, digest) in expected.items():
        if not (path / name).is_file() or (path / name).stat().st_size != size or files.sha256(path / name) != digest:
            raise ModelFileError(f"{path / name} is damaged: its content is not what was written")


def treatments_of(path: Path) -> int:
    """Number of treatments of the run at its checkpoint; -1 when that cannot be read."""
    try:
        return int(read_state(path).get("treatments", 0))
    except (ModelFileError, OSError):
        return -1


def read_state(path: Path) -> dict[str, Any]:
    """`state.json` of a verified checkpoint."""
    try:
        state: dict[str, Any] = json.loads((path / "state.json").read_bytes())
        complete = "format" in state and isinstance(state["step"], int | float) and isinstance(state["window"], dict)
    except (ValueError, TypeError, KeyError, RecursionError):
        complete = False
    if not complete:
        raise ModelFileError(f"{path / 'state.json'} is damaged: it is not the state of a run")
    if state["format"] != FORMAT:
        raise ModelFileError(
            f"{path} has format {state['format']}; this version reads format {FORMAT}: upgrade viceversa"
        )
    return state


def _tensors(file: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, which can hold nothing else."""
    try:
        return load_tensors(file.read_bytes())
    except FileNotFoundError:
        raise ModelFileError(f"{file} is missing: the checkpoint is of another kind") from None
    except SafetensorError as e:
        raise ModelFileError(f"{file} is not a safetensors file ({e})") from None


def _pack(method: Method) -> dict[str, dict[str, Tensor]]:
    """State by file: one per network, one per averaged network, one per player, one for the rest."""
    packed: dict[str, dict[str, Tensor]] = {}
    for key, tensor in method.state_dict().items():
        file, name = _place(key)
        packed.setdefault(file, {})[name] = tensor.detach().cpu().contiguous()
    for name, player in method.players.items():
        packed[f"{name}_optimizer"] = {k: t.detach().cpu().contiguous() for k, t in _optimizer_tensors(player)}
    return packed


def _place(key: str) -> tuple[str, str]:
    parts = key.split(".")
    if parts[0] == "nets":
        return parts[1], ".".join(parts[2:])
    if parts[:2] == ["average", "nets"]:
        return f"{parts[2]}_average", ".".join(parts[3:])
    return "rest", key


def _unpack(method: Method, packed: dict[str, dict[str, Tensor]]) -> None:
    method.load_state_dict({key: packed[_place(key)[0]][_place(key)[1]] for key in _keys(method, packed)})
    for name, player in method.players.items():
        state: dict[int, dict[str, Tensor]] = {}
        for key, tensor in packed[f"{name}_optimizer"].items():
            index, moment = key.split(".")
            if index == LOSS_SCALE:
                getattr(player.scale, moment).copy_(tensor)
            else:
                state.setdefault(int(index), {})[moment] = tensor
        if state and set(state) != set(range(len(player.parameters))):  # before the first step there is nothing
            raise ValueError(f"optimiser of {name}: another number of parameters")
        for i, moments in state.items():
            if any(m.ndim and m.shape != player.parameters[i].shape for m in moments.values()):
                raise ValueError(f"optimiser of {name}: shape of parameter {i}")
            state[i] = {key: _same_memory_format(m, player.parameters[i]) for key, m in moments.items()}
        groups = player.optimizer.state_dict()["param_groups"]
        player.optimizer.load_state_dict({"state": state, "param_groups": groups})


def _same_memory_format(moment: Tensor, parameter: Tensor) -> Tensor:
    """The moment in the memory format of its parameter. Files do not keep it, and fused optimisers rely on it."""
    return torch.empty_like(parameter, dtype=moment.dtype).copy_(moment) if moment.ndim else moment


def _filled(method: Method, packed: dict[str, dict[str, Tensor]]) -> dict[str, dict[str, Tensor]]:
    """Add non-network tensors that the files lack; drop those that the method no longer has."""
    rest = {key: t for key, t in method.state_dict().items() if _place(key)[0] == "rest"}
    filled = {file: tensors for file, tensors in packed.items() if file != "rest"}
    if rest:
        filled["rest"] = {key: packed.get("rest", {}).get(key, t) for key, t in rest.items()}
    return filled


def _keys(method: Method, packed: dict[str, dict[str, Tensor]]) -> Iterator[str]:
    """The method's own keys, after checking that the checkpoint holds these and no others."""
    own = {_place(key) for key in method.state_dict()}
    stored = {(file, name) for file in packed if not file.endswith("_optimizer") for name in packed[file]}
    if own != stored:
        odd = sorted(own ^ stored)[0]
        raise KeyError(f"{odd[0]}: {odd[1]}")
    yield from method.state_dict()


def _optimizer_tensors(player: Player) -> Iterator[tuple[str, Tensor]]:
    for i, moments in player.optimizer.state_dict()["state"].items():
        for key, value in moments.items():
            if value is not None:  # the momentum buffer of plain SGD
                yield f"{i}.{key}", torch.as_tensor(value)
    if player.scale:
        yield f"{LOSS_SCALE}.factor", player.scale.factor
        yield f"{LOSS_SCALE}.finite_steps", player.scale.finite_steps
