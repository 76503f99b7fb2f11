"""Pickled weights: honest ones become safetensors; hostile files are refused and nothing in them is run."""

import io
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load as load_tensors

import viceversa
from support.faults import in_child
from support.hostile import payloads, saved, zip_of
from support.weights import hollow_weights, random_weights
from viceversa import cli
from viceversa.errors import ModelFileError, ResourceError, UsageError
from viceversa.hardware.memory import release_freed_memory
from viceversa.weights import convert as converting
from viceversa.weights import unpickle_child as child
from viceversa.weights.convert import convert
from viceversa.weights.expected import ExpectedWeights
from viceversa.weights.inception import inception_weights, load_inception

LIMIT = inception_weights().max_bytes
NAMES = list(payloads(Path("/nowhere/canary")))
END_TO_END = (  # a process each; the others differ from one of these only in what the child itself does
    "reduce", "reduce, old form", "reduce beside weights", "subprocess", "eval", "build", "torch.load by itself",
    "posix, old form", "persistent code", "a module", "nested zip", "two pickles", "torchscript", "old tar",
    "cut to nothing", "cut in half", "text", "safetensors", "deep", "wide", "claim",
    "one missing", "other shape", "not a number",
)  # fmt: skip


def restricted_answer(data: bytes) -> bytes:
    """The child's answer to `data` under all its limits, in a fork that has imported PyTorch already."""
    out, into = os.pipe()

    def work(_: Callable[[str], None]) -> None:
        child.drop_rights(LIMIT)
        os.write(into, child.answer(data, LIMIT)[:300])

    status, _ = in_child(work)
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        return pipe.read() or f"ended with {status}".encode()


@pytest.fixture(scope="module")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mine") / "canary"


@pytest.fixture(scope="module")
def files(canary: Path) -> dict[str, bytes]:
    return payloads(canary)


@pytest.mark.parametrize("name", NAMES)
def test_a_payload_yields_nothing_but_numbers(name: str, files: dict[str, bytes], canary: Path) -> None:
    result = restricted_answer(files[name])
    assert result[:1] in (child.BAD, child.GOOD), result
    if result[:1] == child.BAD:
        assert len(result) > 10 and b"\n" not in result and b"trust" not in result
    else:  # numbers, but not those of Inception
        assert name in {"other names", "one missing", "one more", "other shape", "not a number", "infinite"} | {
            "too large for float32", "two pickles"
        }  # fmt: skip
    assert not list(canary.parent.iterdir())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("reduce", b"-it holds more than tensors: posix.system"),
        ("exec, old form", b"-it holds more than tensors: exec"),
        ("a module", b"-it holds more than tensors: torch.nn.modules.linear.Linear"),
        ("torchscript", b"-it is a TorchScript program, not weights"),
        ("one level down", b"-it holds a dict named 'state_dict' instead of named tensors"),
        ("wide", b"-its tensors take more than 256 MB"),
        ("text", b"-it is damaged or no file of weights"),
    ],
)
def test_the_reason_is_named(name: str, reason: bytes, files: dict[str, bytes]) -> None:
    assert restricted_answer(files[name]) == reason


@pytest.mark.long
@pytest.mark.parametrize("name", END_TO_END)
def test_each_payload_is_refused_in_one_line(
    name: str,
    files: dict[str, bytes],
    canary: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")  # a switch of PyTorch that must not get through
    file = tmp_path / "weights.pth"
    file.write_bytes(files[name])
    assert cli.run(["convert", str(file), str(tmp_path / "out" / "x.safetensors")]) == 4
    out, error = capsys.readouterr()
    assert out == "" and error.count("\n") == 1
    assert error.startswith(f"viceversa: {file} ") and "pt_inception-2015-12-05" in error
    assert list(tmp_path.iterdir()) == [file] and not canary.exists()


@pytest.mark.long
def test_the_payloads_do_harm_with_an_unrestricted_loader(tmp_path: Path) -> None:
    """Without this the other tests would prove nothing."""
    assert len(NAMES) >= 60
    for name in ("reduce", "reduce, old form", "eval", "posix", "open", "subprocess", "reduce beside weights"):
        canary = tmp_path / name.replace(" ", "-").replace(",", "")
        data = payloads(canary)[name]
        status, _ = in_child(lambda _, data=data: torch.load(io.BytesIO(data), weights_only=False))  # type: ignore[misc]
        for _ in range(50):
            if canary.exists():
                break
            time.sleep(0.05)
        assert canary.exists(), (name, status)


def act_file(folder: Path) -> None:
    open(folder / "canary", "w").close()


def act_socket(folder: Path) -> None:
    socket.socket()


def act_shell(folder: Path) -> None:
    assert os.system(f"touch {folder / 'canary'}") == 0


def act_process(folder: Path) -> None:
    subprocess.run(["touch", str(folder / "canary")], check=True)


def act_memory(folder: Path) -> None:
    mmap.mmap(-1, 2 * child.memory_limit(LIMIT))  # not from the heap, which may hold what earlier tests freed


def act_read(folder: Path) -> None:
    Path("/etc/hostname").read_text()


ACTS = [act_file, act_socket, act_shell, act_process, act_memory, act_read]


@pytest.mark.parametrize("python_too", [True, False])
@pytest.mark.parametrize("act", ACTS)
def test_the_child_can_do_nothing_else(
    act: Callable[[Path], None], python_too: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both restrictions hold: that of Python, and without it that of the kernel, for code that is not Python."""

    def work(announce: Callable[[str], None]) -> None:
        if not python_too:
            sys.addaudithook = lambda hook: None  # type: ignore[assignment]
        child.drop_rights(LIMIT)
        try:
            act(tmp_path)
            announce("done")
        except BaseException as e:
            announce(type(e).__name__)

    act_allowed = in_child(lambda announce: (act(tmp_path), announce("done")))
    assert act_allowed == (0, ["done"])  # the act itself is possible
    (tmp_path / "canary").unlink(missing_ok=True)
    status, words = in_child(work)
    assert status == 0 and words != ["done"]
    assert python_too is False or act is act_memory or words == ["Refused"]
    assert not (tmp_path / "canary").exists()


def test_the_limits_cannot_be_raised_again() -> None:
    def work(announce: Callable[[str], None]) -> None:
        child.drop_rights(LIMIT)
        for what in (resource.RLIMIT_NOFILE, resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE):
            soft, hard = resource.getrlimit(what)
            announce("fixed" if soft == hard != resource.RLIM_INFINITY else "loose")

    assert in_child(work) == (0, ["fixed"] * 4)


@pytest.mark.long
def test_endless_computing_is_stopped() -> None:
    def work(announce: Callable[[str], None]) -> None:
        child.CPU_SECONDS = 1
        child.drop_rights(LIMIT)
        while True:
            pass

    assert in_child(work)[0] in (-signal.SIGXCPU, -signal.SIGKILL)


@pytest.mark.long
def test_a_zip_bomb_gets_no_memory() -> None:
    bomb = zip_of({"archive/data.pkl": bytes(1_500_000_000), "archive/version": b"3\n"}, method=8)
    assert len(bomb) < 2_000_000
    release_freed_memory()  # what earlier tests freed would count as memory that the child already has
    assert restricted_answer(bomb) == b"-it asks for more memory than such weights need"


@pytest.mark.parametrize("zipped", [True, False])
def test_honest_tensors_pass_in_both_forms(zipped: bool) -> None:
    shared = torch.arange(6.0).reshape(2, 3)
    value = {
        "a": shared.T,
        "b": shared[0],
        "half": shared.half(),
        "double": torch.nn.Parameter(shared.double()),
        "x.num_batches_tracked": torch.tensor(3),
    }

    def work(announce: Callable[[str], None]) -> None:
        data = saved(value, zipped)
        child.drop_rights(LIMIT)
        answer = child.answer(data, LIMIT)
        found = load_tensors(answer[1:])
        assert answer[:1] == child.GOOD
        assert torch.equal(found["a"], shared.T) and torch.equal(found["b"], shared[0])
        assert torch.equal(found["half"], shared) and torch.equal(found["double"], shared)
        announce(",".join(sorted(found)))

    assert in_child(work) == (0, ["a,b,double,half"])


@pytest.mark.long
def test_converted_weights_equal_the_pickled_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """End to end, from a folder with files that must not be mistaken for modules."""
    weights = random_weights(1)
    torch.save(weights, tmp_path / "w.pth")
    for name in ("torch", "safetensors", "viceversa", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("open('canary', 'w')")
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    done = viceversa.convert("w.pth", "new/w.safetensors")
    found = load_tensors(Path("new/w.safetensors").read_bytes())
    assert found.keys() == weights.keys() and all(torch.equal(found[name], weights[name]) for name in weights)
    loaded, digest = load_inception("new/w.safetensors")
    assert digest == done.sha256 and torch.equal(loaded.fc.weight, weights["fc.weight"])
    assert not done.published and not inception_weights().is_published(done.path)
    assert set(tmp_path.iterdir()) - before == {tmp_path / "new"}
    assert os.listdir("new") == ["w.safetensors"]


@pytest.mark.long
def test_converting_again_gives_the_same_bytes_and_overwrites_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(hollow_weights(), "w.pth")
    done = viceversa.convert("w.pth", "new/w.safetensors")
    assert cli.run(["convert", "w.pth", "new/w.safetensors"]) == 0  # again: the same bytes, so nothing to refuse
    out = capsys.readouterr().out
    assert out.splitlines()[0] == f"new/w.safetensors  sha256 {done.sha256}"
    assert f"sha256 {done.source_sha256[:8]}" in out and "not the published file" in out
    Path("new/w.safetensors").write_bytes(b"mine")
    with pytest.raises(UsageError, match="holds something else"):
        viceversa.convert("w.pth", "new/w.safetensors")
    assert Path("new/w.safetensors").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("missing.pth out.safetensors", 4),
        (". out.safetensors", 4),
        ("pipe out.safetensors", 4),
        ("huge.pth out.safetensors", 4),
        ("huge.pth out.pth", 2),
        ("huge.pth folder.safetensors", 2),
        ("huge.pth", 2),
    ],
)
def test_wrong_names_are_refused_before_anything_is_read(
    words: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("folder.safetensors").mkdir()
    with open("huge.pth", "wb") as sparse:
        sparse.truncate(10**12)
    assert cli.run(["convert", *words.split()]) == code
    assert capsys.readouterr().err.count("\n") == 1


LIARS = {
    "junk": ("write(1, b'R+' + b'junk' * 9)", ModelFileError, "came out damaged"),
    "others": ("write(1, b'R+' + save({'x': ones(1)}))", ModelFileError, "it holds 'x'"),
    "endless": ("\nwrite(1, b'R+')\nwhile True: write(1, bytes(1 << 20))", ModelFileError, "larger than those"),
    "odd": ("write(1, b'R-' + b'a\\x1b[2J\\nb\\xff' * 500)", ModelFileError, "was refused: a "),
    "silent": ("write(1, b'R'); sleep(60)", ModelFileError, "more time"),
    "killed": ("write(1, b'R'); kill(getpid(), 11)", ModelFileError, r"broke the process that read it \(status -11\)"),
    "absent": ("1 / 0", ResourceError, "could not start"),
}


@pytest.mark.long
@pytest.mark.parametrize("kind", LIARS)
def test_the_answer_of_the_child_is_not_trusted(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that a hostile file has taken over can answer anything: it is checked, and not waited for too long."""
    code, error, complaint = LIARS[kind]
    imports = "from os import write, kill, getpid\nfrom time import sleep\n"
    imports += "from torch import ones\nfrom safetensors.torch import save\n" if kind == "others" else ""
    (tmp_path / "liar.py").write_text(imports + code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(converting, "CHILD", "liar")
    monkeypatch.setattr(converting, "TIMEOUT", 3.0 if kind == "silent" else 60.0)
    (tmp_path / "w.pth").write_bytes(b"x")
    with pytest.raises(error, match=complaint) as caught:
        viceversa.convert(tmp_path / "w.pth", tmp_path / "w.safetensors")
    assert str(caught.value).isprintable()
    assert not (tmp_path / "w.safetensors").exists()


def test_the_hollow_weights_themselves_are_accepted() -> None:
    """What the payloads spoil is itself accepted, so that each is refused for what was done to it."""
    inception_weights().require_tensors(hollow_weights(), Path("x"))
    assert child.answer(saved(hollow_weights()), LIMIT)[:1] == child.GOOD


def test_the_marks_of_both_ends_agree() -> None:
    assert (child.READY, child.GOOD, child.BAD) == (converting.READY, converting.GOOD, converting.BAD)
    assert child.__name__ == converting.CHILD


OTHER = ExpectedWeights(
    name="the generator of a test",
    shapes={"model.1.weight": (2, 3), "model.1.bias": (2,)},
    kind="generator",
    sha256="",
    max_bytes=10_000,
    advice="ask its author",
)


@pytest.mark.long
def test_other_published_weights_are_converted_with_their_own_names_and_limit(tmp_path: Path) -> None:
    weights = {"model.1.weight": torch.arange(6.0).reshape(2, 3), "model.1.bias": torch.ones(2)}
    torch.save(weights, tmp_path / "w.pth")
    done = convert(tmp_path / "w.pth", tmp_path / "w.safetensors", OTHER)
    tensors, digest = OTHER.load(done.path)
    assert done.published and OTHER.is_published(done.path) and digest == done.sha256
    assert tensors.keys() == weights.keys() and all(torch.equal(tensors[name], weights[name]) for name in weights)

    refusals: dict[str, tuple[object, str]] = {
        "shape": (weights | {"model.1.bias": torch.ones(3)}, r"not the generator of a test: model.1.bias is \(3,\)"),
        "name": (weights | {"model.2.bias": torch.ones(2)}, "it holds 'model.2.bias'; ask its author"),
        "tensors": ({"x": torch.ones(1).expand(2501)}, "was refused: its tensors take more than 0 MB; ask its author"),
        "file": ({"x": torch.ones(2500)}, "not the generator of a test: 0 MB are too many; ask its author"),
    }
    for name, (value, message) in refusals.items():
        torch.save(value, tmp_path / f"{name}.pth")
        with pytest.raises(ModelFileError, match=message):
            convert(tmp_path / f"{name}.pth", tmp_path / "x.safetensors", OTHER)
    assert not (tmp_path / "x.safetensors").exists()
