"""What each kind of task states, and that every method has one."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from viceversa import settings
from viceversa.errors import DataError
from viceversa.methods import METHODS
from viceversa.methods.protocol import Direction, auc_name
from viceversa.runs.listing import title
from viceversa.runs.presets import PRESETS, preset
from viceversa.tasks import TASKS, DatasetListing, split_key, task_of


def test_every_method_states_a_task_and_every_task_has_a_method() -> None:
    assert {config.task for config in METHODS} == set(TASKS)


@pytest.mark.parametrize("name", PRESETS)
def test_directions_name_networks_and_sides_once(name: str) -> None:
    method = preset(name).method
    assert [d.key for d in method.directions] == ["ab", "ba"][: len(method.directions)]
    assert (method.adversarial is None) == (not task_of(method).evaluated)
    for d in method.directions:
        assert d.source != d.target and method.channels_of(d.source) == 3


def test_a_direction_names_its_domains() -> None:
    back = Direction(source="B", target="A", network="F", discriminator="D_A", back="G")
    assert back.domains(("apples", "oranges")) == ("oranges", "apples")
    assert back.title(("apples", "oranges")) == "oranges -> apples" and back.key == "ba"
    assert (auc_name("D_A"), auc_name("D"), auc_name(None)) == ("auc_A", "auc", "auc")


def test_counts_and_titles() -> None:
    files = {"train_a": ("1", "2"), "train_b": ("3",)}
    listing = DatasetListing(names=("apples", "oranges"), files=files)
    assert TASKS["unpaired"].counts(listing) == "apples (2) and oranges (1)"
    assert title(preset("quickstart"), listing.names) == "apples <-> oranges"
    assert title(preset("pix2pix"), listing.names) == "apples -> oranges"
    assert title(preset("dcgan"), ("digits",)) == "digits"
    assert (split_key("train"), split_key("test", "B")) == ("train", "test_b")


def listing_of(preset_name: str, source: Path, **data: str) -> DatasetListing:
    """What the task of a preset finds."""
    config = preset(preset_name)
    config = settings.changed(config, {"data.source": str(source), **{f"data.{k}": v for k, v in data.items()}})
    return task_of(config.method).find(config)


@pytest.mark.parametrize("name", ["pix2pix-quick", "fcn"])
def test_data_pair_reaches_the_tasks_that_pair(tmp_path: Path, name: str) -> None:
    for i in range(4):
        for side, file, colours in (("pictures", f"{i:03}_T1.png", 200), ("labels", f"{i}_T2.png", 1)):
            (tmp_path / side).mkdir(exist_ok=True)
            rng = np.random.default_rng(i)
            pixels = rng.integers(0, 2 if colours == 1 else 256, (16, 16, 3 if colours > 1 else 1), np.uint8)
            Image.fromarray(np.broadcast_to(pixels, (16, 16, 3)) * (255 if colours == 1 else 1)).save(
                tmp_path / side / file
            )
    with pytest.raises(DataError, match="differ by a number"):
        listing_of(name, tmp_path)
    with pytest.raises(DataError, match="no picture has a partner"):
        listing_of(name, tmp_path, pair="name")
    for pair in ("order", "([0-9])_T"):
        listing = listing_of(name, tmp_path, pair=pair)
        first, second = (
            (listing.files["train"], listing.files["train_labels"])
            if name == "fcn"
            else (listing.files["train_a"], listing.files["train_b"])
        )
        numbers = [[int(path.name.split("_")[0]) for path in files] for files in (first, second)]
        assert numbers[0] == numbers[1] == [0, 1, 2, 3]
        assert any("pairs " in note for note in listing.notes)


def test_data_pair_is_for_truths_of_unpaired_data_too(tmp_path: Path) -> None:
    for folder, end in (
        ("trainA", "x"),
        ("trainB", "y"),
        ("testA", "x"),
        ("testB", "y"),
        ("truthA", "_true"),
        ("truthB", "z"),
    ):
        (tmp_path / folder).mkdir()
        for i in range(3):
            name = f"{i}_{end}.png" if folder != "truthB" else f"{'abc'[i]}{end}.png"
            (tmp_path / folder / name).touch()
    listing = listing_of("quickstart", tmp_path)
    assert [path.name[0] for path in listing.files["truth_a"]] == ["0", "1", "2"] and not listing.files["truth_b"]
    assert any(
        "truthA is matched by names without '_x' in the test pictures and '__true' in truthA" in note
        for note in listing.notes
    )
    assert any(note.startswith("truthB is not used: no picture has a partner") for note in listing.notes)
    by_order = listing_of("quickstart", tmp_path, pair="order")
    assert [path.name for path in by_order.files["truth_b"]] == ["az.png", "bz.png", "cz.png"]
    (tmp_path / "truthA" / "00__true.png").touch()
    doubtful = listing_of("quickstart", tmp_path)
    assert not doubtful.files["truth_a"]
    assert any(n.startswith("truthA is not used: ") and "has two partners" in n for n in doubtful.notes)
