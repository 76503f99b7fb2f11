"""Label images: colours to class numbers and back, palettes, resizing that never mixes two classes."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.pictures import reader
from viceversa.data import labels
from viceversa.data.labels import CITYSCAPES, IGNORE, Palette, are_labels, classes_of, label_map, palette_for
from viceversa.data.loader import PairedLabels
from viceversa.data.transforms import Augment, label_reader, nearest_resize
from viceversa.errors import DataError
from viceversa.worlds.make import make
from viceversa.worlds.measured import MEASURED_WORLDS
from viceversa.worlds.scenes import WORLDS

RED_BLUE = Palette(("red", "blue"), ("ff0000", "0000ff"), tolerance=40.0)


def flat(*codes: str, side: int = 4) -> np.ndarray:
    """Stripes of colours from left to right, (3, side, side * n) uint8."""
    colours = np.array([list(bytes.fromhex(code)) for code in codes], np.uint8)
    return np.repeat(colours.T[:, None], side, 1).repeat(side, 2)


def save(path: Path, picture: np.ndarray, **options: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture.transpose(1, 2, 0)).save(path, **options)
    return path


def test_the_nearest_colour_within_the_tolerance() -> None:
    picture = flat("ff0000", "f01008", "0000d8", "800080", "0000d7", side=1)
    expected = [[0, 0, 1, IGNORE, 1]]
    np.testing.assert_array_equal(classes_of(picture, RED_BLUE), expected)
    np.testing.assert_array_equal(classes_of(picture.astype(np.float32) / 127.5 - 1, RED_BLUE), expected)
    assert classes_of(flat("0000d6", side=1), RED_BLUE)[0, 0] == IGNORE  # 41 away
    np.testing.assert_array_equal(classes_of(picture, RED_BLUE, every=True), [[0, 0, 1, 0, 1]])
    grey = Palette(("black", "white"), ("000000", "ffffff"))
    np.testing.assert_array_equal(classes_of(np.array([[[0, 255]]], np.uint8), grey), [[0, 1]])


def test_void_colours_belong_to_no_class_unless_every_pixel_must() -> None:
    picture = flat("804080", "000000", "fbaaa0", "0000e6", side=1)  # road, unlabelled, parking, motorcycle
    np.testing.assert_array_equal(classes_of(picture, CITYSCAPES), [[0, IGNORE, IGNORE, 17]])
    assert (classes_of(picture, CITYSCAPES, every=True) < 19).all()


def test_cityscapes_has_19_classes_of_one_colour_each() -> None:
    assert len(CITYSCAPES.names) == len(CITYSCAPES.colours) == len(set(CITYSCAPES.colours)) == 19
    assert not set(CITYSCAPES.colours) & set(CITYSCAPES.void)
    known = {"road": "804080", "sky": "4682b4", "person": "dc143c", "bicycle": "770b20"}  # 128 64 128, 70 130 180, ...
    assert known.items() <= dict(zip(CITYSCAPES.names, CITYSCAPES.colours, strict=True)).items()


def test_a_palette_survives_json_and_draws_class_numbers() -> None:
    for palette in (RED_BLUE, CITYSCAPES):
        saved = palette.to_dict()
        assert json.loads(json.dumps(saved)) == saved and Palette.from_dict(saved) == palette
        with pytest.raises(ValueError):
            Palette.from_dict(saved | {"colours": ["red; display: none"]})
        assert saved.keys() == {field.name for field in dataclasses.fields(Palette)}
    numbers = np.array([[0, 1, IGNORE]], np.uint8)
    picture = RED_BLUE.picture(numbers)
    np.testing.assert_array_equal(picture[:, 0].T, [[1, -1, -1], [-1, -1, 1], [-1, -1, -1]])
    np.testing.assert_array_equal(classes_of(picture, RED_BLUE), numbers)


@pytest.mark.parametrize("world", WORLDS)
def test_the_palette_and_label_maps_of_a_world(tmp_path: Path, world: str) -> None:
    make(world, tmp_path, count=1, test=2, size=24, domains=("labels", WORLDS[world].domains[0]), paired=True)
    palette = palette_for(tmp_path / "trainA")
    assert palette == palette_for(tmp_path) and palette.names == WORLDS[world].labels
    for number in ("0000", "0001"):
        pixels = np.array(Image.open(tmp_path / "testA" / f"{number}.png")).transpose(2, 0, 1)
        classes = label_map(tmp_path / "testA" / f"{number}.png")
        np.testing.assert_array_equal(classes_of(pixels, palette), classes)
        np.testing.assert_array_equal(classes, label_map(tmp_path / "testB" / f"{number}.png"))
    assert label_map(tmp_path / "trainA" / "0000.png") is None
    assert label_map(tmp_path / "testA" / "9999.png") is None


def test_the_palette_of_measurements(tmp_path: Path) -> None:
    world = MEASURED_WORLDS["scanner"]
    make("scanner", tmp_path, count=1, test=1, size=24, domains=("labels", "ct"), paired=True)
    assert palette_for(tmp_path / "trainA").names == world.labels
    pixels = np.array(Image.open(tmp_path / "testA" / "0000.png")).transpose(2, 0, 1)
    classes = label_map(tmp_path / "testB" / "0000.tif")
    np.testing.assert_array_equal(classes_of(pixels, palette_for(tmp_path)), classes)


def test_an_unknown_palette_is_every_colour_of_the_images(tmp_path: Path) -> None:
    one, two = flat("102030", "ffffff"), flat("ffffff", "0a0000")
    save(tmp_path / "0.png", one), save(tmp_path / "1.png", two)
    palette = palette_for(tmp_path)
    assert palette.colours == ("0a0000", "102030", "ffffff") and palette.names == ("#0a0000", "#102030", "#ffffff")
    np.testing.assert_array_equal(classes_of(one, palette)[0], [1] * 4 + [2] * 4)
    assert classes_of(flat("0b0000"), palette)[0, 0] == IGNORE  # another colour is not guessed to be one of these


def test_photographs_are_not_label_images(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    photo = save(tmp_path / "photo.png", rng.integers(0, 256, (3, 16, 16), dtype=np.uint8))
    with pytest.raises(DataError, match=r"photo\.png brings the label pictures to more than 64 colours.*PNG"):
        palette_for(tmp_path)
    assert not are_labels([photo])
    assert are_labels([save(tmp_path / "few.png", flat("ff0000", "00ff00"))])
    with pytest.raises(DataError, match="no label picture"):
        labels.palette_from_pictures([])


def cityscapes_picture(rng: np.random.Generator) -> np.ndarray:
    """Blocks of 16 px in random class colours."""
    codes = rng.choice(np.array(CITYSCAPES.colours), (8, 16))
    colours = np.array([[list(bytes.fromhex(code)) for code in row] for row in codes], np.uint8)
    return colours.transpose(2, 0, 1).repeat(16, 1).repeat(16, 2)


def test_cityscapes_is_known_by_its_colours_even_from_jpeg(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    picture = cityscapes_picture(rng)
    path = save(tmp_path / "0.jpg", picture, quality=75)
    assert palette_for(tmp_path) is CITYSCAPES and are_labels([path])
    classes = label_reader(128, "cover", CITYSCAPES)(path)[0]
    truth = classes_of(picture, CITYSCAPES)
    assert (classes == truth).mean() > 0.8  # flat areas are read rightly, edges are left out:
    assert ((classes != truth) & (classes != IGNORE)).mean() < 0.02


def test_resizing_a_label_image_mixes_no_classes(tmp_path: Path) -> None:
    """Between red and blue lies purple, a class of its own here: no size and no crop may contain it."""
    palette = Palette(("red", "blue", "purple"), ("ff0000", "0000ff", "800080"), tolerance=200.0)
    rng = np.random.default_rng(0)
    fine = np.array([[255, 0, 0], [0, 0, 255]], np.uint8)[rng.integers(0, 2, (40, 60))].transpose(2, 0, 1)
    path = save(tmp_path / "0.png", fine)
    for load, fit in ((40, "cover"), (23, "cover"), (17, "squash"), (90, "cover")):
        numbers = label_reader(load, fit, palette)(path)
        assert numbers.shape[1:] == reader(load, fit, 3)(path).shape[1:] and set(np.unique(numbers)) == {0, 1}
    augment = Augment(16, zoom=1.4)
    assert all(set(np.unique(augment.labels(numbers, np.random.default_rng(i)))) <= {0, 1} for i in range(20))
    blended = reader(23, "cover", 3)(path)
    assert 2 in classes_of(blended, palette)  # the result if colours were resized first


def test_nearest_resize_takes_the_class_at_the_centre_of_each_pixel() -> None:
    numbers = np.arange(6, dtype=np.uint8)[None, None]
    np.testing.assert_array_equal(nearest_resize(numbers, (1, 3))[0, 0], [1, 3, 5])
    np.testing.assert_array_equal(nearest_resize(numbers, (2, 12))[0], [np.repeat(np.arange(6), 2)] * 2)
    assert nearest_resize(numbers, (1, 6)) is numbers


@pytest.mark.parametrize("zoom", [1.0, 1.3])
def test_pictures_and_numbers_are_cropped_and_mirrored_alike(tmp_path: Path, zoom: float) -> None:
    """Halves of red and blue at any place: what the picture shows is what the numbers say, but at the edge."""
    for i in range(6):
        picture = np.roll(flat("ff0000", "0000ff", side=16), 5 * i, 2)[:, :, :24].repeat(2, 1)
        save(tmp_path / "x" / f"{i}.png", picture), save(tmp_path / "y" / f"{i}.png", picture)
    x, y = (tuple(sorted((tmp_path / side).iterdir())) for side in "xy")
    read = reader(24, "cover", 3), label_reader(24, "cover", RED_BLUE)
    source = PairedLabels(x, y, read, Augment(16, True, zoom), batch=6, seed=4)
    mirrored = set()
    for step in range(4):
        pictures, numbers = source.batch(step)
        assert pictures.shape == (6, 3, 16, 16) and numbers.shape == (6, 16, 16) and str(numbers.dtype) == "torch.int64"
        for picture, number in zip(pictures.numpy(), numbers.numpy(), strict=True):
            sure = np.abs(picture[0] - picture[2]) > 1.2
            np.testing.assert_array_equal((picture[2] > picture[0])[sure], number[sure] == 1)
            assert sure.mean() > 0.7
            mirrored.add(bool(number[0, 0]))
    assert mirrored == {True, False}
