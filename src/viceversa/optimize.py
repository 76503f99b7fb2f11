"""Players, their turns, and the learning-rate rule."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn

from . import distributed


def linear_decay(nimg: int, total_nimg: int, decay_from_nimg: int, every_nimg: int = 1) -> float:
    """Factor on the learning rate after `nimg` images: 1, then falling linearly towards 0, which it does not reach.

    Changes every `every_nimg` images. With an epoch there and 100 + 100 epochs it is the authors' rule,
    1 - max(0, e - 100) / 101 in epoch e counted from 1.
    """
    now = (nimg // every_nimg + 1) * every_nimg
    return max(0.0, 1 - max(0, now - decay_from_nimg) / (max(0, total_nimg - decay_from_nimg) + every_nimg))


def make_optimizer(
    kind: str, parameters: list[nn.Parameter], lr: float, betas: tuple[float, float]
) -> torch.optim.Optimizer:
    """Adam, plain SGD, SGD with momentum `betas[0]`, or RMSProp, which takes no momentum.

    On a graphics card Adam keeps its rate there too, so that a recorded step finds it changed.
    """
    card = parameters[0].is_cuda
    match kind:
        case "adam":
            rate = torch.tensor(lr, device=parameters[0].device) if card else lr
            return torch.optim.Adam(parameters, rate, betas, fused=True, capturable=card)
        case "sgd" | "momentum":
            return torch.optim.SGD(parameters, lr, betas[0] if kind == "momentum" else 0.0, fused=True)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, lr)
    raise ValueError(f"optimizer '{kind}' is unknown; choose adam, sgd, momentum or rmsprop")


class Player:
    """Some networks and their optimiser. Frozen except in its own turn."""

    def __init__(
        self,
        nets: Iterable[nn.Module],
        lr: float = 2e-4,
        betas: tuple[float, float] = (0.5, 0.999),  # Zhu et al. 2017, sec. 4 and the authors' code
        precision: str = "fp32",  # or "bf16": convolutions in bfloat16, weights and losses in float32
        optimizer: str = "adam",  # or "sgd", "momentum", "rmsprop"
    ) -> None:
        self.parameters = [p for net in nets for p in net.parameters()]
        self.lr, self.bf16 = lr, precision == "bf16"
        self.optimizer = make_optimizer(optimizer, self.parameters, lr, betas)
        device = self.parameters[0].device
        self.device = device.type
        self.nonfinite = torch.zeros((), device=device)  # 1 since an update was not finite and left undone
        self.norm = torch.zeros((), device=device)  # of the gradient of the latest step
        self.measure_ratio = False  # whether a step also measures how far it moves
        self.ratio = torch.zeros((), device=device)  # |update| / |weights| of the latest measured step
        self.freeze()

    def freeze(self, frozen: bool = True) -> None:
        """Let no gradient reach these networks (or let it again)."""
        for p in self.parameters:
            p.requires_grad_(not frozen)

    def set_rate(self, factor: float) -> None:
        """Learn with `factor` times the player's own rate from now on."""
        for group in self.optimizer.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(self.lr * factor)
            else:
                group["lr"] = self.lr * factor

    @contextmanager
    def turn(self) -> Iterator["Update"]:
        """`with player.turn() as update:` - every `update(loss)` differentiates, the end of the turn steps once."""
        self.freeze(False)
        self.optimizer.zero_grad()
        with torch.autocast(self.device, torch.bfloat16) if self.bf16 else nullcontext():
            yield Update(self)
        self.step()
        self.optimizer.zero_grad()
        self.freeze()

    def step(self) -> None:
        """Step, unless a gradient of any rank is not finite: then nothing moves and `refused` says so, on all ranks."""
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        distributed.average_over_ranks_(gradients)
        norms = torch.stack(torch._foreach_norm(gradients))
        self.norm = norms.norm()
        bad = 1 - norms.sum().isfinite().float()
        self.nonfinite.copy_(torch.maximum(self.nonfinite, bad))
        if isinstance(self.optimizer, torch.optim.RMSprop):  # has no fused kernel: a gradient of 0 moves nothing
            for gradient in gradients:
                gradient.nan_to_num_(0, 0, 0).mul_(1 - bad)
        self.optimizer.found_inf = bad  # type: ignore[attr-defined]  # the fused kernels read it on the device
        before = [p.detach().clone() for p in self.parameters] if self.measure_ratio else []
        self.optimizer.step()
        if before:
            self.ratio = self._moved(before)

    @torch.no_grad()
    def _moved(self, before: list[Tensor]) -> Tensor:
        """How far the weights are from `before`, as a share of their own length."""
        length = torch.stack(torch._foreach_norm(before)).norm()
        torch._foreach_sub_(before, list[Tensor](self.parameters))
        share: Tensor = torch.stack(torch._foreach_norm(before)).norm() / length
        return share


class Update:
    """What a turn hands out: call it with a loss; several losses add up, each frees its graph at once."""

    def __init__(self, player: Player) -> None:
        self.player = player

    def __call__(self, loss: Tensor) -> None:
        with torch.autocast(self.player.device, enabled=False):
            torch.autograd.backward(loss)
