"""MNIST-like digits: white strokes on black, 28 x 28, ten classes; handwritten, from fonts or from files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from ..errors import DataError, UsageError, did_you_mean
from . import digit_folders, idx
from .glyphs import TEST_FONTS, TRAIN_FONTS, draw

SIDE = 28  # pixels
CLASSES = 10
HANDWRITTEN = Path(__file__).with_name("handwritten.safetensors")  # Alpaydin and Kaynak 1998; benchmarks/handwritten.py
SCALE = 20 / 8  # MNIST's digits fill 20 of the 28 pixels, the embedded ones all of their 8
MAX_TRAIN, MAX_TEST = 8_000, 2_000  # split of MNIST's 10,000 test digits where no training digits are there
MNIST_FOLDERS = ("data/mnist", "mnist")  # searched by load("mnist")


@dataclass(frozen=True)
class Digits:
    """Training and test images (N, 28, 28) uint8, 0 background to 255 stroke, and their classes (N,) int64."""

    name: str
    train_x: NDArray[np.uint8]
    train_y: NDArray[np.int64]
    test_x: NDArray[np.uint8]
    test_y: NDArray[np.int64]


def load(name: str | Path, *, count: int | None = None, seed: int = 0) -> Digits:
    """Load `handwritten`, `glyphs` or `mnist`, or the digits of a folder: idx files, or what `write` wrote.

    At most `count` training digits; `seed` draws the glyphs and splits the handwritten. Raises UsageError, DataError.
    """
    if count is not None and count < 1:
        raise UsageError(f"count {count} leaves no digit; choose 1 or more")
    if seed < 0:
        raise UsageError(f"seed {seed} is negative; choose 0 or more")

    if str(name) in SOURCES:
        return SOURCES[str(name)](count, seed)
    if Path(name).is_dir():
        return _load_folder(Path(name), count)
    raise UsageError(
        f"no digits called '{name}'; choose {', '.join(SOURCES)} or a folder with MNIST's idx files."
        f"{did_you_mean(str(name), SOURCES)}"
    )


def handwritten(seed: int = 0) -> Digits:
    """The 1,797 embedded digits of Alpaydin and Kaynak (1998), 8 x 8, enlarged; a fifth of each class is for testing.

    The split is random: the same 13 writers wrote both parts (their names were not published).
    """
    dataset = load_file(HANDWRITTEN)
    x, y = enlarge(dataset["images"].astype(np.float64)), dataset["classes"].astype(np.int64)

    order = np.random.default_rng(seed).permutation(len(y))
    is_test = np.zeros(len(y), bool)
    for digit in range(CLASSES):
        members = order[y[order] == digit]
        is_test[members[: round(len(members) / 5)]] = True
    train, test = order[~is_test[order]], order[is_test[order]]
    return Digits("handwritten", x[train], y[train], x[test], y[test])


def enlarge(images: NDArray[np.float64]) -> NDArray[np.uint8]:
    """(N, 8, 8) in 0..16 to (N, 28, 28): cubic interpolation (Keys 1981), centre of mass centred, edges sharpened."""
    images = images / 16
    pixel = np.arange(images.shape[1])
    mass = images.sum((1, 2))
    target = (np.arange(SIDE) - (SIDE - 1) / 2) / SCALE

    def weights(centre: NDArray[np.float64]) -> NDArray[np.float64]:  # (N, 28, 8)
        return cubic_kernel(target[None, :, None] + centre[:, None, None] - pixel)

    rows = weights((images.sum(2) @ pixel) / mass)
    columns = weights((images.sum(1) @ pixel) / mass)
    interpolated = np.einsum("nyi,nij,nxj->nyx", rows, images, columns, optimize=True)
    sharpened: NDArray[np.float64] = ((interpolated - 0.45) * 1.9 + 0.5).clip(0, 1)
    return np.rint(sharpened * 255).astype(np.uint8)


def cubic_kernel(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The cubic interpolation kernel of Keys (1981), a = -1/2; zero beyond a distance of 2 pixels."""
    d = np.abs(distance)
    inner = (1.5 * d - 2.5) * d**2 + 1
    outer = ((-0.5 * d + 2.5) * d - 4) * d + 2
    return np.where(d < 1, inner, np.where(d < 2, outer, 0.0))


def glyphs(count: int = 10_000, seed: int = 0) -> Digits:
    """`count` training digits in 17 fonts and a tenth as many (at least 100) to test, in 5 other fonts."""
    train_x, train_y = draw(count, seed, TRAIN_FONTS)
    test_x, test_y = draw(max(100, count // 10), seed, TEST_FONTS)
    return Digits("glyphs", train_x, train_y, test_x, test_y)


def mnist(folder: Path | str, *, train: int | None = None, test: int | None = None) -> Digits:
    """Read the idx files in `folder`: the first `train` training digits and the last `test` test digits.

    Where only the t10k files are there, their first 8,000 are for training and their last 2,000 for testing. Raises
    DataError for a missing or damaged file, UsageError if there are fewer digits than requested.
    """
    root = Path(folder)
    test_x, test_y = idx.read_digits(root, "t10k")
    if idx.has_split(root, "train"):
        train_x, train_y = idx.read_digits(root, "train")
        train, test = train or len(train_y), test or len(test_y)
    else:
        train_x, train_y = test_x, test_y
        train = train or min(MAX_TRAIN, len(test_y) * 4 // 5)
        test = test or min(MAX_TEST, len(test_y) // 5)
        if train + test > len(test_y):
            raise UsageError(f"{train} digits to train and {test} to test are more than the {len(test_y)} in {root}")

    if train > len(train_y) or test > len(test_y):
        raise UsageError(f"{root} has {len(train_y)} digits to train and {len(test_y)} to test, not {train} and {test}")
    return Digits("mnist", train_x[:train], train_y[:train], test_x[-test:], test_y[-test:])


def write(
    digits: Digits, folder: Path | str, *, on_progress: Callable[[int, int], None] | None = None
) -> dict[str, Any]:
    """Write `train/3/00012.png`, `test/3/...` and `digits.json`; return the content of the latter.

    A complete folder of these digits is left as it is. Raises DataError if `folder` holds something else.
    """
    splits = {"train": (digits.train_x, digits.train_y), "test": (digits.test_x, digits.test_y)}
    return digit_folders.write(digits.name, splits, Path(folder), on_progress)


def _load_folder(root: Path, count: int | None) -> Digits:
    """Digits of a folder that `write` wrote, or of idx files."""
    if not digit_folders.is_digit_folder(root):
        return mnist(root, train=count)
    name, splits = digit_folders.read(root)
    train_x, train_y = splits["train"]
    return Digits(name, train_x[:count], train_y[:count], *splits["test"])


def _load_handwritten(count: int | None, seed: int) -> Digits:
    d = handwritten(seed)
    return Digits(d.name, d.train_x[:count], d.train_y[:count], d.test_x, d.test_y)


def _load_glyphs(count: int | None, seed: int) -> Digits:
    return glyphs(10_000 if count is None else count, seed)


def _load_mnist(count: int | None, seed: int) -> Digits:
    for folder in MNIST_FOLDERS:
        if idx.has_split(Path(folder), "t10k"):
            return mnist(folder, train=count)
    raise DataError(
        f"MNIST is neither in {' nor in '.join(MNIST_FOLDERS)}; fetch it with "
        f"'viceversa data get mnist {MNIST_FOLDERS[0]}', or name the folder that holds its idx files"
    )


SOURCES: dict[str, Callable[[int | None, int], Digits]] = {
    "handwritten": _load_handwritten,
    "glyphs": _load_glyphs,
    "mnist": _load_mnist,
}
