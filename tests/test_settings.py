"""Configurations: presets through YAML and words, and one line for whatever does not fit."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args, get_type_hints

import pytest
import yaml

from viceversa.errors import UsageError, did_you_mean
from viceversa.runs.config import RunConfig
from viceversa.runs.folder import read_config
from viceversa.runs.presets import PRESETS, preset
from viceversa.settings import changed, difference, flatten, from_dict, parse_assignments, to_dict


@dataclass(frozen=True, kw_only=True)
class Inner:
    rate: float = 0.5
    many: int = 3


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str = "x"
    on: bool = False
    kind: Literal["round", "square"] = "round"
    limit: int | None = None
    inner: Inner = field(default_factory=Inner)

    def __post_init__(self) -> None:
        if self.limit == 13:
            raise ValueError("limit 13 brings bad luck")


@dataclass(frozen=True, kw_only=True)
class Base:
    TASK: ClassVar[str] = "none"

    rate: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Child(Base):
    TASK: ClassVar[str] = "unpaired"
    RENAMED: ClassVar[dict[str, str]] = {"scratch": "disk_cache", "tempo": "rate"}

    disk_cache: int = 0


@dataclass(frozen=True, kw_only=True)
class Holder:
    RENAMED: ClassVar[dict[str, str]] = {"way": "method"}

    method: Base = field(default_factory=Base)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("size", [None, 64, 128, 256])
def test_a_preset_survives_yaml(name, size):
    config = preset(name, size)
    text = yaml.safe_dump(to_dict(config), sort_keys=False)
    again = from_dict(RunConfig, yaml.safe_load(text), base=preset(name))
    assert again == config
    assert difference(config, again) == {}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_the_words_of_a_command_line(name):
    expected, config = preset(name), RunConfig(method=type(preset(name).method)())
    for key, value in flatten(to_dict(expected)).items():
        config = changed(config, {key: "none" if value is None else str(value)})
    assert config == expected


def test_the_presets_carry_their_name_and_the_papers_numbers():
    assert [preset(name).preset for name in PRESETS] == list(PRESETS)
    paper = preset("cyclegan")
    assert (paper.method.blocks, paper.method.lambda_cyc, paper.method.lambda_idt, paper.method.pool) == (9, 10, 5, 50)
    assert (paper.data.size, paper.data.load_size, paper.train.batch, paper.train.epochs) == (256, 286, 1, 200)
    assert preset("cyclegan", 128).method.blocks == 6


def test_missing_keys_come_from_the_base_or_the_defaults():
    assert from_dict(Outer, {"inner": {"many": 7}}) == Outer(inner=Inner(many=7))
    base = Outer(name="base", inner=Inner(rate=0.1, many=1))
    assert from_dict(Outer, {"inner": {"many": 7}}, base=base) == Outer(name="base", inner=Inner(rate=0.1, many=7))
    assert from_dict(Outer, {}, base=base) == base


@pytest.mark.parametrize(
    ("value", "key", "expected"),
    [
        ("5", "inner.many", 5), (5.0, "inner.many", 5), ("3e2", "inner.many", 300), ("-4", "inner.many", -4),
        (9007199254740993, "inner.many", 9007199254740993), ("9007199254740993", "inner.many", 9007199254740993),
        ("2e-4", "inner.rate", 2e-4), (1, "inner.rate", 1.0), ("none", "limit", None), (None, "limit", None),
        ("8", "limit", 8), ("true", "on", True), ("No", "on", False), (True, "on", True), (0, "on", False),
        ("square", "kind", "square"), ("ü b=c", "name", "ü b=c"),
    ],
)  # fmt: skip
def test_values_take_the_type_of_their_field(value, key, expected):
    converted = flatten(to_dict(changed(Outer(), {key: value})))[key]
    assert converted == expected
    assert type(converted) is type(expected)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("inner.many", "many", "inner.many is 'many'; expected a whole number"),
        ("inner.many", "2.5", "inner.many is '2.5'; expected a whole number"),
        ("inner.many", "inf", "expected a whole number"),
        ("inner.many", True, "expected a whole number"),
        ("inner.many", None, "expected a whole number"),
        ("inner.many", [1], "expected a whole number"),
        ("inner.rate", "fast", "inner.rate is 'fast'; expected a number"),
        ("inner.rate", "nan", "inner.rate is 'nan'; expected a number"),
        ("inner.rate", float("inf"), "expected a number"),
        ("inner.rate", False, "expected a number"),
        ("name", 3, "name is '3'; expected text"),
        ("on", "maybe", "on is 'maybe'; expected true or false"),
        ("kind", "sqare", r"not one of round, square. Did you mean 'square'\?"),
        ("limit", "13", "limit 13 brings bad luck"),
        ("inner", "3", "'inner' is a group; name one of inner.rate, inner.many"),
        ("name.first", "x", "'name' holds one value"),
        ("inner.rat", "1", r"no key 'inner.rat'. Did you mean 'inner.rate'\?"),
        ("rate", "1", r"no key 'rate'. Did you mean 'inner.rate'\?"),
        ("kinf", "1", r"no key 'kinf'. Did you mean 'kind'\?"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_one_line(key, value, message):
    with pytest.raises(UsageError, match=message) as error:
        changed(Outer(), {key: value})
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("--set")


def test_several_values_change_at_once():
    several = changed(Outer(), {"limit": "3", "inner.rate": "1", "inner.many": "2"})
    assert several == Outer(limit=3, inner=Inner(rate=1, many=2))
    grey = changed(preset("quickstart"), {"method.channels_a": "1", "method.channels_b": "1"})
    assert (grey.method.channels_a, grey.method.channels_b) == (1, 1)
    with pytest.raises(UsageError, match=r"A has 1 channels and B 3, .* set method.lambda_idt=0"):
        changed(preset("cyclegan"), {"method.channels_a": "1"})


def test_the_nearest_key_is_given_in_full():
    with pytest.raises(UsageError, match=r"no key 'method.lamda_cyc'. Did you mean 'method.lambda_cyc'\?"):
        changed(RunConfig(), {"method.lamda_cyc": "3"})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"nam": 1}, r"file: there is no key 'nam'. Did you mean 'name'\?"),
        ({3: 1}, "file: there is no key '3'"),
        ({"inner": {"rte": 1}}, r"file: there is no key 'inner.rte'. Did you mean 'inner.rate'\?"),
        ({"inner": 5}, "file: expected keys and values in inner, found 5"),
        ({"inner": None}, "file: expected keys and values in inner"),
        (["name"], "file: expected keys and values"),
        (None, "file: expected keys and values"),
        ("name", "file: expected keys and values"),
        ({"limit": 13}, "file: limit 13 brings bad luck"),
        ({"kind": "circle"}, "file: kind is 'circle', not one of round, square"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(values, message):
    for base in (None, Outer()):
        with pytest.raises(UsageError, match=message):
            from_dict(Outer, values, "file", base)


def test_assignments():
    assert parse_assignments(["a.b=3", " c = x=y "]) == {"a.b": "3", "c": "x=y"}
    for word in ("a.b", "=3", "", " =3"):
        with pytest.raises(UsageError, match="write it as key=value"):
            parse_assignments([word])


def test_difference_names_what_differs():
    old, new = Outer(), Outer(limit=3, inner=Inner(rate=0.25))
    assert difference(old, new) == {"limit": (None, 3), "inner.rate": (0.5, 0.25)}
    assert difference(old, old) == {}


def test_did_you_mean():
    assert did_you_mean("trian", ["train", "translate"]) == " Did you mean 'train'?"
    assert did_you_mean("xyz", ["train", "translate"]) == ""


def test_numbers_keep_their_range_wherever_they_come_from():
    for key, value, message in (
        ("train.epochs", 0, "at least 1"),
        ("train.decay_from", 1.5, "at most 1"),
        ("method.lambda_cyc", -1, "at least 0"),
        ("method.beta1", 1, "at most 0.999999"),
        ("data.zoom", 0.5, "at least 1"),
    ):
        with pytest.raises(UsageError, match=f"{key} is {value}.*{message}"):
            changed(preset("quickstart"), {key: value})
        group, name = key.split(".")
        with pytest.raises(UsageError, match=f"file: {key} is {value}.*{message}"):
            from_dict(RunConfig, {group: {name: value}}, "file", preset("quickstart"))
    assert changed(preset("quickstart"), {"train.epochs": "none"}).train.epochs is None


def test_every_number_of_every_preset_has_a_range():
    """A setting without a range would only fail when the network is built."""
    for make in PRESETS.values():
        config = make()
        for part in (config.method, config.data, config.train):
            for key, kind in get_type_hints(type(part), include_extras=True).items():
                kinds = {kind, *get_args(kind)} - {type(None)}
                assert not kinds & {int, float} or hasattr(kind, "__metadata__"), f"{type(part).__name__}.{key}"


def test_the_preset_determines_the_kind_of_method(tmp_path):
    for name, make in PRESETS.items():
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump(to_dict(make())))
        assert read_config(path) == make()
        path.write_text(f"preset: {name}\n")
        assert read_config(path) == make()


def test_renamed_keys_of_earlier_versions_still_open():
    config = Child(rate=0.25, disk_cache=7)
    assert from_dict(Child, {"scratch": "7", "tempo": 0.25}) == config
    assert changed(Child(), {"scratch": "7", "tempo": "0.25"}) == config
    old = Holder(method=Child())
    assert changed(old, {"method.scratch": "7", "method.tempo": "0.25"}) == Holder(method=config)
    assert from_dict(Holder, {"way": {"scratch": 7, "rate": 0.25}}, base=old) == Holder(method=config)


def test_an_old_and_a_new_name_together_are_refused():
    with pytest.raises(UsageError, match=r"^file: scratch is now called disk_cache; give one of them$"):
        from_dict(Child, {"scratch": 1, "disk_cache": 1}, "file")
    with pytest.raises(UsageError, match=r"^--set: method.scratch is now called method.disk_cache; give one of them$"):
        changed(Holder(method=Child()), {"method.scratch": "1", "method.disk_cache": "2"})


def test_a_renamed_key_belongs_to_its_own_class_only():
    with pytest.raises(UsageError, match=r"there is no key 'method.scratch'"):
        changed(Holder(), {"method.scratch": "1"})
    with pytest.raises(UsageError, match="there is no key 'scratch'"):
        from_dict(Base, {"scratch": 1})


def test_a_field_of_a_base_class_keeps_the_class_of_the_base_configuration():
    base = Holder(method=Child(disk_cache=3))
    assert from_dict(Holder, {"method": {"rate": 1}}, base=base) == Holder(method=Child(rate=1, disk_cache=3))
    assert changed(base, {"method.disk_cache": "4"}) == Holder(method=Child(disk_cache=4))
    assert from_dict(Holder, {"method": {"rate": 1}}) == Holder(method=Base(rate=1))
    with pytest.raises(UsageError, match=r"there is no key 'method.disk_cache'"):
        from_dict(Holder, {"method": {"disk_cache": 1}})


def test_class_variables_are_no_fields():
    with pytest.raises(UsageError, match="there is no key 'TASK'"):
        from_dict(Child, {"TASK": "paired"})
    with pytest.raises(UsageError, match="there is no key 'RENAMED'"):
        changed(Child(), {"RENAMED": "x"})
    assert to_dict(Child()) == {"rate": 0.5, "disk_cache": 0}


def test_text_in_two_unicode_forms_is_equal():
    old, new = (changed(preset("quickstart"), {"data.names": f"{name},b"}) for name in ("\xe9t\xe9", "e\u0301te\u0301"))
    assert old.data.names != new.data.names and difference(old, new) == {}


@pytest.mark.parametrize("pair", ["ordr", "[0-9]+", "(", "(a)(b)"])
def test_what_is_no_way_to_pair_is_one_line(pair):
    with pytest.raises(UsageError, match=r"--set: data\.pair is") as error:
        changed(RunConfig(), {"data.pair": pair})
    assert "\n" not in str(error.value)
