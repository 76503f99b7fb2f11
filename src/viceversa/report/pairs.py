"""Before and after: test pictures at their own size, each under its translation with a slider between."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import images
from ..data.preparation import blend_on_white
from ..errors import DataError
from ..evaluation.translations import TranslatedImage
from ..translation.translator import Translator
from .encode import fit_into, scaled
from .markup import Html, html, image_tag, join

PAIRS = 4  # of each direction
LARGEST = 1600  # pixels of a longer side; larger pictures are reduced before they are translated

Pixels = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A picture and its translation, of one size."""

    name: str
    before: Pixels
    after: Pixels


def at_own_size(
    shown: Sequence[TranslatedImage], translator: Translator, target: str, channels: Sequence[int] = ()
) -> tuple[Pair, ...]:
    """The first PAIRS pictures of a direction translated at their own size, not as the crops of training.

    `channels` are those to draw, from 1; without them the first three.
    """
    pairs = (pair_of(image, translator, target) for image in shown[:PAIRS])
    return tuple(
        Pair(
            name=pair.name,
            before=images.to_display(pair.before, channels),
            after=images.to_display(pair.after, channels),
        )
        for pair in pairs
    )


def pair_of(image: TranslatedImage, translator: Translator, target: str) -> Pair:
    """One picture at its own size; as it was scored, where the file cannot be read again."""
    name = Path(images.file_of(image.path)[0]).name
    try:
        source = translator.source_values(target)
        pixels = blend_on_white(images.read(image.path, values=source))
    except DataError:
        return Pair(name=name, before=image.input, after=image.output)

    longer = max(pixels.shape[1:])
    if longer > LARGEST:
        pixels = scaled(pixels, LARGEST / longer)
    picture = images.Picture(pixels=np.ascontiguousarray(pixels, np.float32))
    return Pair(name=name, before=pixels, after=translator.picture(picture, target).pixels)


def draw_pairs(directions: Sequence[tuple[str, str, Sequence[Pair]]], limit: int) -> list[Html]:
    """A grid of sliders for each direction (source, target, pairs), all pictures together in `limit` characters."""
    pictures = [pixels for _, _, pairs in directions for pair in pairs for pixels in (pair.before, pair.after)]
    encoded = iter(fit_into(pictures, limit))
    grids = []
    for source, target, pairs in directions:
        figures = []
        for pair in pairs:
            before, after = next(encoded), next(encoded)
            figures.append(
                slider(pair.name, image_tag(before, f"{pair.name}: {source}"), image_tag(after, f"as {target}"))
            )
        small = all(max(pair.before.shape[1:]) <= 256 for pair in pairs)
        kind = "small" if small else "wide"
        grids.append(html('<div class="pairs {kind}">{figures}</div>', kind=kind, figures=join(figures)))
    return grids


def slider(name: str, before: Html, after: Html) -> Html:
    """Both pictures in one place; the range input over them moves the border between them."""
    label = f"{name}: share of the input that is shown, percent"
    return html(
        '<figure class="pair"><div class="stage">{before}{after}'
        '<input type="range" min="0" max="100" value="50" aria-label="{label}">'
        '<span class="tag" aria-hidden="true">input</span><span class="tag" aria-hidden="true">translation</span></div>'
        '<figcaption><span>{name}</span><button type="button" class="zoom">Full size</button></figcaption></figure>',
        name=name,
        label=label,
        before=before,
        after=after,
    )
