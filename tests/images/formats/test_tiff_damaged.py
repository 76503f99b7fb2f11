"""Damaged and hostile TIFF files: an exception, never a crash of the process, a hang or unbounded memory."""

import struct
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tifffile

from viceversa.images.decoded import Request
from viceversa.images.formats.tiff import TIFF
from viceversa.images.formats.tiff_tags import MAX_DIRECTORIES

SCRIPT = Path(__file__).parents[2] / "support" / "mutated_tiffs.py"


def read_mutated(seed: int, count: int, timeout: int, *what: str) -> tuple[int, int]:
    """Files that were read and refused, by a process of its own."""
    command = [sys.executable, "-W", "ignore", str(SCRIPT), str(seed), str(count), *what]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, f"exit code {done.returncode}: {done.stderr[-2000:]}"
    lines = done.stdout.splitlines()
    assert len(lines) == 1, lines
    read, refused = map(int, lines[0].split()[1:])
    return read, refused


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded by Linux's limits")
def test_a_thousand_mutated_files():
    read, refused = read_mutated(seed=0, count=1000, timeout=120)
    assert read > 200 and refused > 200


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded by Linux's limits")
@pytest.mark.parametrize("seed", [1])
def test_many_thousand_mutated_files(seed):
    read, refused = read_mutated(seed=seed, count=3000, timeout=500)
    assert read + refused == 3000


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded by Linux's limits")
def test_windows_of_mutated_files():
    read, refused = read_mutated(2, 1500, 500, "windows")
    assert read > 250 and refused > 250 and read + refused == 1500


def described(text: str, pages: int = 2) -> BytesIO:
    file = BytesIO()
    tifffile.imwrite(file, np.zeros((pages, 8, 8), np.uint8), photometric="minisblack", description=text, metadata=None)
    return file


OME = '<OME><Image><Pixels DimensionOrder="XYZCT" {} SizeX="8" SizeY="8" Type="uint8">{}</Pixels></Image></OME>'
SIZES = 'SizeZ="2" SizeC="1" SizeT="1"'


@pytest.mark.parametrize(
    "text",
    [
        "ImageJ=1.54\nimages=1000000000000\nslices=1000000000000\n",
        "ImageJ=1.54\nimages=-4\nchannels=-2\n",
        "ImageJ=1.54\nimages=" + "9" * 100_000,
        "ImageJ=1.54\nchannels=2.5",
        '{"shape": [1000000000, 1000000000, 8, 8], "axes": "TCYX"}',
        '{"shape": [0, 8, 8]}',
        '{"shape": ' + "[" * 100_000,
        '{"shape": ["a", null]}',
        '{"shape": [2, 8, 9], "axes": "ZYX"}',
        OME.format('SizeZ="1000000000" SizeC="1000000000" SizeT="9"', ""),
        OME.format(SIZES, '<TiffData IFD="0" PlaneCount="999999999999"/>' * 20_000),
        OME.format(SIZES, '<TiffData IFD="0" FirstZ="77777777777" PlaneCount="2"/>'),
        OME.format(SIZES, '<TiffData IFD="99" PlaneCount="2"/>'),
        OME.format(SIZES, '<TiffData IFD="-1" PlaneCount="-2"/>'),
        OME.format('SizeZ="0" SizeC="0" SizeT="0"', ""),
        OME.replace("XYZCT", "XXXXX").format(SIZES, ""),
        "<OME>" + "<a>" * 100_000 + "</OME>",
        "<OME></OME>",
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><OME>&b;</OME>',
    ],
)
def test_descriptions_that_state_nonsense_are_passed_over(text):
    start = time.process_time()
    file = described(text)
    assert TIFF.count(file) == 2
    page = TIFF.decode(file, 1, Request())
    assert page.samples.shape == (8, 8, 1)
    assert TIFF.count(BytesIO(TIFF.encode([page]))) == 1
    assert time.process_time() - start < 2


def test_as_many_directories_as_a_file_holds():
    count = MAX_DIRECTORIES + 10
    entry = struct.pack("<HHII", 256, 4, 1, 8)
    tables = (struct.pack("<H", 1) + entry + struct.pack("<I", 8 + 18 * (i + 1)) for i in range(count))
    file = BytesIO(b"II*\0" + struct.pack("<I", 8) + b"".join(tables))
    start = time.process_time()
    with pytest.raises(ValueError, match="too many pages"):
        TIFF.count(file)
    assert time.process_time() - start < 5
