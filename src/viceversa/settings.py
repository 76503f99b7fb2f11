"""Configurations are frozen dataclasses: to and from plain values, changed by `key=value`, compared.

A setting exists in one place only, the line of its field; everything here reads those lines.
"""

import dataclasses
import math
import types
import typing
from typing import Annotated, Any, Literal, TypeVar

from .errors import UsageError, did_you_mean
from .names import nfc

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Range:
    """The least and the largest value of a number in a configuration."""

    least: float
    most: float = math.inf


Finite = Annotated[float, Range(-math.inf)]
Count = Annotated[int, Range(1)]
Number = Annotated[int, Range(0)]
Weight = Annotated[float, Range(0)]
Share = Annotated[float, Range(0, 1)]
Decay = Annotated[float, Range(0, 0.999999)]
Channels = Annotated[int, Range(1, 64)]


def to_dict(config: Any) -> dict[str, Any]:
    """A nested dict of plain values, ready for YAML or JSON."""
    return dataclasses.asdict(config)


def from_dict(
    cls: type[T], values: dict[str, Any], where: str = "configuration", base: T | None = None, group: str = ""
) -> T:
    """Build `cls` from plain values, the missing ones from `base`; UsageError naming an unknown key or wrong type."""
    if not isinstance(values, dict):
        raise UsageError(f"{where}: expected keys and values{f' in {group[:-1]}' if group else ''}, found {values!r}")
    hints = typing.get_type_hints(cls, include_extras=True)
    annotations = {field.name: hints[field.name] for field in dataclasses.fields(typing.cast(Any, cls))}

    values = rename_keys(cls, values, where, group)
    for key in values:
        if key not in annotations:
            known = [group + k for k in annotations]
            raise UsageError(f"{where}: there is no key '{group}{key}'.{did_you_mean(f'{group}{key}', known)}")
    fields = {k: _convert(v, annotations[k], where, group + k, getattr(base, k, None)) for k, v in values.items()}

    try:
        return cls(**fields) if base is None else dataclasses.replace(base, **fields)  # type: ignore[type-var]
    except (TypeError, ValueError) as e:
        raise UsageError(f"{where}: {e}") from None


def rename_keys(cls: type, values: dict[str, Any], where: str, group: str) -> dict[str, Any]:
    """Replace the field names of earlier versions, which `cls.RENAMED` maps to those of today."""
    names: dict[str, str] = getattr(cls, "RENAMED", {})

    for old, new in names.items():
        if old in values and new in values:
            raise UsageError(f"{where}: {group}{old} is now called {group}{new}; give one of them")

    return {names.get(key, key): value for key, value in values.items()}


def flatten(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"data": {"size": 64}} -> {"data.size": 64}."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def changed(config: T, pairs: dict[str, Any], where: str = "--set") -> T:
    """A copy with the fields at the dotted keys of `pairs` replaced, all at once; values may be text."""
    known = flatten(to_dict(config)) | dict.fromkeys(former_names(config))

    nested: dict[str, Any] = {}
    for path, value in pairs.items():
        if path not in known:
            _no_such_key(path, list(known), where)
        *groups, key = path.split(".")
        inner = nested
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[key] = value

    return from_dict(type(config), nested, where, config)


def former_names(config: Any, prefix: str = "") -> list[str]:
    """The dotted keys that earlier versions used for fields of `config`."""
    names = [prefix + old for old in getattr(config, "RENAMED", {})]
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            names += former_names(value, f"{prefix}{field.name}.")
    return names


def _no_such_key(path: str, known: list[str], where: str) -> typing.NoReturn:
    if inside := [key for key in known if key.startswith(f"{path}.")]:
        raise UsageError(f"{where}: '{path}' is a group; name one of {', '.join(inside)}")
    if single := [key for key in known if path.startswith(f"{key}.")]:
        raise UsageError(f"{where}: '{single[0]}' holds one value, so '{path}' does not exist")
    raise UsageError(f"{where}: there is no key '{path}'.{did_you_mean(path, known)}")


def parse_assignments(words: typing.Iterable[str]) -> dict[str, str]:
    """["method.lambda_cyc=5"] -> {"method.lambda_cyc": "5"}."""
    pairs = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not sign or not key.strip():
            raise UsageError(f"--set '{word}': write it as key=value, for example method.lambda_cyc=5")
        pairs[key.strip()] = value.strip()
    return pairs


def difference(old: Any, new: Any) -> dict[str, tuple[Any, Any]]:
    """Dotted keys whose values differ: {key: (old, new)}."""
    a, b = flatten(to_dict(old)), flatten(to_dict(new))
    return {key: (a.get(key), b.get(key)) for key in a | b if _plain_form(a.get(key)) != _plain_form(b.get(key))}


def _plain_form(value: Any) -> Any:
    """A value as it is compared: text in one Unicode form."""
    return nfc(value) if isinstance(value, str) else value


def _convert(value: Any, annotation: Any, where: str, key: str, base: Any = None) -> Any:
    """`value` as the type of its field; UsageError where it is not one."""
    if dataclasses.is_dataclass(annotation):
        cls = typing.cast(type, annotation)
        if isinstance(base, cls):
            cls = type(base)  # the annotation may be a base class: keep the class of the configuration at hand
        return from_dict(cls, value, where, base, f"{key}.")

    if typing.get_origin(annotation) in (types.UnionType, typing.Union):  # the second with an annotated type in it
        if value is None or value == "none":
            return None
        annotation = next(k for k in typing.get_args(annotation) if k is not type(None))

    if typing.get_origin(annotation) is Annotated:
        plain, allowed = typing.get_args(annotation)
        return _require(allowed, _convert(value, plain, where, key), where, key)
    if typing.get_origin(annotation) is Literal:
        return _choice(value, typing.get_args(annotation), where, key)
    return _plain(value, annotation, where, key)


def _choice(value: Any, choices: tuple[Any, ...], where: str, key: str) -> Any:
    """The one of `choices` that is written like `value`."""
    for choice in choices:
        if str(value) == str(choice):
            return choice
    near = did_you_mean(str(value), map(str, choices))
    raise UsageError(f"{where}: {key} is '{value}', not one of {', '.join(map(str, choices))}.{near}")


def _plain(value: Any, kind: Any, where: str, key: str) -> Any:
    """`value` as a bool, int, float or str."""
    try:
        if kind is bool:
            return _to_bool(value)
        if kind is int and not isinstance(value, bool):
            return _to_int(value)
        if kind is float and not isinstance(value, bool) and math.isfinite(float(value)):
            return float(value)
        if kind is str and isinstance(value, str):
            return value
    except (TypeError, ValueError, OverflowError, KeyError):
        pass
    expected = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}.get(kind, str(kind))
    raise UsageError(f"{where}: {key} is '{value}'; expected {expected}")


def _require(allowed: Range, value: Any, where: str, key: str) -> Any:
    """The value; UsageError outside of its range, where it would fail later or train nothing."""
    if value < allowed.least:
        raise UsageError(f"{where}: {key} is {value}; it must be at least {allowed.least:g}")
    if value > allowed.most:
        raise UsageError(f"{where}: {key} is {value}; it must be at most {allowed.most:g}")
    return value


def _to_int(value: Any) -> int:
    """A whole number from 3, "3", 3.0 or "3e2"; large ones keep every digit."""
    try:
        return int(value) if isinstance(value, int | str) else int(str(value))
    except ValueError:
        number = float(value)
        if not number.is_integer():
            raise
        return int(number)


def _to_bool(value: Any) -> bool:
    return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[str(value).lower()]
