"""ICC profiles as functions between the colours of a file and sRGB.

LittleCMS knows what a profile means, but needs three seconds for a photograph where nothing may be lost to 8 bits or at
the border of sRGB. Nearly all profiles of photographs are three curves and a matrix (ICC.1:2022, F.3). LittleCMS
measures these once for each profile, in double precision, and NumPy applies them. Profiles that hold tables of colours,
as those of scanners and printers do, go through LittleCMS as a whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Protocol

import numpy as np

from .arrays import Array

SPACES = {1: "GRAY", 3: "RGB"}  # by channel count: the colour space as a profile states it
NAMES = {"GRAY": "grey", "CMYK": "CMYK", "RGB": "RGB", "Lab": "Lab"}  # for people
LARGEST = 16 * 2**20  # bytes of a profile that is used
LEVELS = 65_536  # of a curve: every value of 16 bits has its own
ENCODING = 2.4  # an inverse curve is tabulated over light ** (1 / 2.4), where it is nearly straight
DARKEST = np.float32(1e-12)  # light below it is black
HALF_LEVEL = 0.5 / 255  # a profile that is nowhere further from sRGB is sRGB
NEUTRAL = 2e-3  # a white that is no further from that of sRGB is the same: profiles state numbers to 1 / 65,536
ADDITIVE = 1e-4  # XYZ to which a profile must be curves and a matrix to be taken as such


class UnusableProfile(ValueError):
    """A profile that cannot be applied; its text says why."""


class Conversion(Protocol):
    """Colours (C, N) of a profile to sRGB and back."""

    @property
    def strip(self) -> int:
        """Pixels that are best converted at a time."""

    def to_srgb(self, samples: Array) -> Array:
        """uint8, uint16, or float samples in [0, 1] as float32 sRGB, which may lie beyond [0, 1]."""

    def from_srgb(self, srgb: Array) -> Array:
        """float32 sRGB, also beyond [0, 1], as float32 samples in [0, 1]."""


@lru_cache(maxsize=32)
def conversion(icc: bytes, channels: int) -> Conversion | None:
    """The conversion of a profile for images of 1 or 3 channels; None where the profile is that of sRGB.

    Kept for the latest profiles, by their content. UnusableProfile where it is damaged or of other colours.
    """
    if not 128 < len(icc) <= LARGEST or icc[36:40] != b"acsp":
        raise UnusableProfile("it is damaged")
    space = icc[16:20].decode("ascii", "replace").strip()
    if space != SPACES[channels]:
        raise UnusableProfile(f"it describes {NAMES.get(space, 'other')} colours, not {NAMES[SPACES[channels]]}")

    found: Conversion = _measured(icc, channels) or Tables(icc=icc)
    colours = _probe_colours(channels)
    srgb = found.to_srgb(colours)
    if not np.isfinite(found.from_srgb(srgb)).all() or not np.isfinite(srgb).all():
        raise UnusableProfile("it is damaged")
    return None if np.abs(srgb - colours).max() < HALF_LEVEL else found


@dataclass(frozen=True, kw_only=True)
class Curves:
    """A profile of a curve for each channel and a matrix, or of one curve for grey."""

    light: tuple[Array, ...]  # of each channel: light 0..1 of every 16-bit value, and the last again; float32
    matrix: Array  # (C, C) float32: from light of these primaries to light of those of sRGB
    inverse_matrix: Array  # (C, C) float32
    values: tuple[Array, ...]  # of each channel: value 0..1 at equal steps of light ** (1 / ENCODING), the last twice
    strip: int = 2**15  # whose intermediate values stay in the processor's cache

    def to_srgb(self, samples: Array) -> Array:
        light = np.empty(samples.shape, np.float32)
        for plane, channel, curve in zip(light, samples, self.light, strict=True):
            if channel.dtype.kind == "f":
                plane[:] = interpolate(curve, channel.astype(np.float32))
            else:
                np.take(curve[:: LEVELS // 255] if channel.dtype == np.uint8 else curve, channel, out=plane)
        return encode_srgb(self.matrix @ light)

    def from_srgb(self, srgb: Array) -> Array:
        light = self.inverse_matrix @ decode_srgb(srgb)
        encoded = _power(np.maximum(light, DARKEST, out=light), 1 / ENCODING)
        for plane, curve in zip(encoded, self.values, strict=True):
            plane[:] = interpolate(curve, plane)
        return encoded


@dataclass(frozen=True, kw_only=True)
class Tables:
    """An RGB profile with tables of colours, through LittleCMS. Its colours do not lie beyond sRGB."""

    icc: bytes
    strip: int = 2**22  # LittleCMS prepares anew for each

    def to_srgb(self, samples: Array) -> Array:
        if samples.dtype == np.uint8:  # to 16 bits, which takes a twentieth of the time of float
            return _as_float(_transform(samples.T, self.icc, _profile("srgb"), dtype="uint16").T)
        return np.clip(_transform(_as_float(samples).T, self.icc, _profile("srgb")).T, 0, 1)

    def from_srgb(self, srgb: Array) -> Array:
        return np.clip(_transform(np.clip(srgb, 0, 1).T, _profile("srgb"), self.icc).T, 0, 1)


def encode_srgb(light: Array) -> Array:
    """Light as sRGB values (IEC 61966-2-1), float32; mirrored below 0 and continued above 1."""
    size = np.abs(light)
    values = _power(np.maximum(size, DARKEST), 1 / 2.4)
    values *= np.float32(1.055)
    values -= np.float32(0.055)
    size *= np.float32(12.92)
    np.copyto(values, size, where=size <= np.float32(12.92 * 0.0031308))
    return np.copysign(values, light, out=values)


def decode_srgb(values: Array) -> Array:
    """The inverse of `encode_srgb`."""
    size = np.abs(values)
    light = size + np.float32(0.055)
    light *= np.float32(1 / 1.055)
    light = _power(light, 2.4)
    is_dark = size <= np.float32(0.04045)
    size *= np.float32(1 / 12.92)
    np.copyto(light, size, where=is_dark)
    return np.copysign(light, values, out=light)


def _power(x: Array, exponent: float) -> Array:
    """x ** exponent in place for x > 0: NumPy has fast logarithms for every processor, but not powers."""
    np.log(x, out=x)
    x *= np.float32(exponent)
    np.exp(x, out=x)
    return x


def interpolate(curve: Array, x: Array) -> Array:
    """A curve of values at equal steps of [0, 1], the last one twice, linearly between them; x is clipped to [0, 1]."""
    position = np.minimum(x, 1)
    np.maximum(position, 0, out=position)
    position *= curve.dtype.type(len(curve) - 2)
    index = position.astype(np.int32)
    position -= index
    low: Array = curve[index]
    rise = curve[1:][index]
    rise -= low
    rise *= position
    rise += low
    return rise


def _as_float(samples: Array) -> Array:
    if samples.dtype.kind == "f":
        return samples.astype(np.float32, copy=False)
    return samples.astype(np.float32) / np.float32(np.iinfo(samples.dtype).max)


def _measured(icc: bytes, channels: int) -> Curves | None:
    """Curves and matrix of a profile; None where it is something else that LittleCMS can invert.

    Black is black in both directions (black point compensation).
    """
    curves, columns, black = _responses(icc, channels)
    levels = np.linspace(0, 1, LEVELS)
    is_rising = np.diff(curves).min() > -ADDITIVE
    colours = _probe_colours(channels)
    light = np.stack([np.interp(plane, levels, curve) for curve, plane in zip(curves, colours, strict=True)])
    is_additive = np.abs(columns @ light + black - _to_xyz(colours.T, icc).T).max() < ADDITIVE
    if channels == 1 and not is_rising:
        raise UnusableProfile("it has no way back")
    if channels == 3 and not (is_rising and is_additive):
        return None

    matrix = _matrix(columns, black) if channels == 3 else np.eye(1)
    values = [np.interp(levels**ENCODING, np.maximum.accumulate(curve), levels) for curve in curves]
    return Curves(
        light=_shared(curves),
        values=_shared(values),
        matrix=matrix.astype(np.float32),
        inverse_matrix=np.linalg.inv(matrix).astype(np.float32),
    )


def _shared(curves: Iterable[Array]) -> tuple[Array, ...]:
    """Curves as float32 with the last value twice; equal ones are one array, which stays in the processor's cache."""
    padded = [np.append(curve, curve[-1]).astype(np.float32) for curve in curves]
    return tuple(next(other for other in padded if np.array_equal(other, curve)) for curve in padded)


def _matrix(columns: Array, black: Array) -> Array:
    """Light of three primaries to light of those of sRGB (3, 3), from their XYZ above that of black."""
    _, srgb, _ = _responses(_profile("srgb"), 3)
    white = columns.sum(axis=1, keepdims=True)
    matrix: Array = np.linalg.solve(srgb, columns * (1 + black / white))
    sums = matrix.sum(axis=1, keepdims=True)
    if np.abs(sums - 1).max() < NEUTRAL:
        matrix /= sums
    return matrix


def _responses(icc: bytes, channels: int) -> tuple[Array, Array, Array]:
    """What a profile says of each channel alone, by LittleCMS.

    Curves (C, LEVELS) from 0 to 1, XYZ at full strength above black (3, C), XYZ of black (3, 1).
    """
    ramps = np.zeros((channels, LEVELS, channels))
    for channel in range(channels):
        ramps[channel, :, channel] = np.linspace(0, 1, LEVELS)
    xyz = _to_xyz(ramps.reshape(-1, channels), icc).reshape(channels, LEVELS, 3)
    if not np.isfinite(xyz).all():
        raise UnusableProfile("it is damaged")

    black = xyz[0, 0].copy()
    xyz -= black
    full = xyz[:, -1].copy()
    strength = (full**2).sum(axis=1, keepdims=True)
    if strength.min() < 1e-6 or full[:, 1].sum() <= 0:  # a channel without light, or white for black
        raise UnusableProfile("it is damaged")
    curves = np.einsum("cnx,cx->cn", xyz, full / strength)
    return np.stack([_without_steps(curve) for curve in curves]), full.T, black[:, None]


def _without_steps(curve: Array) -> Array:
    """A curve with straight lines for its steps: LittleCMS rounds those that are tables to 16 bits."""
    rises = np.flatnonzero(np.diff(curve))
    middles = (curve[rises] + curve[rises + 1]) / 2
    x, y = [0, *(rises + 0.5), len(curve) - 1], [curve[0], *middles, curve[-1]]
    straight: Array = np.interp(np.arange(len(curve)), x, y)
    return straight


@cache
def _probe_colours(channels: int) -> Array:
    """A regular grid of colours, and greys: (C, N) float32 in [0, 1]."""
    steps = np.linspace(0, 1, 9, dtype=np.float32)
    grid = np.stack(np.meshgrid(*[steps] * channels)).reshape(channels, -1)
    greys = np.broadcast_to(np.linspace(0, 1, 256, dtype=np.float32), (channels, 256))
    return np.concatenate([grid, greys], axis=1)


def _to_xyz(colours: Array, icc: bytes) -> Array:
    """Colours (N, C) in [0, 1] of a profile as float64 XYZ (N, 3) relative to its white."""
    source = "gray" if colours.shape[1] == 1 else "rgb"
    return _transform(colours.astype(np.float64), icc, _profile("xyz"), "float64", (source, "xyz"), is_black_kept=True)


def _transform(
    colours: Array,
    source: bytes,
    target: bytes,
    dtype: str = "float32",
    spaces: tuple[str, str] = ("rgb", "rgb"),
    is_black_kept: bool = False,
) -> Array:
    """LittleCMS on colours (N, C): relative colorimetric, by default with black point compensation."""
    import imagecodecs

    cms = imagecodecs.CMS
    try:
        converted = imagecodecs.cms_transform(
            colours[None],
            source,
            target,
            colorspace=spaces[0],
            outcolorspace=spaces[1],
            outdtype=dtype,
            intent=cms.INTENT.RELATIVE_COLORIMETRIC,
            flags=0 if is_black_kept else cms.FLAGS.BLACKPOINTCOMPENSATION,
        )
    except imagecodecs.CmsError:
        raise UnusableProfile("it is damaged or has no way back") from None
    first: Array = converted[0]
    return first


@cache
def _profile(name: str) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.cms_profile(name))
