"""Each extra in a fresh virtual environment: refused without it, installed by the printed command, then at work."""

import itertools
import re
import shlex
import signal
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.fresh import Fresh, environment, make_fresh, make_wheel

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = make_wheel(tmp_path_factory.mktemp("wheel"))
    if isinstance(built, str):
        pytest.skip(f"pip cannot build a wheel here: {built}")
    return built


@pytest.fixture(scope="module")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """An environment without extras, with two folders of pictures and a folder of digits on its desk."""
    made = make_fresh(tmp_path_factory.mktemp("fresh") / "venv", wheel)
    for words in ("make digits digits", "make orchard fruit --count 4 --test 60 --size 32"):  # they need no extra
        done = made.run("viceversa", "data", *words.split())
        assert done.returncode == 0, done.stderr
    return made


def run_lab(fresh: Fresh) -> None:
    done = fresh.run("viceversa", "lab", "xor", "--quick")
    assert done.returncode == 0, done.stderr
    assert (fresh.desk / "runs/lab/site/index.html").is_file()


def run_study(fresh: Fresh) -> None:
    done = fresh.run("viceversa", "study", "make", "study", "fruit/testA", "--real", "fruit/testB", "--size", "32")
    assert done.returncode == 0, done.stderr
    command = [fresh.folder / "bin/viceversa", "study", "serve", "study", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=fresh.desk, env=environment()
    ) as server:
        try:
            assert server.stdout and server.stderr
            address = re.search(r"http\S+", server.stdout.readline())
            assert address, server.stderr.read()
            assert urllib.request.urlopen(address[0], timeout=20).status == 200
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(20) == 130


def run_tensorboard(fresh: Fresh) -> None:
    size = ["--size", "16", "--steps", "2", "--set", "method.width=4", "--set", "method.blocks=1"]
    done = fresh.run("viceversa", "train", "fruit", "--out", "run", "--tensorboard", *size)
    assert done.returncode == 0, done.stderr
    assert list((fresh.desk / "run/events").iterdir())


REFUSED: dict[str, tuple[str, Callable[[Fresh], None]]] = {  # extra: a command that needs it, and the proof afterwards
    "lab": ("lab all --quick", run_lab),
    "serve": ("study serve study", run_study),
    "tensorboard": ("train fruit --out run --tensorboard", run_tensorboard),
}


@pytest.mark.parametrize("extra", REFUSED)
def test_the_printed_command_installs_the_extra(fresh: Fresh, extra: str):
    words, works = REFUSED[extra]
    before = sorted(fresh.desk.iterdir())
    refused = fresh.run("viceversa", *words.split())
    assert refused.returncode == 2 and len(refused.stderr.splitlines()) == 1, refused.stderr
    assert sorted(fresh.desk.iterdir()) == before  # nothing was begun

    command = re.search(r"pip install '.*'", refused.stderr)
    assert command and f"viceversa[{extra}]" in command[0]
    if problem := fresh.pip(*shlex.split(command[0])[1:]):
        pytest.skip(f"pip cannot install {extra} here: {problem}")
    works(fresh)


def write_heic(folder: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    rng = np.random.default_rng(0)
    for side, name in itertools.product("ab", "xy"):
        (folder / side).mkdir(parents=True, exist_ok=True)
        pixels = Image.fromarray(rng.integers(0, 255, (32, 32, 3), np.uint8))
        pillow_heif.from_pillow(pixels).save(folder / side / f"{name}.jpg")  # as phones name them


def write_volumes(folder: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    rng = np.random.default_rng(0)
    for side in "ab":
        (folder / side).mkdir(parents=True, exist_ok=True)
        volume = rng.integers(-1000, 1500, (32, 32, 4)).astype(np.int16)
        nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), folder / side / "x.nii.gz")


@pytest.mark.parametrize(("extra", "write"), [("heif", write_heic), ("medical", write_volumes)])
def test_files_that_need_an_extra_name_it(fresh: Fresh, extra: str, write: Callable[[Path], None]):
    write(fresh.desk / extra)
    refused = fresh.run("viceversa", "data", "check", extra)
    command = re.search(r"pip install '.*?'", refused.stdout + refused.stderr)
    assert refused.returncode == 3 and command and f"viceversa[{extra}]" in command[0]
    if problem := fresh.pip(*shlex.split(command[0])[1:]):
        pytest.skip(f"pip cannot install {extra} here: {problem}")
    done = fresh.run("viceversa", "data", "check", extra)
    assert done.returncode == 0, done.stdout + done.stderr


def test_evaluate_needs_no_extra_and_eval_can_be_installed(fresh: Fresh):
    """Without `eval` only the t-SNE row of the feature map is left out."""
    words = ["evaluate", "fruit/testA", "fruit/testB"]
    assert fresh.run("viceversa", *words).returncode == 0
    if problem := fresh.pip("install", "viceversa[eval]"):
        pytest.skip(f"pip cannot install eval here: {problem}")
    assert fresh.run("viceversa", *words).returncode == 0
    assert "eval True" in fresh.run("viceversa", "doctor").stdout


def test_the_packages_of_dev_can_be_resolved(fresh: Fresh):
    """They are many: pip says what it would install."""
    if problem := fresh.pip("install", "--dry-run", "viceversa[dev]"):
        pytest.skip(f"pip cannot resolve dev here: {problem}")
