"""What the page about the quality of a slide costs beside its translation: processor seconds of both.

    python benchmarks/slide_quality.py [--side 4096] [--network painter|resnet]

Draws a slide, translates it with random weights and writes its page, all in one process.
"""

import argparse
import tempfile
import time
from pathlib import Path

import torch

from viceversa.networks.painter import PaintingGenerator
from viceversa.networks.resnet import ResNetGenerator
from viceversa.report.slide_page import write_quality_page
from viceversa.translation.large import open_large
from viceversa.translation.stream import StreamOptions, stream
from viceversa.translation.translator import Translator
from viceversa.worlds.large import LARGE_WORLDS

NETWORKS = {"painter": PaintingGenerator, "resnet": ResNetGenerator}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=4096)
    parser.add_argument("--network", choices=NETWORKS, default="painter")
    options = parser.parse_args()
    torch.manual_seed(0)
    translator = Translator(
        {side: NETWORKS[options.network]() for side in ("A", "B")}, ("he", "pas"), (3, 3), 256, 0, scale="native"
    )
    world = LARGE_WORLDS["slides"]
    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder) / f"a{world.suffix}", Path(folder) / "b.tif"
        world.write(source, world.describe(5, options.side), "he")
        with open_large(source, None, 3) as opened:
            start = time.process_time()
            stream(translator, opened, "B", result, StreamOptions(background="translate"))
            middle = time.process_time()
            figures = write_quality_page(translator, opened, result, "B", result.with_suffix(".html"))
            end = time.process_time()
        size = result.with_suffix(".html").stat().st_size
    print(f"{options.network}, {options.side} px: translation {middle - start:.1f} s, page {end - middle:.1f} s")
    print(f"{(end - middle) / (middle - start):.1%} of the translation, {size / 1e6:.2f} MB, seams {figures.seams}")


if __name__ == "__main__":
    main()
