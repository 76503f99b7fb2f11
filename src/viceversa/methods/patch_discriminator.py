"""What CycleGAN and pix2pix ask of their patch discriminators."""

from ..errors import UsageError


def require_layers(layers: int, size: int) -> None:
    """UsageError for a PatchGAN of too many layers: images of `size` pixels must leave 3 x 3 before its last two."""
    deepest = (size // 3).bit_length() - 1
    if layers > deepest:
        raise UsageError(
            f"method.d_layers is {layers}, too deep for pictures of {size} px; choose at most {deepest}, "
            "or a larger --size"
        )
