"""Every preset, tiny: configurations and batches."""

import torch

from viceversa.runs.presets import preset
from viceversa.settings import changed

SIZE = 16
SMALL = {  # preset: what makes it tiny
    "perceptron": {},
    "mlp": {"width": 8, "dropout": 0.2},
    "cnn": {"conv_widths": "4,4", "width": 8},
    "fcn": {"width": 4, "depth": 1},
    "dcgan": {"width": 4, "d_width": 4, "latent": 5, "d_dropout": 0.2},
    "wgan": {"width": 4, "d_width": 4, "latent": 5, "critic_turns": 2, "lr_g": 1e-3, "lr_d": 1e-3},
    "wgan-gp": {"width": 4, "d_width": 4, "latent": 5, "critic_turns": 2},
    "pix2pix": {"width": 4, "d_width": 4, "d_layers": 1},
    "pix2pix-quick": {"width": 4, "d_width": 4, "d_layers": 1},
    "cyclegan": {"width": 4, "blocks": 1, "d_width": 4, "d_layers": 1, "pool": 3},
    "quickstart": {"width": 4, "blocks": 1, "d_width": 4, "d_layers": 1, "pool": 3},
    "details": {"width": 4, "blocks": 1, "d_width": 4, "d_layers": 1, "pool": 3},
}


def config(name: str):
    small = {f"method.{key}": value for key, value in SMALL[name].items()}
    return changed(preset(name, SIZE), small).method


def batch(name: str, seed: int, count: int = 4) -> list[torch.Tensor]:
    """A batch of the kind that the preset takes."""
    rng = torch.Generator().manual_seed(seed)
    channels = getattr(config(name), "channels", 3)
    x, y = (torch.rand(count, channels, SIZE, SIZE, generator=rng) * 2 - 1 for _ in range(2))
    if name in ("perceptron", "mlp", "cnn"):
        return [x, torch.arange(count) % 3]
    if name == "fcn":
        y = torch.randint(3, (count, SIZE, SIZE), generator=rng)
        return [x, torch.where(y[:, :1] == 0, 255, y)]  # void here and there
    return [x] if "gan" in name and name != "cyclegan" else [x, y]
