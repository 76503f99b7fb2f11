"""What does a small kernel see in a photograph? The report left this picture out ("insérer image")."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viceversa import images
from viceversa.worlds.scenes import WORLDS

from ..by_hand.convolution import KERNELS, convolve, correlate
from ..experiment import Experiment, Found
from ..parts import Figure, Finding, Formula, Part, Text
from ..work import Work

SIGNED = ("sobel x", "sobel y", "laplace")  # answers around zero, shown as grey
SHOWN = ("box blur", "gaussian", "sharpen", "sobel x", "sobel y", "laplace", "emboss")


@dataclass(frozen=True)
class Settings:
    """An orchard scene of this seed and size in pixels."""

    seed: int = 3
    size: int = 256


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Every kernel on the photograph, and how far convolution and correlation lie apart."""
    pixels, _ = WORLDS["orchard"].draw(s.seed, s.size, "A")
    colour = images.from_uint8(pixels).transpose(2, 0, 1)
    grey = images.to_channels(colour, 1)[0]
    work.picture("photograph", colour)
    apart = {}
    for name in SHOWN:
        answer = correlate(grey, KERNELS[name])
        work.picture(name.replace(" ", "-"), visible(answer, name in SIGNED)[None])
        apart[name] = np.abs(answer - convolve(grey, KERNELS[name])).max()
    return {"difference": apart}


def visible(answer: NDArray[np.float64], signed: bool) -> NDArray[np.float32]:
    """A map of answers in [-1, 1]; signed ones stretched so that their largest half percent saturates."""
    reach = np.quantile(np.abs(answer), 0.995) if signed else 1.0
    return np.clip(answer / reach, -1, 1).astype(np.float32)


def write(found: Found) -> list[Part]:
    """Photograph and answers side by side."""
    names = [name.replace(" ", "-") for name in SHOWN]
    same = [name for name in SHOWN if found["difference"][name] < 1e-9]
    return [
        Text(
            "A kernel $K$ is a small picture of what one looks for. It is laid on every place of the image $I$, its "
            "numbers are multiplied with the pixels below and added up. The answer is large where both agree."
        ),
        Formula(r"(K * I)_{x,y} = \sum_{i} \sum_{j} K_{i,j} \, I_{x-i,\,y-j}"),
        Text(
            "This is the convolution of mathematics, which turns the kernel by half a turn. Libraries leave the turn "
            "out and compute the cross-correlation, with $I_{x+i,\\,y+j}$, under the same name. So does @1."
        ),
        Figure(
            [found.picture("photograph"), *(found.picture(name) for name in names)],
            "A scene of the embedded orchard, and what seven kernels answer on its luminance. For Sobel and Laplace "
            "grey is zero, white positive, black negative.",
            alt="A drawn still life of apples and seven filtered versions: blurred, sharpened, edges, outlines, relief",
            titles=["photograph", *SHOWN],
        ),
        Finding(
            f"Half a turn leaves {', '.join(same)} as they are: both definitions give the same picture. "
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
