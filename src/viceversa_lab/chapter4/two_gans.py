"""How does one learn to translate without pairs? The report's drawings (Figures 4.2 and 4.3), and its losses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from viceversa import images
from viceversa.methods import make
from viceversa.runs.presets import preset
from viceversa.worlds.scenes import WORLDS

from ..experiment import Experiment, Found
from ..parts import Figure, Finding, Formula, Part, Text
from ..work import Work
from .drawings import one_way, sets
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
PRESETS = {"cyclegan": 256, "quickstart": 64}  # name to side of a picture


@dataclass(frozen=True)
class Settings:
    """Scenes of the orchard with these seeds; the first three are pairs, the others stand alone."""

    scenes: tuple[int, ...] = (3, 5, 6, 8, 1, 4)
    size: int = 152


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """The scenes on both sides, and how many weights the four networks of two presets have."""
    for i, scene in enumerate(s.scenes):
        for side in ("A", "B"):
            pixels, _ = WORLDS["orchard"].draw(scene, s.size, side)
            work.picture(f"{side}-{i}", images.from_uint8(pixels).transpose(2, 0, 1))
    weights = {}
    for name, size in PRESETS.items():
        config = preset(name, size).method
        nets = make(config, size=size, classes=0).nets
        weights[name] = {key: sum(p.numel() for p in net.parameters()) for key, net in nets.items()}
    return {"weights": weights}


def head_to_tail(a: Sequence[Images], b: Sequence[Images]) -> Figure:
    """Both ways through the four networks."""
    first, second = WORLDS["orchard"].domains
    return Figure(
        [
            one_way(("a", "G", "F", "$D_B$", "b"), (a[0], b[0], a[0]), b[4]),
            one_way(("b", "F", "G", "$D_A$", "a"), (b[1], a[1], b[1]), a[5]),
        ],
        "The same four networks in both directions, with translations as they ought to be. Blue: generators. Red: "
        "what a discriminator sees. Green: the cycle.",
        alt="a goes through G and F and must come back; D B judges G of a beside a real b; and the same from b",
        titles=(f"from {first}", f"from {second}"),
    )


def write(found: Found) -> list[Part]:
    """Paired and unpaired, two GANs head to tail, their losses."""
    a, b = ([found.picture(f"{side}-{i}") for i in range(6)] for side in "AB")
    names = WORLDS["orchard"].domains
    total = {name: sum(nets.values()) for name, nets in found["weights"].items()}
    paper = found["weights"]["cyclegan"]
    return [
        Text(
            "With pairs, every picture of A comes with its true translation, and a network can be told the answer. "
            "Without, there are only two sets: one knows what apples look like and what oranges look like, but of no "
            "apple the orange that it should become."
        ),
        Figure(
            [sets(a[:3], b[:3], names, linked=True), sets(a[:3], b[3:], names, linked=False)],
            "The two tasks. Left, each pair shows one scene twice. Right, no two pictures show the same scene.",
            alt="Left: three apple scenes joined to the same scenes with oranges. Right: two sets that do not match",
            titles=("paired", "unpaired"),
        ),
        Text(
            "CycleGAN puts two GANs head to tail. $G$ makes oranges of apples, and $D_B$ compares them with real "
            "oranges; $F$ makes apples of oranges, and $D_A$ compares. That alone lets $G$ answer with any orange. So "
            "both are chained: after there and back, the picture must be the one it was."
        ),
        head_to_tail(a, b),
        Text("Each discriminator raises its sum, and the generator that it judges lowers it:"),
        *(Formula(latex) for latex in GAN),
        Text(
            "The report’s draft writes $D_A(G(b))$ in the second line, and lets generator and discriminator both "
            "minimise; $F(b)$ is judged there, and discriminators maximise. The cycle is measured pixel by pixel:"
        ),
        Formula(CYCLE),
        Text("[One weight](#lambda) joins the two demands:"),
        Formula(TOTAL),
        Finding(
            f"The paper’s four networks for 256 px have {sum(paper.values()):,} weights: {paper['G']:,} in each "
            f"generator, {paper['D_A']:,} in each discriminator. Those of `quickstart`, which learns in minutes on "
            f"a processor, have {total['quickstart']:,}."
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
