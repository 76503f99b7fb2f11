"""The convolutional classifier: Conv-Pool-...-Dense (LeCun et al. 1998)."""

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from .layers import at_least_float32, output_size
from .layers import dropout as drop
from .norms import BatchNorm

POOLS: dict[str, Callable[[int], nn.Module]] = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}


class CNN(nn.Module):
    """[Conv-ReLU-Pool] per width, then Dense-ReLU-Dense: (N, channels, size, size) -> (N, classes) logits.

    `CNN(widths=(64, 32), pool="none")` is Conv 64 - Conv 32 - Flatten - Dense 128 - Dense 10.
    ValueError if the map has no pixel left after one of the convolutions.
    """

    def __init__(
        self,
        channels: int = 1,
        classes: int = 10,
        size: int = 28,  # side of the input in pixels
        widths: Sequence[int] = (32, 64),  # channels of each convolution
        kernel: int = 3,
        stride: int = 1,
        padding: str = "same",  # zeros that keep the size at stride 1, or "valid": none
        pool: str = "max",  # 2x2 after each convolution: max, average or none
        dense: int = 128,  # neurons of the hidden dense layer; 0 = no such layer
        dropout: float = 0.0,  # before each dense layer
        norm: bool = False,  # batch norm after each convolution
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        side = size
        before, after = ((kernel - 1) // 2, kernel // 2) if padding == "same" else (0, 0)
        for i, width in enumerate(widths, 1):
            if before != after:
                layers += [nn.ZeroPad2d((before, after, before, after))]
            layers += [nn.Conv2d(channels, width, kernel, stride, padding=before if before == after else 0)]
            if norm:
                layers += [BatchNorm(width)]
            layers += [nn.ReLU()]
            side, channels = output_size(side, kernel, stride, padding), width
            if pool != "none":
                layers += [POOLS[pool](2)]
                side = output_size(side, 2, 2)
            if side < 1:
                raise ValueError(
                    f"a {size} px image has no pixel left after convolution {i} of {len(widths)}: "
                    "fewer widths, a smaller kernel or stride, padding same or pool none keep more"
                )

        layers += [nn.Flatten(), drop(dropout)]
        inputs = channels * side * side
        if dense:
            layers += [nn.Linear(inputs, dense), nn.ReLU(), drop(dropout)]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(dense or inputs, classes)

    def features(self, x: Tensor) -> Tensor:
        """Activations before the last layer: (N, dense), or (N, C * h * w) without a dense layer."""
        out: Tensor = self.body(x)
        return out

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = at_least_float32(self.head(self.features(x)))
        return logits
