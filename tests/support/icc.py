"""ICC profiles of version 2, written from their definition: matrix, grey and table profiles (ICC.1:2001-04)."""

import struct

import numpy as np

D50 = np.array([0.9642, 1.0, 0.8249])
D65 = (0.3127, 0.3290)
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
DISPLAY_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE_RGB = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
PROPHOTO = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))
D50_XY = (0.3457, 0.3585)
ADOBE_GAMMA = 563 / 256
SRGB_PARAMETERS = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)  # (a x + b) ** g from d on, below c x
Curve = float | tuple[float, ...] | np.ndarray  # a gamma, parameters g a b c d, or a table from value to light
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def display_p3(entries: int = 0) -> bytes:
    """Display P3: the primaries of DCI-P3, white D65, and the curve of sRGB as parameters or as a table."""
    curve = srgb_light(np.linspace(0, 1, entries)) if entries else SRGB_PARAMETERS
    return matrix_profile("Display P3", DISPLAY_P3, D65, curve)


def adobe_rgb() -> bytes:
    """Adobe RGB (1998): gamma 563 / 256."""
    return matrix_profile("Adobe RGB (1998)", ADOBE_RGB, D65, ADOBE_GAMMA)


def prophoto() -> bytes:
    """ProPhoto RGB: white D50, gamma 1.8."""
    return matrix_profile("ProPhoto RGB", PROPHOTO, D50_XY, 1.8)


def srgb(entries: int = 1024) -> bytes:
    """sRGB with its curve as a table, as many scanners and cameras embed it."""
    return matrix_profile("sRGB of a camera", SRGB, D65, srgb_light(np.linspace(0, 1, entries)))


def widespread_srgb() -> bytes:
    """sRGB as most files embed it: with the primaries that HP adapted in 1998, and 1,024 entries of the curve."""
    columns = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
    return _rgb("sRGB IEC61966-2.1", np.array(columns).T, srgb_light(np.linspace(0, 1, 1024)))


def grey(curve: Curve) -> bytes:
    """Grey of a gamma or of a tabulated curve from value to light."""
    return _profile("Grey", b"GRAY", b"XYZ ", {b"wtpt": _xyz(D50), b"kTRC": _curve(curve)})


def dot_gain() -> bytes:
    """Grey of a printing press whose dots grow by 20 % at half tone, as a table of 256 entries."""
    ink = 1 - np.linspace(0, 1, 256)
    return grey(np.clip(1 - (ink + 4 * 0.2 * ink * (1 - ink)), 0, 1))


def matrix_profile(name: str, primaries, white, curve: Curve) -> bytes:
    """Three primaries (x, y), a white (x, y), and one curve."""
    return _rgb(name, adaptation(white) @ primary_matrix(primaries, white), curve)


def table_profile(rotation: float = 0.1, steps: int = 17, is_one_way: bool = False) -> bytes:
    """An RGB profile of colour tables (lut16) to and from Lab, whose channels do not add up."""
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, steps)] * 3, indexing="ij"), axis=-1)
    mixed = grid + rotation * grid * (1 - grid) * np.roll(grid, 1, axis=-1)
    columns = adaptation(D65) @ primary_matrix(SRGB, D65)
    tags = {b"wtpt": _xyz(D50), b"A2B0": _lut16(_encode_lab(_lab(srgb_light(mixed) @ columns.T)))}
    if not is_one_way:  # the way back is that of sRGB: near enough for a test of both directions
        back = srgb_value(_xyz_of_lab(_decode_lab(grid)) @ np.linalg.inv(columns).T)
        tags[b"B2A0"] = _lut16(np.rint(np.clip(back, 0, 1) * 65535))
    return _profile("Tables", b"RGB ", b"Lab ", tags, b"scnr")


def primary_matrix(primaries, white) -> np.ndarray:
    """From light of three primaries to XYZ, such that their sum is the white: (3, 3)."""
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    x, y = white
    return columns * np.linalg.solve(columns, [x / y, 1, (1 - x - y) / y])


def adaptation(white) -> np.ndarray:
    """Bradford's adaptation of XYZ from a white (x, y) to D50: (3, 3)."""
    x, y = white
    cones = (BRADFORD @ D50) / (BRADFORD @ [x / y, 1, (1 - x - y) / y])
    return np.linalg.inv(BRADFORD) @ np.diag(cones) @ BRADFORD


def srgb_light(value):
    """sRGB's value to light, mirrored below 0 (IEC 61966-2-1), in double precision."""
    size = np.abs(value)
    return np.sign(value) * np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)


def srgb_value(light):
    """The inverse of `srgb_light`."""
    size = np.abs(light)
    return np.sign(light) * np.where(size <= 0.0031308, 12.92 * size, 1.055 * size ** (1 / 2.4) - 0.055)


def closed_form(values, primaries, white, light=srgb_light) -> np.ndarray:
    """Values (N, 3) of primaries and a curve as unclipped sRGB, in double precision and without any profile."""
    to_xyz = adaptation(white) @ primary_matrix(primaries, white)
    from_xyz = np.linalg.inv(adaptation(D65) @ primary_matrix(SRGB, D65))
    return srgb_value(light(np.asarray(values, np.float64)) @ (from_xyz @ to_xyz).T)


def _rgb(name: str, columns: np.ndarray, curve: Curve) -> bytes:
    tags = {key: _xyz(column) for key, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns.T, strict=True)}
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _curve(curve))
    return _profile(name, b"RGB ", b"XYZ ", {b"wtpt": _xyz(D50), **tags, **curves})


def _profile(name: str, space: bytes, connection: bytes, tags: dict[bytes, bytes], kind: bytes = b"mntr") -> bytes:
    text = name.encode() + b"\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78)
    tags = {b"desc": description, b"cprt": b"text\0\0\0\0none\0", **tags}
    offset, table, body = 132 + 12 * len(tags), b"", b""
    for key, data in tags.items():
        padded = data + bytes(-len(data) % 4)
        table += key + struct.pack(">II", offset + len(body), len(data))
        body += padded
    size = offset + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"test", 0x02400000, kind, space, connection)
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    header += struct.pack(">3i", *np.rint(D50 * 65536).astype(int))
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _xyz(xyz) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *np.rint(np.asarray(xyz) * 65536).astype(int))


def _curve(curve: Curve) -> bytes:
    if isinstance(curve, tuple):
        return b"para\0\0\0\0" + struct.pack(">HH5i", 3, 0, *np.rint(np.array(curve) * 65536).astype(int))
    if np.ndim(curve) == 0:
        return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(float(curve) * 256))
    return b"curv\0\0\0\0" + struct.pack(">I", len(curve)) + np.rint(curve * 65535).astype(">u2").tobytes()


def _lut16(table: np.ndarray) -> bytes:
    steps = len(table)
    head = b"mft2\0\0\0\0" + bytes([3, 3, steps, 0]) + struct.pack(">9i", *(np.eye(3).ravel() * 65536).astype(int))
    linear = np.array([0, 65535] * 3, ">u2").tobytes()
    return head + struct.pack(">HH", 2, 2) + linear + table.astype(">u2").tobytes() + linear


def _lab(xyz: np.ndarray) -> np.ndarray:
    t = xyz / D50
    x, y, z = np.moveaxis(np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _xyz_of_lab(lab: np.ndarray) -> np.ndarray:
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    return np.where(f > 6 / 29, f**3, (116 * f - 16) * 27 / 24389) * D50


def _encode_lab(lab: np.ndarray) -> np.ndarray:
    """Lab as 16-bit numbers of version 2: 65,280 is 100 % of L, 32,768 is 0 of a and b."""
    return np.rint(
        np.clip(np.stack([lab[..., 0] * 652.8, *(32768 + 256 * np.moveaxis(lab[..., 1:], -1, 0))], -1), 0, 65535)
    )


def _decode_lab(grid: np.ndarray) -> np.ndarray:
    numbers = grid * 65535
    return np.stack([numbers[..., 0] / 652.8, *((np.moveaxis(numbers[..., 1:], -1, 0) - 32768) / 256)], -1)
