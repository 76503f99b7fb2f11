"""MNIST-like digits: white strokes on black, 28 x 28, ten classes, from what is installed or from files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, UsageError, did_you_mean
from . import digit_folders, idx
from .glyphs import TEST_FONTS, TRAIN_FONTS, draw

SIDE = 28  # pixels
CLASSES = 10
SCALE = 20 / 8  # MNIST's digits fill 20 of the 28 pixels, scikit-learn's all of their 8
TRAINED, TESTED = 8_000, 2_000  # how the 10,000 test digits of MNIST are divided where they are all there is
PLACES = ("data/mnist", "mnist")  # where load("mnist") looks


@dataclass(frozen=True)
class Digits:
    """Pictures (N, 28, 28) uint8, 0 background to 255 stroke, and their classes (N,) int64, to train and to test."""

    name: str
    train_x: NDArray[np.uint8]
    train_y: NDArray[np.int64]
    test_x: NDArray[np.uint8]
    test_y: NDArray[np.int64]


def load(name: str | Path, *, count: int | None = None, seed: int = 0) -> Digits:
    """The digits called `handwritten`, `glyphs` or `mnist`, or those of a folder: idx files, or what `write` wrote.

    At most `count` training digits; `seed` draws the glyphs and splits the handwritten. Raises UsageError, DataError.
    """
    if count is not None and count < 1:
        raise UsageError(f"count {count} leaves no digit; choose 1 or more")
    if seed < 0:
        raise UsageError(f"seed {seed} is negative; choose 0 or more")
    if str(name) in SOURCES:
        return SOURCES[str(name)](count, seed)
    if Path(name).is_dir():
        return _folder(Path(name), count)
    raise UsageError(
        f"no digits called '{name}'; choose {', '.join(SOURCES)} or a folder with MNIST's idx files."
        f"{did_you_mean(str(name), SOURCES)}"
    )


def handwritten(seed: int = 0) -> Digits:
    """The 1,797 digits of scikit-learn, 8 x 8, enlarged; a fifth of each class is for testing.

    The split is random: the same 13 writers wrote both parts (their names were not published).
    """
    try:
        from sklearn.datasets import load_digits  # type: ignore[import-untyped]
    except ImportError:
        raise UsageError("the handwritten digits need an extra: pip install 'viceversa[eval]'") from None
    found = load_digits()
    pictures, classes = enlarge(found.images), found.target.astype(np.int64)
    order = np.random.default_rng(seed).permutation(len(classes))
    tested = np.zeros(len(classes), bool)
    for digit in range(CLASSES):
        members = order[classes[order] == digit]
        tested[members[: round(len(members) / 5)]] = True
    train, test = order[~tested[order]], order[tested[order]]
    return Digits("handwritten", pictures[train], classes[train], pictures[test], classes[test])


def enlarge(small: NDArray[np.float64]) -> NDArray[np.uint8]:
    """(N, 8, 8) in 0..16 to (N, 28, 28): cubic (Keys 1981), mass in the centre, then a steeper edge."""
    small = small / 16
    place = np.arange(small.shape[1])
    mass = small.sum((1, 2))
    target = (np.arange(SIDE) - (SIDE - 1) / 2) / SCALE

    def weights(centre: NDArray[np.float64]) -> NDArray[np.float64]:  # (N, 28, 8)
        return keys(target[None, :, None] + centre[:, None, None] - place)

    rows = weights((small.sum(2) @ place) / mass)
    columns = weights((small.sum(1) @ place) / mass)
    smooth = np.einsum("nyi,nij,nxj->nyx", rows, small, columns, optimize=True)
    crisp: NDArray[np.float64] = ((smooth - 0.45) * 1.9 + 0.5).clip(0, 1)
    return np.rint(crisp * 255).astype(np.uint8)


def keys(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The cubic interpolation kernel of Keys (1981), a = -1/2; zero beyond a distance of 2."""
    d = np.abs(distance)
    near, far = (1.5 * d - 2.5) * d**2 + 1, ((-0.5 * d + 2.5) * d - 4) * d + 2
    return np.where(d < 1, near, np.where(d < 2, far, 0.0))


def glyphs(count: int = 10_000, seed: int = 0) -> Digits:
    """`count` training digits in 17 fonts and a tenth as many (at least 100) to test, in 5 other fonts."""
    train_x, train_y = draw(count, seed, TRAIN_FONTS)
    test_x, test_y = draw(max(100, count // 10), seed, TEST_FONTS)
    return Digits("glyphs", train_x, train_y, test_x, test_y)


def mnist(folder: Path | str, *, train: int | None = None, test: int | None = None) -> Digits:
    """The digits of the idx files in `folder`: the first `train` training digits, the last `test` test digits.

    Where only the t10k files are there, their first 8,000 are for training and their last 2,000 for testing.
    Raises DataError for a missing or damaged file, UsageError when more is asked for than there is.
    """
    root = Path(folder)
    test_x, test_y = idx.read_digits(root, "t10k")
    if idx.has(root, "train"):
        train_x, train_y = idx.read_digits(root, "train")
        train, test = train or len(train_y), test or len(test_y)
    else:
        train_x, train_y = test_x, test_y
        train, test = train or min(TRAINED, len(test_y) * 4 // 5), test or min(TESTED, len(test_y) // 5)
        if train + test > len(test_y):
            raise UsageError(f"{train} digits to train and {test} to test are more than the {len(test_y)} in {root}")
    if train > len(train_y) or test > len(test_y):
        raise UsageError(f"{root} has {len(train_y)} digits to train and {len(test_y)} to test, not {train} and {test}")
    return Digits("mnist", train_x[:train], train_y[:train], test_x[-test:], test_y[-test:])


def stacked(
    digits: Digits, count: int, seed: int = 0, part: Literal["train", "test"] = "train"
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Three random digits as red, green and blue, (count, 3, 28, 28), and the mode 0..999 they spell, (count,).

    The test of 1,000 modes of Metz et al. (2017), section 3.3.1.
    """
    x, y = (digits.train_x, digits.train_y) if part == "train" else (digits.test_x, digits.test_y)
    chosen = np.random.default_rng(seed).integers(len(y), size=(count, 3))
    return x[chosen], mode(y[chosen])


def mode(classes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Classes (N, 3) of a stack to the mode 0..999 that they spell."""
    spelt: NDArray[np.int64] = classes @ np.array([100, 10, 1])
    return spelt


def write(digits: Digits, folder: Path | str, *, on_progress: Callable[[int, int], None] | None = None) -> None:
    """Write `train/3/00012.png`, `test/3/...` and `digits.json`; a complete folder of these digits is left as it is.

    Raises DataError where `folder` holds something else.
    """
    parts = {"train": (digits.train_x, digits.train_y), "test": (digits.test_x, digits.test_y)}
    digit_folders.write(digits.name, parts, Path(folder), on_progress)


def _folder(root: Path, count: int | None) -> Digits:
    """Digits of a folder that `write` wrote, or of idx files."""
    if not digit_folders.has(root):
        return mnist(root, train=count)
    name, parts = digit_folders.read(root)
    return Digits(name, parts["train"][0][:count], parts["train"][1][:count], *parts["test"])


def _handwritten(count: int | None, seed: int) -> Digits:
    found = handwritten(seed)
    return Digits(found.name, found.train_x[:count], found.train_y[:count], found.test_x, found.test_y)


def _mnist(count: int | None, seed: int) -> Digits:
    for place in PLACES:
        if idx.has(Path(place), "t10k"):
            return mnist(place, train=count)
    raise DataError(
        f"MNIST is neither in {' nor in '.join(PLACES)}; fetch it with 'viceversa data get mnist {PLACES[0]}', "
        "or name the folder that holds its idx files"
    )


SOURCES: dict[str, Callable[[int | None, int], Digits]] = {
    "handwritten": _handwritten,
    "glyphs": lambda count, seed: glyphs(count or 10_000, seed),
    "mnist": _mnist,
}
