"""Checkpoints: nothing lost whatever the instant of death, nothing damaged or foreign loaded."""

import errno
import itertools
import json
import os
import pickle
import random
import shutil
import time
from hashlib import sha256
from pathlib import Path

import pytest
import torch

from support.faults import Disk, Pair, in_child, path_of, state
from viceversa.errors import ModelFileError, ResourceError
from viceversa.methods.cyclegan import CycleGAN, CycleGANConfig
from viceversa.runs import checkpoint
from viceversa.runs.checkpoint import Checkpoint

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
ERRORS = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT, errno.EMFILE)
FILES = {
    "D.safetensors", "G.safetensors", "rest.safetensors", "generators_optimizer.safetensors",
    "discriminators_optimizer.safetensors", "state.json", "manifest.json",
}  # fmt: skip


def save(folder: Path, step: int, keep: int = 2) -> Path:
    return checkpoint.save(folder, Pair(step), state(step), keep).path


def steps(folder: Path) -> list[str]:
    return [kept.path.name for kept in checkpoint.list_checkpoints(folder)]


def newest_path(folder: Path) -> Path:
    found, _ = checkpoint.newest(folder)
    assert found is not None
    return found.path


def content(path: Path) -> set[float]:
    """The numbers of the networks, players and buffers in a checkpoint."""
    method = Pair(-1)
    assert checkpoint.load(path, method)["step"] == int(path.name[5:])
    return method.numbers()


def calls_of_save(tmp_path: Path) -> int:
    save(tmp_path / "count", 1)
    method = Pair(2)
    with Disk().mounted() as disk:
        checkpoint.save(tmp_path / "count", method, state(2), keep=1)
    return len(disk.calls)


def test_checkpoint_is_complete_and_newest_are_kept(tmp_path):
    for step in (1, 2, 10):
        save(tmp_path, step)
    assert steps(tmp_path) == ["step-10", "step-2"]
    assert {path.name for path in (tmp_path / "step-10").iterdir()} == FILES
    assert content(tmp_path / "step-10") == {10.0}
    assert checkpoint.newest(tmp_path) == (Checkpoint(tmp_path / "step-10"), [])


@pytest.mark.parametrize(
    "death",
    [pytest.param(lambda disk: os._exit(9), marks=pytest.mark.long), Disk.power_cut],
    ids=["killed", "power cut"],
)
def test_kill_at_any_system_call_of_save_loses_nothing(memory_path, death):
    points = calls_of_save(memory_path)
    assert points >= 40
    old, method = save(memory_path / "old", 1), Pair(2)
    outcomes = set()
    for i in range(points):
        folder = memory_path / str(i)
        shutil.copytree(old, folder / "step-1")

        def write(announce, at=i, folder=folder):
            with Disk(at, death).mounted():
                checkpoint.save(folder, method, state(2), keep=1)
                announce("2")

        code, announced = in_child(write)
        assert (code, announced) == (9, []), i
        found = newest_path(folder)
        assert found in (folder / "step-1", folder / "step-2"), i
        assert content(found) == {float(found.name[5:])}
        outcomes.add(found.name)
        save(folder, 3, keep=1)
        assert os.listdir(folder) == ["step-3"]  # no draft, no half-removed folder
    assert outcomes == {"step-1", "step-2"}


def test_published_checkpoint_survives_a_power_cut(tmp_path):
    def write(announce):
        disk, method = Disk(), Pair(1)
        with disk.mounted():
            checkpoint.save(tmp_path / "run" / "checkpoints", method, state(1))
        announce("1")
        disk.power_cut()

    assert in_child(write) == (9, ["1"])
    assert content(newest_path(tmp_path / "run" / "checkpoints")) == {1.0}


@pytest.mark.parametrize("number", ERRORS, ids=errno.errorcode.get)
def test_error_at_any_system_call_of_save_loses_nothing(memory_path, number):
    def refuse(disk):
        raise OSError(number, os.strerror(number), "disk")

    points = calls_of_save(memory_path)
    old, second, third = save(memory_path / "old", 1), Pair(2), Pair(3)
    for i in range(points):
        folder = memory_path / str(i)
        shutil.copytree(old, folder / "step-1")
        with pytest.raises((OSError, ResourceError)), Disk(i, refuse).mounted():
            checkpoint.save(folder, second, state(2), keep=1)
        assert newest_path(folder) in (folder / "step-1", folder / "step-2"), i
        checkpoint.save(folder, third, state(3), keep=1)
        assert os.listdir(folder) == ["step-3"]


def test_full_disk_is_refused_before_writing(tmp_path, monkeypatch):
    save(tmp_path, 1)
    (tmp_path / "step-2.tmp").mkdir()
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10, 10, 0))
    with pytest.raises(ResourceError, match="disk full"):
        save(tmp_path, 2)
    assert os.listdir(tmp_path) == ["step-1"]


def kill_writers(folder: Path, kills: int) -> int:
    """Let children save and announce in a loop, kill each at a random moment; the number of announced checkpoints.

    On a machine that slows down they get longer, so that about every other one comes to announce something.
    """
    rng, announced, total, method = random.Random(0), 0, 0, Pair()
    start = time.monotonic()
    for _ in range(5):
        checkpoint.save(folder / "pace", method, state(1))
    pace = (time.monotonic() - start) / 5
    for _ in range(kills):
        out, into = os.pipe()
        child = os.fork()
        if child == 0:
            torch.set_num_threads(1)
            while True:
                announced += 1
                checkpoint.save(folder, method.fill(announced), state(announced), keep=1)
                os.write(into, f"{announced}\n".encode())
        os.close(into)
        time.sleep(rng.uniform(0, 0.01 + 3 * pace))
        os.kill(child, 9)
        os.waitpid(child, 0)
        with os.fdopen(out) as pipe:
            told = [int(word) for word in pipe.read().split()]
        total += len(told)
        pace *= 0.98 if told else 1.02
        announced = told[-1] if told else announced
        newest, complaints = checkpoint.newest(folder)
        found = newest.path if newest else None
        if found is None:
            assert announced == 0
            continue
        assert not complaints
        step = int(found.name[5:])
        assert step in (announced, announced + 1)
        assert content(found) == {float(step)}
        announced = step
    return total


@pytest.mark.long
def test_sixty_killed_writers_lose_nothing(memory_path):
    assert kill_writers(memory_path, 60) > 4


@pytest.mark.long
def test_thousand_killed_writers_lose_nothing(tmp_path):
    total = kill_writers(tmp_path, 1000)
    print(f"1000 kills, {total} checkpoints announced, 0 lost")
    assert total > 300


def damages(path: Path):
    """(name, damage) for every way a checkpoint folder is corrupted; a damage changes the folder at `path`."""
    rng = random.Random(0)
    sizes = {file.name: file.stat().st_size for file in sorted(path.iterdir())}
    names = list(sizes)
    for name, size in sizes.items():
        for length in sorted({0, 1, size // 10, size // 2, size - 1}):
            yield f"cut {name} to {length}", lambda n=name, to=length: os.truncate(path / n, to)
        yield f"grow {name}", lambda n=name: (path / n).write_bytes((path / n).read_bytes() + b"\0")
        yield f"delete {name}", lambda n=name: (path / n).unlink()
        yield f"folder {name}", lambda n=name: ((path / n).unlink(), (path / n).mkdir())
    for n in range(230):
        name = rng.choices(names, [sizes[name] ** 0.5 for name in names])[0]
        byte, bit = rng.randrange(sizes[name]), rng.randrange(8)

        def flip(name=name, byte=byte, bit=bit):
            data = bytearray((path / name).read_bytes())
            data[byte] ^= 1 << bit
            (path / name).write_bytes(data)

        yield f"flip bit {bit} of byte {byte} of {name} ({n})", flip
    for a, b in itertools.combinations(names, 2):

        def swap(a=a, b=b):
            first, second = (path / a).read_bytes(), (path / b).read_bytes()
            (path / a).write_bytes(second)
            (path / b).write_bytes(first)

        yield f"swap {a} and {b}", swap
    yield "add a file", lambda: (path / "extra.safetensors").write_bytes(b"")
    yield "add a folder", lambda: (path / "extra").mkdir()
    for text in ("[]", "{}", "null", '{"state.json": 3}', "[" * 100_000, '{"state.json": {"bytes": 1}}'):
        yield f"manifest {text[:20]}", lambda t=text: (path / "manifest.json").write_text(t)


def test_three_hundred_corruptions_are_detected(memory_path):
    save(memory_path, 1)
    newest = save(memory_path, 2)
    shutil.copytree(newest, memory_path / "whole")
    tried = 0
    for name, damage in damages(newest):
        damage()
        tried += 1
        with pytest.raises(ModelFileError) as told:
            checkpoint.verify(newest)
        assert "step-2" in str(told.value), name
        assert "\n" not in str(told.value), name
        found, complaints = checkpoint.newest(memory_path)
        assert found == Checkpoint(memory_path / "step-1"), name
        assert len(complaints) == 1
        with pytest.raises(ModelFileError):
            checkpoint.load(newest, Pair())
        shutil.rmtree(newest)
        shutil.copytree(memory_path / "whole", newest)
    checkpoint.verify(newest)
    print(f"{tried} corruptions, all found")
    assert tried >= 300


def resealed(path: Path) -> Path:
    """Write a manifest that fits what is there: now only the content can give it away."""
    found = {file.name: file.read_bytes() for file in path.iterdir() if file.name != "manifest.json"}
    manifest = {name: {"bytes": len(data), "sha256": sha256(data).hexdigest()} for name, data in found.items()}
    (path / "manifest.json").write_text(json.dumps(manifest))
    checkpoint.verify(path)
    return path


def refused(path: Path, match: str) -> None:
    with pytest.raises(ModelFileError, match=match) as told:
        checkpoint.load(path, Pair())
    assert "\n" not in str(told.value)


def test_checkpoint_of_another_architecture_is_refused(tmp_path):
    refused(checkpoint.save(tmp_path / "width", Pair(width=5), state(1)).path, "belongs to another architecture")

    path = save(tmp_path / "version", 1)
    (path / "state.json").write_text(json.dumps({"format": 99, **state(1)}))
    refused(resealed(path), "format 99; this version reads format 1: upgrade")

    texts = ("", "[]", "{}", '{"format": 1}', '{"format": 1, "step": "x", "window": {}}', "[" * 99999)
    for i, text in enumerate(texts):
        path = save(tmp_path / f"state{i}", 1)
        (path / "state.json").write_text(text)
        refused(resealed(path), "state.json")

    path = save(tmp_path / "player", 1)
    a, b = path / "generators_optimizer.safetensors", path / "discriminators_optimizer.safetensors"
    first, second = a.read_bytes(), b.read_bytes()
    a.write_bytes(second), b.write_bytes(first)
    refused(resealed(path), "optimiser of generators")

    path = save(tmp_path / "gone", 1)
    (path / "D.safetensors").unlink()
    refused(resealed(path), "D: weight")

    path = save(tmp_path / "too many", 1)
    shutil.copy(path / "D.safetensors", path / "E.safetensors")
    refused(resealed(path), "E: weight")


class Bomb:
    """Runs when unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self):
        return (os.mkdir, (str(self.canary),))


@pytest.mark.parametrize("form", ["pickle", "torch zip", "torch legacy"])
def test_pickle_in_place_of_weights_is_never_loaded(tmp_path, form):
    canary = tmp_path / "ran"
    for name in ("G.safetensors", "generators_optimizer.safetensors", "rest.safetensors", "state.json"):
        path = save(tmp_path / name, 1)
        if form == "pickle":
            (path / name).write_bytes(pickle.dumps(Bomb(canary)))
        else:
            torch.save(Bomb(canary), path / name, _use_new_zipfile_serialization=form == "torch zip")
        refused(resealed(path), name)
        with pytest.raises(ModelFileError):
            checkpoint.load_networks(path, {"G": Pair().nets["G"], "rest": Pair().nets["D"]}, averaged=False)
    assert not canary.exists()
    pickle.loads(pickle.dumps(Bomb(canary)))  # the bomb is live
    assert canary.exists()


def test_load_networks_loads_or_refuses(tmp_path):
    path, pair = save(tmp_path, 4), Pair()
    checkpoint.load_networks(path, {"G": pair.nets["G"]}, averaged=False)
    assert pair.nets["G"].weight.unique().tolist() == [4.0]
    with pytest.raises(ModelFileError, match=r"G_average.safetensors is missing"):
        checkpoint.load_networks(path, {"G": pair.nets["G"]}, averaged=True)
    with pytest.raises(ModelFileError, match="does not fit the run's config"):
        checkpoint.load_networks(path, {"G": Pair(width=5).nets["G"]}, averaged=False)
    (path / "state.json").write_text(json.dumps({"format": 99, **state(4)}))
    with pytest.raises(ModelFileError, match="upgrade viceversa"):
        checkpoint.load_networks(resealed(path), {"G": pair.nets["G"]}, averaged=False)


def test_new_checkpoint_replaces_damaged_newer_ones(tmp_path):
    for step in (8, 10):
        save(tmp_path, step)
    os.truncate(tmp_path / "step-10" / "G.safetensors", 5)
    assert newest_path(tmp_path) == tmp_path / "step-8"
    save(tmp_path, 9, keep=1)  # a damaged newer one must not push out the only good one
    assert steps(tmp_path) == ["step-9"]

    save(tmp_path, 10)
    os.truncate(tmp_path / "step-10" / "G.safetensors", 5)
    save(tmp_path, 10)  # the same step again
    assert checkpoint.newest(tmp_path) == (Checkpoint(path_of(tmp_path, 10)), [])
    assert steps(tmp_path) == ["step-10", "step-9"]
    assert sorted(os.listdir(tmp_path)) == ["step-10", "step-9"]


def test_other_folders_are_no_checkpoints(tmp_path):
    save(tmp_path, 1)
    for name in ("step-x", "step-9.tmp", "step-", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "step-7").write_text("a file")
    assert steps(tmp_path) == ["step-1"]
    assert checkpoint.newest(tmp_path / "nowhere") == (None, [])


def test_optimiser_state_keeps_the_memory_format_of_weights(tmp_path):
    """A file has one order only; a fused step that mixed two would move the wrong weights, and say nothing."""

    def fresh() -> CycleGAN:
        torch.manual_seed(0)
        return CycleGAN(CycleGANConfig(generator="painting", width=4, blocks=1, d_width=4, d_layers=1, lambda_idt=0))

    a, b = torch.rand(2, 2, 3, 16, 16) * 2 - 1
    whole, resumed = fresh(), fresh()
    whole.step(a, b)
    checkpoint.load(checkpoint.save(tmp_path, whole, state(1)).path, resumed)
    player = resumed.generators
    weights = [w for w in player.parameters if w.ndim == 4 and not w.is_contiguous()]
    assert weights and all(player.optimizer.state[w]["exp_avg"].stride() == w.stride() for w in weights)
    for method in (whole, resumed):
        torch.manual_seed(1)
        method.step(b, a)
    assert all(torch.equal(x, y) for x, y in zip(whole.parameters(), resumed.parameters(), strict=True))
