"""What each kind of task states, and that every method has one."""

import pytest

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
