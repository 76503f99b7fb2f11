"""How well D tells, whatever the loss: a number that every adversarial game can be compared by."""

import torch
from torch import Tensor

from .. import distributed


@torch.no_grad()
def auc(real: Tensor, fake: Tensor) -> Tensor:
    """P(D(x) > D(G(z))), ties counted half: 0.5 when D is blind, 1 when it is never wrong (Mann and Whitney 1947).

    Logits (N, ...) and (M, ...), averaged over the patches of each picture; the pictures of all ranks count.
    """
    r, f = (distributed.all_gather(x.float().flatten(1).mean(1)) for x in (real, fake))
    f = f.sort().values
    below, upto = torch.searchsorted(f, r), torch.searchsorted(f, r, right=True)  # for each real one: N log M, not N M
    return (below + upto).float().mean() / (2 * len(f))
