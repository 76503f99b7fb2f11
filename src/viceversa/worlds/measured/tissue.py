"""Tissues of the body: what magnetic resonance and X-rays measure of each, and shapes filled with them."""

import numpy as np

from ..scenes.noise import Floats
from ..scenes.painting import Canvas, ellipse, mix

LABELS = ("air", "fat", "soft tissue", "brain", "fluid", "bone", "marrow", "lung", "metal")
PALETTE = ("000000", "ffd040", "c03020", "d890c0", "0060ff", "ffffff", "7030a0", "40c0a0", "00ff00")
AIR, FAT, SOFT, BRAIN, FLUID, BONE, MARROW, LUNG, METAL = range(9)
MR, CT = range(2)  # the planes


class Tissue:
    """A material: signal of a T1-weighted MR image (fat is 1), Hounsfield units of CT, and its label."""

    def __init__(self, signal: float, hounsfield: float, label: int) -> None:
        self.values = np.array([signal, hounsfield], np.float32).reshape(2, 1, 1)
        self.label = label

    def towards(self, other: "Tissue", share: float) -> "Tissue":
        """A mixture with the label of this tissue."""
        signal, hounsfield = mix(self.values, other.values, share)[:, 0, 0].tolist()
        return Tissue(signal, hounsfield, self.label)


air = Tissue(0.0, -1000, AIR)
skin = Tissue(0.48, 60, SOFT)
fat = Tissue(1.0, -100, FAT)
muscle = Tissue(0.42, 55, SOFT)
compact_bone = Tissue(0.05, 1500, BONE)
dense_bone = Tissue(0.04, 1800, BONE)
thin_bone = Tissue(0.10, 700, BONE)
spongy_bone = Tissue(0.55, 300, MARROW)
diploe = Tissue(0.42, 550, MARROW)
tooth = Tissue(0.03, 2000, BONE)
metal = Tissue(0.0, 3200, METAL)
mucosa = Tissue(0.36, 40, SOFT)

grey_matter = Tissue(0.47, 38, BRAIN)
white_matter = Tissue(0.66, 28, BRAIN)
cerebrospinal_fluid = Tissue(0.14, 8, FLUID)
vitreous = Tissue(0.17, 12, FLUID)
lens = Tissue(0.34, 70, SOFT)
optic_nerve = Tissue(0.5, 35, SOFT)

liver = Tissue(0.56, 58, SOFT)
spleen = Tissue(0.38, 48, SOFT)
kidney_cortex = Tissue(0.52, 40, SOFT)
kidney_medulla = Tissue(0.38, 30, SOFT)
blood = Tissue(0.12, 45, FLUID)  # flowing blood gives hardly any signal
bowel_wall = Tissue(0.45, 40, SOFT)
bowel_content = Tissue(0.3, 22, SOFT)
urine = Tissue(0.16, 6, FLUID)
disc = Tissue(0.34, 80, SOFT)
lung = Tissue(0.05, -820, LUNG)
heart = Tissue(0.4, 48, SOFT)


def fill(canvas: Canvas, tissue: Tissue, distance: Floats, within: Floats | float = 1.0) -> None:
    """Paint a tissue where a signed distance is negative; `within` limits it to another shape (H, W) in [0, 1]."""
    canvas.paint(tissue.values, canvas.coverage(distance) * np.asarray(within, np.float32), tissue.label)


def stripe(canvas: Canvas, tissue: Tissue, distance: Floats, low: float, high: float) -> None:
    """Paint a tissue where low < distance < high."""
    half = (high - low) / 2
    fill(canvas, tissue, np.abs(distance - (low + half)) - half)


def oval(
    canvas: Canvas, tissue: Tissue, x: float, y: float, rx: float, ry: float, turn: float = 0.0, around: float = 0.0
) -> None:
    """Paint an ellipse, `around` larger than its half axes, in the window that holds it."""
    reach = 1.05 * max(rx, ry) + around + 2 * canvas.sample_size
    part = canvas.around(x, y, reach)
    if part.labels.size:
        fill(part, tissue, ellipse(part, x, y, rx + around, ry + around, turn))
