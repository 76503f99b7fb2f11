"""Train the embedded feature extractor of `viceversa evaluate` on the drawn worlds.

    python benchmarks/extractor.py [--pictures 600] [--steps 1500] [--seed 0]

It learns three tasks: which world and side an image is from (or that it is a label image), which share of it each label
covers, and how strongly it has been corrupted in each of six ways. The first two make features of content and style;
the third makes them sensitive to typical errors of generators. Only the features are kept, in
src/viceversa/evaluation/worlds-1.safetensors, with a description in worlds-1.json. Its scenes have seeds that
`viceversa data make` reaches only with --seed 900 and 901, so that nobody evaluates on its training scenes.
"""

import argparse
import itertools
import json
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

import viceversa
from viceversa.networks.extractor import DIMENSIONS, SIDE, Extractor
from viceversa.worlds.make import STRIDE
from viceversa.worlds.scenes import WORLDS

OUT = Path(__file__).parents[1] / "src" / "viceversa" / "evaluation"
DRAWN = 72  # pixels of a drawn image, from which crops of 64 are taken
FIRST = 900 * STRIDE  # scene seed
CORRUPTIONS = ("blur", "pixels", "noise", "tint", "pale", "checker")
MOST_LABELS = max(len(world.labels) for world in WORLDS.values())


@dataclass(frozen=True)
class Dataset:
    """Images (N, 3, 72, 72) uint8, label maps (N, 72, 72), and classes (N,): 3 x world + side."""

    images: Tensor
    labels: Tensor
    classes: Tensor


def draw_scene(job: tuple[str, int, int]) -> tuple[list[np.ndarray], list[np.ndarray], list[int]]:
    """Images, label maps and classes of a scene as A, of the next scene as B, and of the label image of the first."""
    name, number, scene = job
    world = WORLDS[name]
    first, labels = world.draw(scene, DRAWN, "A")
    second, others = world.draw(scene + 1, DRAWN, "B")
    return [first, second, world.label_picture(labels)], [labels, others, labels], [3 * number + i for i in range(3)]


def draw_dataset(count: int, first: int) -> Dataset:
    """`count` images of each side of each world, and as many label images."""
    jobs = [(name, i, first + 2 * n) for i, name in enumerate(WORLDS) for n in range(count)]
    with ProcessPoolExecutor() as pool:
        scenes = list(pool.map(draw_scene, jobs, chunksize=8))
    images, labels, classes = (
        np.stack(list(itertools.chain.from_iterable(arrays))) for arrays in zip(*scenes, strict=True)
    )
    return Dataset(
        torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(labels), torch.from_numpy(classes)
    )


def label_shares(labels: Tensor) -> Tensor:
    """Label maps (N, H, W) -> the share of the image that each label covers, (N, MOST_LABELS)."""
    return functional.one_hot(labels.long(), MOST_LABELS).float().mean((1, 2))


def corrupt(x: Tensor, strengths: Tensor) -> Tensor:
    """Apply each of CORRUPTIONS to images (N, 3, H, W) with strengths (N, 6) in [0, 1]; 0 changes nothing."""
    blur, pixels, noise, tint, pale, checker = (strengths[:, i, None, None, None] for i in range(len(CORRUPTIONS)))
    soft = functional.avg_pool2d(functional.pad(x, (4, 4, 4, 4), mode="reflect"), 9, 1)
    mild = functional.avg_pool2d(functional.pad(x, (1, 1, 1, 1), mode="reflect"), 3, 1)
    x = torch.where(blur < 0.5, torch.lerp(x, mild, 2 * blur), torch.lerp(mild, soft, 2 * blur - 1))
    coarse = functional.interpolate(functional.avg_pool2d(x, 4), scale_factor=4.0)
    x = torch.lerp(x, coarse, pixels)
    x = torch.lerp(x, x.mean((1, 2, 3), keepdim=True), 0.8 * pale)
    shift = torch.randn(len(x), 3, 1, 1)
    x = x + 0.5 * tint * functional.normalize(shift, dim=1)
    rows, columns = torch.meshgrid(torch.arange(x.shape[2]), torch.arange(x.shape[3]), indexing="ij")
    x = x + 0.2 * checker * (1 - 2 * ((rows + columns) % 2)).float()
    return (x + 0.4 * noise * torch.randn_like(x)).clamp(-1, 1)


def sample_batch(data: Dataset, size: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Random crops, each corrupted in none, one or a few ways; their classes, label shares and strengths."""
    indices = torch.randint(len(data.classes), (size,))
    top, left = torch.randint(DRAWN - SIDE + 1, (2,)).tolist()
    x = data.images[indices, :, top : top + SIDE, left : left + SIDE].float() / 127.5 - 1
    labels = data.labels[indices, top : top + SIDE, left : left + SIDE]
    if torch.rand(()) < 0.5:
        x, labels = x.flip(3), labels.flip(2)
    strengths = torch.rand(size, len(CORRUPTIONS)) * (torch.rand(size, len(CORRUPTIONS)) < 0.2)
    return corrupt(x, strengths), data.classes[indices], label_shares(labels), strengths


def train(data: Dataset, steps: int) -> tuple[Extractor, nn.ModuleDict]:
    """Train the extractor together with the heads of the three tasks."""
    net = Extractor()
    sizes = {"class": 3 * len(WORLDS), "shares": MOST_LABELS, "strengths": len(CORRUPTIONS)}
    heads = nn.ModuleDict({name: nn.Sequential(nn.ReLU(), nn.Linear(DIMENSIONS, n)) for name, n in sizes.items()})
    optimizer = torch.optim.AdamW([*net.parameters(), *heads.parameters()], 3e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    for step in range(steps):
        x, classes, covered, strengths = sample_batch(data, 64)
        loss, terms = losses(net(x), heads, classes, covered, strengths)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 99:
            print(step + 1, {name: round(value.item(), 3) for name, value in terms.items()}, flush=True)
    return net, heads


def losses(
    features: Tensor, heads: nn.ModuleDict, classes: Tensor, covered: Tensor, strengths: Tensor
) -> tuple[Tensor, dict[str, Tensor]]:
    """The total loss, and its terms."""
    terms = {
        "class": functional.cross_entropy(heads["class"](features), classes),
        "shares": functional.cross_entropy(heads["shares"](features), covered),
        "strengths": functional.mse_loss(heads["strengths"](features), strengths),
    }
    return terms["class"] + terms["shares"] + 10 * terms["strengths"], terms


@torch.no_grad()
def standardise(net: Extractor, data: Dataset) -> None:
    """Set mean and deviation of the features from uncorrupted images."""
    net.eval()
    crops = data.images[:, :, 4:-4, 4:-4]
    features = torch.cat([net(x.float() / 127.5 - 1) for x in crops.split(256)])
    net.mean.copy_(features.mean(0))
    net.deviation.copy_(features.std(0))


@torch.no_grad()
def evaluate(net: Extractor, heads: nn.ModuleDict, data: Dataset) -> dict[str, float]:
    """Accuracy of the three tasks on held-out scenes."""
    net.eval()
    x, classes, covered, strengths = sample_batch(data, 2000)
    features = net(x)
    prediction = heads["strengths"](features)
    explained = 1 - (prediction - strengths).square().mean(0) / strengths.var(0)
    accuracy = (heads["class"](features).argmax(1) == classes).float().mean()
    error = (heads["shares"](features).softmax(1) - covered).abs().sum(1).mean() / 2
    scores = {
        f"strength of {name} explained": value for name, value in zip(CORRUPTIONS, explained.tolist(), strict=True)
    }
    return {"class named rightly": accuracy.item(), "label shares misplaced": error.item(), **scores}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=600, help="scenes of each world")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    start = time.monotonic()
    data = draw_dataset(args.pictures, FIRST)
    print(f"drawn in {time.monotonic() - start:.0f} s", flush=True)
    net, heads = train(data, args.steps)
    # the heads were trained on features that are not standardised: evaluate before standardising
    accuracy = evaluate(net, heads, draw_dataset(60, FIRST + STRIDE))
    standardise(net, data)
    weights = save(
        {name: tensor.contiguous() for name, tensor in net.state_dict().items() if "num_batches" not in name}
    )
    OUT.mkdir(exist_ok=True)
    (OUT / "worlds-1.safetensors").write_bytes(weights)
    description = {
        "name": "worlds-1",
        "sha256": sha256(weights).hexdigest(),
        "parameters": sum(p.numel() for p in net.parameters()),
        "trained_on": list(WORLDS),
        "scenes_of_each": args.pictures,
        "steps": args.steps,
        "seed": args.seed,
        "knows": accuracy,
        "viceversa": viceversa.__version__,
        "torch": torch.__version__,
        "date": time.strftime("%F"),
    }
    (OUT / "worlds-1.json").write_text(json.dumps(description, indent=1) + "\n")
    print(json.dumps(description, indent=1))


if __name__ == "__main__":
    main()
