"""How does one learn to translate without pairs? The report's drawings (Figures 4.2 and 4.3), and its losses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from viceversa import images
from viceversa.methods import make
from viceversa.methods.protocol import SIDES
from viceversa.runs.presets import preset
from viceversa.worlds.scenes import WORLDS

from ..blocks import Block, Figure, Finding, Formula, Text
from ..experiment import Experiment, Results
from ..workspace import Workspace
from .drawings import draw_datasets, draw_direction
from .trained import Images

GAN = (
    r"\mathcal{L}_\text{GAN}(G, D_B) = \mathbb{E}_{b} [\log D_B(b)] + \mathbb{E}_{a} [\log (1 - D_B(G(a)))]",
    r"\mathcal{L}_\text{GAN}(F, D_A) = \mathbb{E}_{a} [\log D_A(a)] + \mathbb{E}_{b} [\log (1 - D_A(F(b)))]",
)
CYCLE = (
    r"\mathcal{L}_\text{cyc}(G, F) = \mathbb{E}_{a} [\lVert F(G(a)) - a \rVert_1] "
    r"+ \mathbb{E}_{b} [\lVert G(F(b)) - b \rVert_1]"
)
TOTAL = (
    r"\min_{G, F} \; \max_{D_A, D_B} \; \mathcal{L}_\text{GAN}(G, D_B) + \mathcal{L}_\text{GAN}(F, D_A) "
    r"+ \lambda \, \mathcal{L}_\text{cyc}(G, F)"
)
PRESETS = {"cyclegan": 256, "quickstart": 64}  # name to side of an image, pixels


@dataclass(frozen=True)
class Settings:
    """Scenes of the orchard with these seeds; the first three are shown as pairs, the others unpaired."""

    scenes: tuple[int, ...] = (3, 5, 6, 8, 1, 4)
    size: int = 152


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """The scenes of both domains, and the number of weights of the four networks in two presets."""
    for i, scene in enumerate(s.scenes):
        for side in SIDES:
            pixels, _ = WORLDS["orchard"].draw(scene, s.size, side)
            work.save_image(f"{side}-{i}", images.from_uint8(pixels).transpose(2, 0, 1))
    weights = {}
    for name, size in PRESETS.items():
        config = preset(name, size).method
        nets = make(config, size=size, classes=0).nets
        weights[name] = {key: sum(p.numel() for p in net.parameters()) for key, net in nets.items()}
    return {"weights": weights}


def directions(a: Sequence[Images], b: Sequence[Images]) -> Figure:
    """Both directions through the four networks."""
    first, second = WORLDS["orchard"].domains
    return Figure(
        [
            draw_direction(("a", "G", "F", "$D_B$", "b"), (a[0], b[0], a[0]), b[4]),
            draw_direction(("b", "F", "G", "$D_A$", "a"), (b[1], a[1], b[1]), a[5]),
        ],
        "The same four networks in both directions, with ideal translations. Blue: generators. Red: what a "
        "discriminator sees. Green: the cycle.",
        alt="a goes through G and F and must come back; D B sees G of a and a real b; and the same from b",
        titles=(f"from {first}", f"from {second}"),
    )


def write(results: Results) -> list[Block]:
    """Paired and unpaired data, two GANs head to tail, their losses."""
    a, b = ([results.image(f"{side}-{i}") for i in range(6)] for side in SIDES)
    names = WORLDS["orchard"].domains
    paper, quickstart = results["weights"]["cyclegan"], results["weights"]["quickstart"]
    return [
        Text(
            "With pairs, every image of A comes with its true translation, and a network can be given the answer. "
            "Without, there are only two sets: one knows what apples look like and what oranges look like, but for no "
            "apple the orange that it should become."
        ),
        Figure(
            [draw_datasets(a[:3], b[:3], names, paired=True), draw_datasets(a[:3], b[3:], names, paired=False)],
            "The two tasks. Left, each pair shows one scene twice. Right, no two images show the same scene.",
            alt="Left: three apple scenes joined to the same scenes with oranges. Right: two sets that do not match",
            titles=("paired", "unpaired"),
        ),
        Text(
            "CycleGAN puts two GANs head to tail. $G$ turns apples into oranges, and $D_B$ compares them with real "
            "oranges; $F$ turns oranges into apples, and $D_A$ compares. That alone would let $G$ return any orange. "
            "So both are chained: translated there and back, the image must be what it was."
        ),
        directions(a, b),
        Text("Each discriminator maximises its sum, and the generator whose output it sees minimises it:"),
        *(Formula(latex) for latex in GAN),
        Text(
            "The report’s draft writes $D_A(G(b))$ in the second line, and lets generator and discriminator both "
            "minimise; what $D_A$ sees is $F(b)$, and discriminators maximise. The cycle is measured pixel by pixel:"
        ),
        Formula(CYCLE),
        Text("[One weight](#lambda) joins the two demands:"),
        Formula(TOTAL),
        Finding(
            f"The paper’s four networks for 256 px have {sum(paper.values()):,} weights: {paper['G']:,} in each "
            f"generator, {paper['D_A']:,} in each discriminator. Those of `quickstart`, which learns in minutes on "
            f"a CPU, have {sum(quickstart.values()):,}."
        ),
    ]


EXPERIMENT = Experiment(
    name="two-gans",
    chapter=4,
    title="How does one learn to translate without pairs?",
    full=Settings(),
    quick=Settings(),
    measure=measure,
    write=write,
)
