"""What a method is to the rest of the package: its configuration says what it does, its object trains.

Everything outside `methods/` and `tasks/` asks `config.task` and loops over `config.directions`; no other place knows
the name of a method.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, cast

from torch import Tensor, nn

from ..optimize import Player

Side = Literal["A", "B"]
SIDES: tuple[Side, Side] = ("A", "B")
OPPOSITE: dict[Side, Side] = {"A": "B", "B": "A"}
Step = Callable[..., dict[str, Tensor]]  # a batch to named losses and metrics


@dataclass(frozen=True)
class Direction:
    """One direction of translation, and the networks that take part in it by their names in `nets`."""

    source: Side
    target: Side
    network: str  # the generator
    discriminator: str | None  # which sees its output
    back: str | None  # the generator that leads back

    @property
    def output(self) -> str:
        """Name of the translations in the dict that `preview` returns: "fake_b"."""
        return f"fake_{self.target.lower()}"

    @property
    def cycle(self) -> str:
        """Name of the inputs translated there and back: "cycle_a"; only where there is a network back."""
        return f"cycle_{self.source.lower()}"

    @property
    def key(self) -> str:
        """Suffix of this direction's signals in health.jsonl: "ab" or "ba"."""
        return (self.source + self.target).lower()

    def domains(self, names: tuple[str, ...]) -> tuple[str, str]:
        """Names of source and target, of the names (A, B)."""
        return names[SIDES.index(self.source)], names[SIDES.index(self.target)]

    def title(self, names: tuple[str, ...]) -> str:
        """ "apples -> oranges"."""
        return " -> ".join(self.domains(names))


@dataclass(frozen=True)
class AdversarialLog:
    """Names and scale of the adversarial losses in the dict that `step` returns."""

    generator: str  # adversarial loss of the generators, summed over the directions
    discriminator: str | None = "D"  # loss of the discriminator where there are no directions; none: it is a critic's
    discriminator_scale: float = 1.0  # 0.5 where the step halves the discriminator's loss


@dataclass(frozen=True)
class LossText:
    """What a report says about one number of metrics.jsonl."""

    title: str
    meaning: str = ""
    equilibrium: float | None = None  # the value to look for, drawn as a dashed line


def auc_name(discriminator: str | None) -> str:
    """The AUC of a discriminator among the losses of a step: "auc" for D, "auc_B" for D_B."""
    suffix = (discriminator or "").partition("_")[2]
    return f"auc_{suffix}" if suffix else "auc"


def cannot_tell(loss: float) -> str:
    """Meaning of a discriminator's loss whose equilibrium is `loss`."""
    return (
        f"{loss:.2g} means it cannot tell real from generated; near 0 it always can, and the generator learns little."
    )


@dataclass(frozen=True, kw_only=True)
class MethodConfig:
    """Base of every method's configuration. A field is one line: type with range, default, comment with unit, source.

    Class variables say what the method does; the methods below answer what the rest of the package asks.
    """

    task: ClassVar[str] = ""  # a key of tasks.TASKS
    directions: ClassVar[tuple[Direction, ...]] = ()  # none where nothing is translated
    adversarial: ClassVar[AdversarialLog | None] = None  # none where there is no discriminator
    proven_rates: ClassVar[Mapping[str, float]] = {}  # learning rates and momentum that are known to work
    RENAMED: ClassVar[dict[str, str]] = {}  # old field names, for configurations of earlier versions

    @property
    def translates(self) -> bool:
        return bool(self.directions)

    @property
    def rates(self) -> dict[str, float]:
        """Learning rates by field name."""
        names = ("lr_g", "lr_d", "lr")
        return {name: float(getattr(self, name)) for name in names if hasattr(self, name)}

    @property
    def averaged(self) -> bool:
        """True if the run keeps averaged generators, which are the ones to use."""
        return float(getattr(self, "ema", 0.0)) > 0

    @property
    def batch_divisor(self) -> int:
        """Equal parts into which a step divides its batch."""
        return 1

    def channels_of(self, side: Side = "A") -> int:
        """Channels of a domain, or of the images where there are no two domains; 3 until the data are read."""
        single = getattr(self, "channels", None)
        return int(single or getattr(self, f"channels_{side.lower()}", None) or 3)

    def open_channels(self) -> dict[str, Side]:
        """Fields for the channels of a domain that the data decide, and their domains."""
        return {
            f"channels_{side.lower()}": side for side in SIDES if getattr(self, f"channels_{side.lower()}", 3) is None
        }

    def explain(self, loss: str, names: tuple[str, ...]) -> LossText | None:
        """Title and meaning of a number that the step reports; none for one that is always 0 and needs no chart."""
        if loss.startswith("auc"):
            domain = {"auc_A": f" for {names[0]}", "auc_B": f" for {names[-1]}"}.get(loss, "")
            meaning = "How often D scores a real image above a generated one. 0.5: it cannot tell; 1: it always can."
            return LossText(f"Discriminator AUC{domain} ({loss})", meaning, 0.5)
        if loss == "rate":
            rates = " and ".join(f"{rate:g}" for rate in self.rates.values())
            word = "rates" if len(self.rates) > 1 else "rate"
            return LossText("Learning rate (rate)", f"Share of the full {word}: {rates}.")
        return LossText(loss)

    def residual_channels(self) -> int | None:
        """Channels of residual blocks whose convolution algorithm is still to be chosen by measuring it; else none."""
        return None

    def check_size(self, size: int, batch: int) -> None:
        """UsageError where images of `size` pixels, or batches of `batch`, are too small for the networks."""


class Method(Protocol):
    """Networks, the players that train them, and one training step.

    `preview(*inputs)` gives, without gradients, what the method makes of fixed inputs for sample sheets and tests.
    """

    nets: nn.ModuleDict  # every network by its name in the paper
    players: dict[str, Player]  # every optimiser with the networks it updates

    @property
    def step(self) -> Step: ...
    @property
    def preview(self) -> Step: ...
    def state_dict(self) -> dict[str, Tensor]: ...
    def load_state_dict(self, state_dict: dict[str, Tensor]) -> Any: ...


class WithWarmup(Method, Protocol):
    """A method whose discriminators train alone during the first steps."""

    d_warmup_steps: int

    def warmup_step(self, *batch: Tensor) -> dict[str, Tensor]: ...


def warmup_of(method: Method) -> tuple[int, Step]:
    """Number of warm-up steps, 0 where a method has none, and the step function for them."""
    if not hasattr(method, "warmup_step"):  # isinstance with a protocol fails for nn.Module on Python 3.12
        return 0, method.step
    warm = cast(WithWarmup, method)
    return warm.d_warmup_steps, warm.warmup_step


def share_setter(method: Method) -> Callable[[float], None]:
    """What tells a method before each step which share of the training is over; nothing where it does not matter."""
    set_share: Callable[[float], None] = getattr(method, "set_share", lambda share: None)
    return set_share
