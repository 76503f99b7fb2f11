"""Statistics of instance norm over training images, kept with the run: the same colours for every image."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from .. import files
from ..errors import DataError
from ..images import Values, file_of
from ..methods import make_generators
from ..methods.protocol import SIDES, Direction, Side
from ..networks.layers import to_device
from ..networks.segments import instance_norms
from ..runs import checkpoint
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from ..tasks import DatasetListing, task_of
from .statistics import Moments, Statistics

CROPS = 64  # training images, cropped and augmented as in training
SIDES_OF_BATCH = {side: i for i, side in enumerate(SIDES)}  # of a batch of two domains


def training_statistics(
    run: Path | str, to: Side, *, step: int | None = None, device: str = "cpu", crops: int = CROPS
) -> Statistics:
    """The statistics of the generator that translates to `to`, over training images of the other domain.

    Of the newest checkpoint, or of `step`. They are computed once and kept in RUN/statistics/step-<N>-<to>.safetensors.
    DataError where they are not there yet and the training images are gone.
    """
    folder = RunFolder(run).require()
    saved = folder.checkpoint(step)
    path = folder.path / "statistics" / f"step-{saved.step}-{to}.safetensors"
    config = folder.config()
    direction = next(d for d in config.method.directions if d.target == to)
    nets = make_generators(config.method, config.data.size)
    net = nets[direction.network]

    kept = read_statistics(path)
    if kept is not None and set(kept) == set(instance_norms(net)):
        return kept
    checkpoint.load_networks(saved.path, {direction.network: net}, averaged=config.method.averaged)
    images = training_crops(folder, config, direction, crops)
    statistics = mean_statistics(to_device(net, device).eval().requires_grad_(False), images, device)
    write_statistics(path, statistics)
    return statistics


@torch.inference_mode()
def mean_statistics(net: nn.Module, images: Sequence[Tensor], device: str = "cpu") -> Statistics:
    """Means over images (1, C, H, W) of the moments that each of them has at each instance norm of `net`.

    Each image is normalised by its own statistics on its way, as in training.
    """
    seen: dict[str, list[Moments]] = {name: [] for name in instance_norms(net)}

    def record(name: str, x: Tensor) -> None:
        variance, mean = torch.var_mean(x.float(), (0, 2, 3), correction=0)
        seen[name].append(Moments(mean.cpu(), variance.cpu()))

    hooks = [
        layer.register_forward_pre_hook(lambda layer, inputs, name=name: record(name, inputs[0]))
        for name, layer in instance_norms(net).items()
    ]
    try:
        for image in images:
            net(image.to(device))
    finally:
        for hook in hooks:
            hook.remove()
    return {name: mean_moments(own) for name, own in seen.items()}


def mean_moments(moments: Sequence[Moments]) -> Moments:
    """The mean of the means and the mean of the variances."""
    means, variances = zip(*moments, strict=True)
    return Moments(torch.stack(means).mean(0), torch.stack(variances).mean(0))


def training_crops(folder: RunFolder, config: RunConfig, direction: Direction, crops: int) -> list[Tensor]:
    """The first crops of a domain that the run was trained on: (1, C, size, size) each."""
    listing = listing_of(folder)
    require_images(folder, listing, direction.source)
    source = task_of(config.method).source(config, listing)
    images: list[Tensor] = []
    for step in count():
        images += source.batch(step)[SIDES_OF_BATCH[direction.source]][:, None]
        if len(images) >= crops:
            return images[:crops]
    raise AssertionError


def listing_of(folder: RunFolder) -> DatasetListing:
    """The dataset of a run, from its data.json."""
    data = folder.data()
    listed = {key: tuple(map(Path, paths)) for key, paths in data["files"].items()}
    values = {side: Values(**own) for side, own in data.get("values", {}).items()}
    listing = DatasetListing(names=tuple(data["names"]), files=listed)
    return replace(listing, values=values)


def require_images(folder: RunFolder, listing: DatasetListing, side: Side) -> None:
    """DataError where training images of either domain are gone, since crops are drawn from both."""
    gone = [
        path for own in (side, *SIDES) for path in listing.split("train", own) if not Path(file_of(path)[0]).exists()
    ]
    if gone:
        raise DataError(
            f"--statistics training needs the training images of {folder.path}, and {gone[0]} is not there; "
            "bring them back, or choose --statistics picture"
        )


def write_statistics(path: Path, statistics: Statistics) -> None:
    """Replace the file of statistics in one step."""
    tensors = {f"{name}.{key}": t for name, own in statistics.items() for key, t in own._asdict().items()}
    files.write_bytes(path, save_tensors(tensors))


def read_statistics(path: Path) -> Statistics | None:
    """The statistics in a file; none where there is none that can be read."""
    try:
        tensors = load_tensors(path.read_bytes())
        names = {key.rpartition(".")[0] for key in tensors}
        return {name: Moments(tensors[f"{name}.mean"], tensors[f"{name}.variance"]) for name in names}
    except (OSError, SafetensorError, KeyError):
        return None
