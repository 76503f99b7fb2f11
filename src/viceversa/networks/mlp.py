"""The multi-layer perceptron; `viceversa_lab.by_hand.mlp` is the same in NumPy."""

from collections.abc import Callable

from torch import Tensor, nn

from .layers import at_least_float32
from .layers import dropout as drop

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.2),
    "mish": nn.Mish,  # x tanh(log(1 + e^x)), Misra 2019
}

INITIALISATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "normal": lambda w: nn.init.normal_(w, 0.0, 0.05),
    "uniform": lambda w: nn.init.uniform_(w, -(3**0.5) * 0.05, 3**0.5 * 0.05),  # same standard deviation as normal
    "glorot_normal": nn.init.xavier_normal_,  # variance 2 / (fan_in + fan_out), Glorot and Bengio 2010
    "glorot_uniform": nn.init.xavier_uniform_,
    "he_normal": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),  # variance 2 / fan_in, He et al. 2015
    "he_uniform": lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu"),
    "zeros": nn.init.zeros_,  # all hidden neurons of a layer stay equal
}


class MLP(nn.Module):
    """Dense layers with activations between them: (N, inputs) or (N, C, H, W) -> (N, outputs) logits.

    Depth 0 is a single dense layer, the perceptron.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        width: int = 128,  # neurons of each hidden layer
        depth: int = 1,  # hidden layers
        activation: str = "relu",  # a name of ACTIVATIONS
        init: str = "normal",  # a name of INITIALISATIONS; biases start at 0
        dropout: float = 0.0,  # after each hidden layer (Srivastava et al. 2014)
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Flatten()]
        for _ in range(depth):
            layers += [nn.Linear(inputs, width), ACTIVATIONS[activation](), drop(dropout)]
            inputs = width
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(inputs, outputs)
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                INITIALISATIONS[init](layer.weight)
                nn.init.zeros_(layer.bias)

    def features(self, x: Tensor) -> Tensor:
        """Activations before the last layer: (N, width), or the flattened input at depth 0."""
        out: Tensor = self.body(x)
        return out

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = at_least_float32(self.head(self.features(x)))
        return logits
