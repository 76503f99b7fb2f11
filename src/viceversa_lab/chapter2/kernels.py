"""What does a small kernel see in a photograph? The report left this figure out ("insérer image")."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viceversa import images
from viceversa.worlds.scenes import WORLDS

from ..blocks import Block, Figure, Finding, Formula, Text
from ..by_hand.convolution import KERNELS, convolve, correlate
from ..experiment import Experiment, Results
from ..workspace import Workspace

NAMES = ("box blur", "gaussian", "sharpen", "sobel x", "sobel y", "laplace", "emboss")
SIGNED = ("sobel x", "sobel y", "laplace")  # outputs around zero, shown as grey


@dataclass(frozen=True)
class Settings:
    """An orchard scene of this seed and size in pixels."""

    seed: int = 3
    size: int = 256


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Every kernel on the photograph, and the greatest difference between convolution and correlation."""
    pixels, _ = WORLDS["orchard"].draw(s.seed, s.size, "A")
    colour = images.from_uint8(pixels).transpose(2, 0, 1)
    grey = images.to_channels(colour, 1)[0]
    work.save_image("photograph", colour)
    differences = {}
    for name in NAMES:
        output = correlate(grey, KERNELS[name])
        work.save_image(name.replace(" ", "-"), visible(output, name in SIGNED)[None])
        differences[name] = np.abs(output - convolve(grey, KERNELS[name])).max()
    return {"difference": differences}


def visible(output: NDArray[np.float64], signed: bool) -> NDArray[np.float32]:
    """An output in [-1, 1]; signed ones are scaled so that the largest 0.5 % saturates."""
    scale = np.quantile(np.abs(output), 0.995) if signed else 1.0
    return np.clip(output / scale, -1, 1).astype(np.float32)


def write(results: Results) -> list[Block]:
    same = [name for name in NAMES if results["difference"][name] < 1e-9]
    return [
        Text(
            "A kernel $K$ is a small image of what one looks for. It is laid on every position of the image $I$, its "
            "numbers are multiplied with the pixels below and added up. The sum is large where both agree."
        ),
        Formula(r"(K * I)_{x,y} = \sum_{i} \sum_{j} K_{i,j} \, I_{x-i,\,y-j}"),
        Text(
            "This is the convolution of mathematics, which rotates the kernel by 180 degrees. Libraries leave the "
            "rotation out and compute the cross-correlation, with $I_{x+i,\\,y+j}$, under the same name. So does @1."
        ),
        Figure(
            [results.image(name.replace(" ", "-")) for name in ("photograph", *NAMES)],
            "A scene of the embedded orchard, and the outputs of seven kernels on its luminance. For Sobel and Laplace "
            "grey is zero, white positive, black negative.",
            alt="A drawn still life of apples and seven filtered versions: blurred, sharpened, edges, outlines, relief",
            titles=["photograph", *NAMES],
        ),
        Finding(
            f"The rotation leaves {', '.join(same)} as they are: both definitions give the same image. "
            "The others change: Sobel’s edges swap black and white, and the relief is lit from the other side."
        ),
    ]


EXPERIMENT = Experiment(
    name="kernels",
    chapter=2,
    title="What does a small kernel see in a photograph?",
    full=Settings(),
    quick=Settings(),
    measure=measure,
    write=write,
)
