"""A history of translations, so that the discriminator does not forget (Shrivastava et al. 2017)."""

import torch
from torch import Tensor, nn

from .. import distributed


class ImagePool(nn.Module):
    """Gives back the newest image or, half of the time once full, one of the last `size`, which it then replaces.

    (N, C, H, W) -> (N, C, H, W), detached. Lives on the device and never reads a number back: which image to
    swap is chosen by tensors. Size 0 is the identity. Zhu et al. 2017, sec. 4: 50 images.
    """

    images: Tensor
    count: Tensor

    def __init__(self, size: int = 50) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("images", torch.empty(0))
        self.register_buffer("count", torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def forward(self, fresh: Tensor) -> Tensor:
        if self.size == 0:
            return fresh.detach()
        given = distributed.all_gather(fresh.detach()).clone()  # all ranks keep the same pool
        if self.images.numel() == 0:
            self.images = given.new_zeros(self.size, *given.shape[1:])
        for i in range(len(given)):
            full = self.count >= self.size
            swap = full & (torch.rand((), device=fresh.device) < 0.5)
            drawn = (torch.rand((), device=fresh.device) * self.size).long()
            place = torch.where(full, drawn, self.count.clamp(max=self.size - 1))
            stored = self.images.index_select(0, place[None])[0]
            keep = torch.where(full & ~swap, stored, given[i])  # what the place holds afterwards
            given[i] = torch.where(swap, stored, given[i])
            self.images.index_copy_(0, place[None], keep[None])
            self.count += 1
        return distributed.shard(given)

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *args: object) -> None:
        self.images = torch.empty_like(state_dict[prefix + "images"], device=self.count.device)
        super()._load_from_state_dict(state_dict, prefix, *args)
