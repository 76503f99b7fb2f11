"""Classification losses: logits s (N, K) and labels y (N,) -> scalar, the mean over the batch."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional


def _one_hot(labels: Tensor, logits: Tensor) -> Tensor:
    """(N,) -> (N, K) in the type of the logits."""
    return functional.one_hot(labels, logits.shape[1]).to(logits.dtype)


def _mse(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over N and K of (softmax(s) - one-hot)^2; its gradient vanishes on a confident mistake."""
    return functional.mse_loss(logits.softmax(1), _one_hot(labels, logits))


def _mae(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over N and K of |softmax(s) - one-hot|, which is 2 (1 - p_y) / K."""
    return functional.l1_loss(logits.softmax(1), _one_hot(labels, logits))


def _perceptron(logits: Tensor, labels: Tensor) -> Tensor:
    """max_k s_k - s_y; one SGD step on one sample is Rosenblatt's perceptron rule for K classes."""
    return (logits.max(1).values - logits.gather(1, labels[:, None])[:, 0]).mean()


CLASSIFICATION: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross_entropy": functional.cross_entropy,  # -log softmax(s)_y
    "mse": _mse,
    "mae": _mae,
    "perceptron": _perceptron,
}
