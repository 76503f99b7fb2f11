"""From the fields and nuclei of a block to structures per pixel, and from these to stains and light."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..lattice import BLOCK, HALO, STEP, Lattice, texture, texture_of
from ..scenes.noise import Floats
from . import nuclei as cells
from .layout import Fields, Slide, band, depth_in_tissue
from .stains import Stain, optical_density, transmitted
from .tubules import Tissue, tissue_of

LABELS = ("glass", "stroma", "epithelium", "lumen", "membrane", "fat", "nucleus")
GLASS, STROMA, EPITHELIUM, LUMEN, MEMBRANE, FAT, NUCLEUS = range(7)
NOISE = 1.3  # levels, of the scanner; none on glass
EDGE = 24  # pixels beyond the smooth edge of the tissue that its texture may reach

# concentration of (first, second) stain where the density of a structure is 1
STAINING = {
    "he": {
        "chromatin": (0.68, 0.10),
        "cytoplasm": (0.055, 0.16),
        "granules": (0.02, 0.24),
        "muscle": (0.03, 0.21),
        "collagen": (0.05, 0.145),
        "membrane": (0.04, 0.13),
        "brush": (0.04, 0.09),
        "blood": (0.0, 0.58),
        "cast": (0.02, 0.30),
        "mesangium": (0.09, 0.13),
    },
    "pas": {
        "chromatin": (0.46, 0.06),
        "cytoplasm": (0.10, 0.08),
        "granules": (0.01, 0.02),
        "muscle": (0.07, 0.05),
        "collagen": (0.06, 0.10),
        "membrane": (0.12, 0.50),
        "brush": (0.04, 0.24),
        "blood": (0.08, 0.07),
        "cast": (0.05, 0.42),
        "mesangium": (0.08, 0.36),
    },
}


@dataclass(frozen=True)
class Structures:
    """What is in a block: densities (BLOCK, BLOCK), most of them from 0 to about 1."""

    tissue: Floats  # share of each pixel that tissue covers
    densities: dict[str, Floats]  # by the names in STAINING
    nuclei: Floats  # share of each pixel that a nucleus covers
    lumen: Floats
    wall: Floats  # share of epithelium, muscle and what is inside of them
    fat: Floats
    fold: Floats  # 0 to 1
    ink: Floats  # 0 to 1


def fields_of(slide: Slide, block: Lattice) -> tuple[Fields, Fields, Fields]:
    """Pixels inside of tissue, of folds and of ink; on the lattice."""
    inside = depth_in_tissue(slide, block)
    nothing = np.full(inside.shape, -1e9)
    fold = np.max([nothing, *(band(line, block) for line in slide.folds)], axis=0)
    ink = np.max([nothing, *(band(line, block) for line in slide.pens)], axis=0)
    return inside, np.where(inside > -EDGE, fold, -1e9), ink


def reaches(field: Fields, margin: float) -> bool:
    """Whether a field of the lattice exceeds -margin anywhere in the block."""
    inner = slice(HALO // STEP, HALO // STEP + BLOCK // STEP + 1)
    return bool(field[inner, inner].max() > -margin)


def structures(slide: Slide, block: Lattice) -> tuple[Structures | None, Fields]:
    """The structures of a block, None where it holds glass alone, and the ink on the lattice."""
    inside, fold, ink = fields_of(slide, block)
    if not reaches(inside, EDGE):
        return None, ink
    tissue = tissue_of(slide, block, inside, fold, ink)
    return _structures(slide, block, tissue), ink


def _structures(slide: Slide, block: Lattice, tissue: Tissue) -> Structures:
    fine, mid, wide = (texture_of(block, 11 + i, sigma) for i, sigma in enumerate((0.9, 2.2, 6.0)))
    own = {key: block.enlarge(field) for key, field in tissue.attributes.items() if key != "gap"}
    nuclei, chromatin = cells.draw(cells.nuclei_of(slide, block, tissue), block, slide.seed)
    covered = _ramp(block.enlarge(tissue.inside) + 4 * wide + 2 * mid, 0.4)

    depth = block.enlarge(tissue.depth) + 1.1 * wide + 0.4 * mid
    wall = _ramp(depth, 0.55)
    into_lumen = depth - own["wall"] - (1.3 + 1.4 * own["brush"]) * wide - (0.8 + own["brush"]) * mid
    lumen = _ramp(into_lumen, 0.5)
    solid = np.maximum(wall - lumen, 0)
    grain = 0.9 + 0.16 * fine + 0.12 * mid
    cracks = texture_of(block, 14, 3.3)
    apical = own["brush"] * _ramp(depth - 0.5 * own["wall"], 0.12)
    solid *= 1 - 0.85 * apical * np.clip(1.15 - 5.5 * np.abs(cracks), 0, 1)

    density = {
        "chromatin": chromatin,
        "cytoplasm": solid * np.minimum(own["cytoplasm"], 0.8) * grain,
        "granules": solid * np.maximum(own["cytoplasm"] - 0.7, 0) * (grain + 0.12 * fine),
        "muscle": solid * own["muscle"] * (0.9 + 0.2 * mid),
        "collagen": (1 - wall) * _fibres(depth, mid, wide, block.enlarge(tissue.fibrosis)),
        "membrane": own["membrane"] * np.clip(1.25 + 0.22 * wide - 0.72 * np.abs(depth - 0.4), 0, 1),
        "brush": own["brush"] * np.clip(1.1 - 0.3 * np.abs(into_lumen + 2.2), 0, 1) * (0.8 + 0.25 * fine),
        "blood": own["blood"] * lumen * np.clip(0.75 + 1.1 * mid, 0, 1.2),
        "cast": own["cast"] * _ramp(into_lumen - 1.5, 0.6) * (1 + 0.05 * mid),
    }
    density["mesangium"] = np.zeros_like(chromatin)
    if reaches(tissue.tuft, 8):
        _add_tuft(density, lumen, block.enlarge(tissue.tuft), mid, wide)
    free = 1 - 0.75 * nuclei
    for key in ("cytoplasm", "granules", "muscle", "collagen", "brush", "mesangium"):
        density[key] *= free
    return Structures(
        tissue=covered,
        densities=density,
        nuclei=nuclei * covered,
        lumen=lumen,
        wall=wall,
        fat=lumen * (own["wall"] < 1.2),
        fold=_ramp(block.enlarge(tissue.fold) + 1.5 * wide, 0.3),
        ink=_ramp(block.enlarge(tissue.ink), 0.3),
    )


def _ramp(distance: Floats, steepness: float) -> Floats:
    """0 outside to 1 inside of an edge, from a signed distance in pixels."""
    share: Floats = np.clip(0.5 + np.float32(steepness) * distance, 0, 1)
    return share


def _fibres(depth: Floats, mid: Floats, wide: Floats, fibrosis: Floats) -> Floats:
    """Collagen: wavy fibres along the tubules, looser where there is more of it."""
    strand = texture(5, 1.6)[0]
    at = np.abs(depth * 1.5 + 9 * wide + 2.0 * mid + 300).astype(np.intp) & (len(strand) - 1)
    lines = strand[at]
    density: Floats = np.clip(
        0.80 + 0.26 * lines + 0.2 * mid - 0.22 * np.maximum(wide - 0.2, 0) - fibrosis * (0.1 - 0.15 * lines), 0.04, 1.5
    )
    return density


def _add_tuft(density: dict[str, Floats], lumen: Floats, tuft: Floats, mid: Floats, wide: Floats) -> None:
    """The tuft of a glomerulus: loops of capillaries with mesangium between them, in Bowman's space."""
    within = _ramp(tuft + 2.5 * wide, 0.5)
    loops = np.clip(1.2 - 1.5 * np.abs(wide + 0.35 * mid - 0.25), 0, 1)
    open_loops = np.clip(2.2 * (wide - 0.75), 0, 1)  # capillaries, a few with blood
    within = within * np.clip(2.6 + 1.7 * wide, 0, 1)  # clefts between the lobes
    density["mesangium"] += within * (0.22 + 0.8 * loops) * (1 - 0.6 * open_loops)
    density["cytoplasm"] += within * (0.34 - 0.3 * open_loops)
    density["blood"] += within * open_loops * np.clip(mid - 0.5, 0, 0.9)
    lumen *= 1 - within


def paint_stain(slide: Slide, block: Lattice, name: str, stain: Stain, *, noise: bool) -> NDArray[np.uint8] | None:
    """RGB of a block in a stain, (BLOCK, BLOCK, 3); None where it shows glass alone."""
    drawn, ink_field = structures(slide, block)
    ink = _ramp(block.enlarge(ink_field), 0.3) if reaches(ink_field, 4) else None
    if drawn is None and ink is None:
        return None

    shape = (BLOCK, BLOCK)
    if drawn is None:
        densities = tuple(np.zeros(shape, np.float32) for _ in range(3))
    else:
        densities = optical_density(concentrations(drawn, name), stain)
    if ink is not None:
        for density, dye in zip(densities, slide.ink, strict=True):
            density += ink * np.float32(dye)
    red, green, blue = densities
    grain = None
    if noise and drawn is not None:
        grain = NOISE * drawn.tissue * texture_of(block, 3, 0.45)
    return transmitted((red, green, blue), stain.glass, grain)


def concentrations(drawn: Structures, name: str) -> tuple[Floats, Floats]:
    """Concentrations (BLOCK, BLOCK) of the two stains of `name` in a block."""
    first, second = np.zeros((2, BLOCK, BLOCK), np.float32)
    for key, (a, b) in STAINING[name].items():
        first += np.float32(a) * drawn.densities[key]
        second += np.float32(b) * drawn.densities[key]
    thick = drawn.tissue * (1 + 0.85 * drawn.fold)
    first *= thick
    second *= thick
    return first, second


def labels_of(drawn: Structures | None) -> NDArray[np.uint8]:
    """The label map of a block."""
    labels = np.full((BLOCK, BLOCK), GLASS, np.uint8)
    if drawn is None:
        return labels
    tissue = drawn.tissue > 0.5
    labels[tissue] = STROMA
    for share, label in ((drawn.wall, EPITHELIUM), (drawn.lumen, LUMEN), (drawn.fat, FAT)):
        labels[tissue & (share > 0.5)] = label
    labels[tissue & (drawn.densities["membrane"] > 0.5)] = MEMBRANE
    labels[drawn.nuclei > 0.5] = NUCLEUS
    return labels
