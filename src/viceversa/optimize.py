"""Players (networks with an optimiser), their turns, and the learning-rate schedule."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn

from . import distributed

AUTOCAST = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}  # number format of the convolutions


def linear_decay(nimg: int, total_nimg: int, decay_from_nimg: int, every_nimg: int = 1) -> float:
    """Factor on the learning rate after `nimg` images: 1 until `decay_from_nimg`, then linear; it stays above 0.

    The factor changes every `every_nimg` images. With an epoch there and 100 + 100 epochs it is the rule of the
    authors' code for CycleGAN, 1 - max(0, e - 100) / 101 in epoch e counted from 1.
    """
    now = (nimg // every_nimg + 1) * every_nimg
    return max(0.0, 1 - max(0, now - decay_from_nimg) / (max(0, total_nimg - decay_from_nimg) + every_nimg))


def make_optimizer(
    kind: str, parameters: list[nn.Parameter], lr: float, betas: tuple[float, float]
) -> torch.optim.Optimizer:
    """The optimiser `kind`: adam, sgd, momentum (SGD with momentum `betas[0]`) or rmsprop (without momentum).

    On a GPU the learning rate of Adam is a tensor on the device, so that a captured CUDA graph follows its changes.
    ValueError for another kind.
    """
    on_gpu = parameters[0].is_cuda
    match kind:
        case "adam":
            rate = torch.tensor(lr, device=parameters[0].device) if on_gpu else lr
            return torch.optim.Adam(parameters, rate, betas, fused=True, capturable=on_gpu)
        case "sgd" | "momentum":
            return torch.optim.SGD(parameters, lr, betas[0] if kind == "momentum" else 0.0, fused=True)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, lr)
    raise ValueError(f"optimizer '{kind}' is unknown; choose adam, sgd, momentum or rmsprop")


class Player:
    """Networks that one optimiser trains; their parameters require gradients only during the player's turn."""

    def __init__(
        self,
        nets: Iterable[nn.Module],
        lr: float = 2e-4,
        betas: tuple[float, float] = (0.5, 0.999),  # Zhu et al. 2017, sec. 4 and the authors' code
        precision: str = "fp32",  # or "bf16", "fp16": convolutions in 16 bits, weights and losses in float32
        optimizer: str = "adam",  # or "sgd", "momentum", "rmsprop"
    ) -> None:
        self.parameters = [p for net in nets for p in net.parameters()]
        self.lr, self.dtype = lr, AUTOCAST[precision]
        self.optimizer = make_optimizer(optimizer, self.parameters, lr, betas)
        device = self.parameters[0].device
        self.device = device.type
        self.scale = LossScale(device) if precision == "fp16" else None
        self.nonfinite = torch.zeros((), device=device)  # 1 after a gradient that was not finite, until reset
        self.norm = torch.zeros((), device=device)  # of the gradient in the latest step
        self.measure_ratio = False  # whether a step also updates `ratio`
        self.ratio = torch.zeros((), device=device)  # |update| / |weights| of the latest measured step
        self.freeze()

    def freeze(self, frozen: bool = True) -> None:
        """Exclude these networks from gradients, or with `frozen` False include them again."""
        for p in self.parameters:
            p.requires_grad_(not frozen)

    def set_rate(self, factor: float) -> None:
        """Set the learning rate to `factor` times the player's own."""
        for group in self.optimizer.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(self.lr * factor)
            else:
                group["lr"] = self.lr * factor

    @contextmanager
    def turn(self) -> Iterator["Backward"]:
        """`with player.turn() as backward:` every `backward(loss)` adds gradients; the end of the block steps once."""
        self.freeze(False)
        self.optimizer.zero_grad()
        with torch.autocast(self.device, self.dtype) if self.dtype else nullcontext():
            yield Backward(self)
        self.step()
        self.optimizer.zero_grad()
        self.freeze()

    def step(self) -> None:
        """One step of the optimiser with gradients averaged over ranks; skipped if a gradient is not finite.

        A skipped step changes neither weights nor moments and sets `nonfinite`, on all ranks; with a loss scale it
        halves the scale, and sets `nonfinite` only where there was none left to halve.
        """
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        distributed.average_over_ranks_(gradients)
        if self.scale:
            self.scale.unscale_(gradients)
        norms = torch.stack(torch._foreach_norm(gradients))
        self.norm = norms.norm()

        nonfinite = 1 - norms.sum().isfinite().float()
        failed = nonfinite
        if self.scale:  # an overflow is nothing unusual
            failed = nonfinite * self.scale.at_least
            self.norm = torch.where(failed > 0, self.norm, self.norm.nan_to_num(0, 0, 0))
        self.nonfinite.copy_(torch.maximum(self.nonfinite, failed))
        if isinstance(self.optimizer, torch.optim.RMSprop):  # no fused kernel: gradients of 0 change nothing
            for gradient in gradients:
                gradient.nan_to_num_(0, 0, 0).mul_(1 - nonfinite)
        self.optimizer.found_inf = nonfinite  # type: ignore[attr-defined]  # fused kernels read it on the device

        before = [p.detach().clone() for p in self.parameters] if self.measure_ratio else []
        self.optimizer.step()
        if self.scale:
            self.scale.update(nonfinite)
        if before:
            self.ratio = self._relative_change(before)

    @torch.no_grad()
    def _relative_change(self, before: list[Tensor]) -> Tensor:
        """|weights - before| / |before|, a scalar; `before` is overwritten."""
        length = torch.stack(torch._foreach_norm(before)).norm()
        torch._foreach_sub_(before, list[Tensor](self.parameters))
        ratio: Tensor = torch.stack(torch._foreach_norm(before)).norm() / length
        return ratio


class LossScale:
    """Dynamic loss scaling for float16, whose small gradients would become 0 (Micikevicius et al. 2018, sec. 3.2).

    The factor halves after a gradient that is not finite, and doubles after GROWTH_STEPS that were. It stays on the
    device, so that a step can be captured as a CUDA graph.
    """

    GROWTH_STEPS = 2000

    def __init__(self, device: torch.device) -> None:
        self.factor = torch.full((), 2.0**16, device=device)
        self.finite_steps = torch.zeros((), dtype=torch.int32, device=device)  # since the last change

    @property
    def at_least(self) -> Tensor:
        """1 where the factor cannot be halved any more, else 0."""
        return (self.factor <= 1).float()

    def unscale_(self, gradients: list[Tensor]) -> None:
        """Divide the gradients of a scaled loss by the factor, in place."""
        torch._foreach_mul_(gradients, 1 / self.factor)

    def update(self, nonfinite: Tensor) -> None:
        """Adapt the factor after a step; `nonfinite` is 1 if a gradient was not finite."""
        torch._amp_update_scale_(self.factor, self.finite_steps, nonfinite, 2.0, 0.5, self.GROWTH_STEPS)
        self.factor.clamp_(min=1)


class Backward:
    """Called with a loss, it adds the loss's gradients to those of the turn and frees the graph."""

    def __init__(self, player: Player) -> None:
        self.player = player

    def __call__(self, loss: Tensor) -> None:
        scale = self.player.scale
        with torch.autocast(self.player.device, enabled=False):
            torch.autograd.backward(loss * scale.factor if scale else loss)
