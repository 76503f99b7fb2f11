"""A history of generated images for the discriminator (Shrivastava et al. 2017)."""

import torch
from torch import Tensor, nn

from .. import distributed


class ImagePool(nn.Module):
    """Returns each new image or, with probability 1/2 once the pool is full, a stored one in exchange for it.

    (N, C, H, W) -> (N, C, H, W), detached. The random choices are tensors on the device, so that nothing is read back
    to the host. Size 0 returns its input. Zhu et al. 2017, sec. 4: 50 images.
    """

    images: Tensor
    count: Tensor

    def __init__(self, size: int = 50) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("images", torch.empty(0))
        self.register_buffer("count", torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        if self.size == 0:
            return x.detach()

        out = distributed.all_gather(x.detach()).clone()  # all ranks have the same pool
        if self.images.numel() == 0:
            self.images = out.new_zeros(self.size, *out.shape[1:])

        for i in range(len(out)):
            full = self.count >= self.size
            swap = full & (torch.rand((), device=x.device) < 0.5)
            drawn = (torch.rand((), device=x.device) * self.size).long()
            index = torch.where(full, drawn, self.count.clamp(max=self.size - 1))

            stored = self.images.index_select(0, index[None])[0]
            kept = torch.where(full & ~swap, stored, out[i])  # in the pool, at `index`
            out[i] = torch.where(swap, stored, out[i])
            self.images.index_copy_(0, index[None], kept[None])
            self.count += 1
        return distributed.shard(out)

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *args: object) -> None:
        """Take the shape of the stored images, which this pool may not have seen yet."""
        self.images = torch.empty_like(state_dict[prefix + "images"], device=self.count.device)
        super()._load_from_state_dict(state_dict, prefix, *args)
