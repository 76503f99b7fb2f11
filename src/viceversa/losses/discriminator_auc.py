"""The AUC of a discriminator: how well it tells real from fake, comparable between adversarial losses."""

import torch
from torch import Tensor

from .. import distributed


@torch.no_grad()
def auc(real: Tensor, fake: Tensor) -> Tensor:
    """P(D(x) > D(G(z))), ties counted half (Mann and Whitney 1947): 0.5 at chance, 1 without any error; a scalar.

    Logits (N, ...) and (M, ...) are averaged over the patches of each image; the images of all ranks count.
    """
    r, f = (distributed.all_gather(x.float().flatten(1).mean(1)) for x in (real, fake))

    f = f.sort().values  # O(N log M) instead of O(N M)
    below = torch.searchsorted(f, r)
    below_or_equal = torch.searchsorted(f, r, right=True)
    return (below + below_or_equal).float().mean() / (2 * len(f))
