"""Train the embedded feature extractor of `viceversa evaluate` on the project's own worlds.

    python benchmarks/extractor.py [--pictures 600] [--steps 1500] [--seed 0]

From a picture of any world it learns to tell three things: which world and side it is (or that it is a label picture),
which share of it each label covers, and how strongly it has been blurred, pixelated, drowned in noise, tinted, paled or
chequered. The first two make features of content and style, the third keeps them from being blind to what generators
do wrong. Only the features are kept: src/viceversa/evaluation/worlds-1.safetensors, with a card beside it. Its scenes
have seeds that `viceversa data make` reaches with --seed 900 and 901, so that no one is judged on what it learned from.
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
DRAWN = 72  # pixels; crops of 64 are taken from it
FIRST = 900 * STRIDE  # scene seed
KINDS = ("blur", "pixels", "noise", "tint", "pale", "checker")
MOST_LABELS = max(len(world.labels) for world in WORLDS.values())


@dataclass(frozen=True)
class Drawn:
    """Pictures (N, 3, 72, 72) uint8, label maps (N, 72, 72), and the class of each: 3 x world + side."""

    pictures: Tensor
    labels: Tensor
    classes: Tensor


def draw(job: tuple[str, int, int]) -> tuple[list[np.ndarray], list[np.ndarray], list[int]]:
    """One scene of a world as A, as B (of the next scene) and as label picture."""
    name, number, scene = job
    world = WORLDS[name]
    first, labels = world.draw(scene, DRAWN, "A")
    second, others = world.draw(scene + 1, DRAWN, "B")
    return [first, second, world.label_picture(labels)], [labels, others, labels], [3 * number + i for i in range(3)]


def drawn(count: int, first: int) -> Drawn:
    """`count` pictures of each side of each world, and as many label pictures."""
    jobs = [(name, i, first + 2 * n) for i, name in enumerate(WORLDS) for n in range(count)]
    with ProcessPoolExecutor() as pool:
        found = list(pool.map(draw, jobs, chunksize=8))
    pictures, labels, classes = (
        np.stack(list(itertools.chain.from_iterable(part))) for part in zip(*found, strict=True)
    )
    return Drawn(
        torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(labels), torch.from_numpy(classes)
    )


def shares(labels: Tensor) -> Tensor:
    """(N, H, W) label maps -> (N, MOST_LABELS) shares of the picture."""
    return functional.one_hot(labels.long(), MOST_LABELS).float().mean((1, 2))


def spoil(x: Tensor, strengths: Tensor) -> Tensor:
    """Pictures (N, 3, H, W) with each of KINDS applied as strongly as (N, 6) in [0, 1] says; 0 leaves them alone."""
    blur, pixels, noise, tint, pale, checker = (strengths[:, i, None, None, None] for i in range(len(KINDS)))
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


def batch(data: Drawn, size: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Crops, half of them spoilt in one or two ways; their classes, label shares and strengths."""
    chosen = torch.randint(len(data.classes), (size,))
    top, left = torch.randint(DRAWN - SIDE + 1, (2,)).tolist()
    x = data.pictures[chosen, :, top : top + SIDE, left : left + SIDE].float() / 127.5 - 1
    labels = data.labels[chosen, top : top + SIDE, left : left + SIDE]
    if torch.rand(()) < 0.5:
        x, labels = x.flip(3), labels.flip(2)
    strengths = torch.rand(size, len(KINDS)) * (torch.rand(size, len(KINDS)) < 0.2)
    return spoil(x, strengths), data.classes[chosen], shares(labels), strengths


def train(data: Drawn, steps: int) -> tuple[Extractor, nn.ModuleDict]:
    """The extractor and the three heads that taught it."""
    net = Extractor()
    sizes = {"class": 3 * len(WORLDS), "shares": MOST_LABELS, "strengths": len(KINDS)}
    heads = nn.ModuleDict({name: nn.Sequential(nn.ReLU(), nn.Linear(DIMENSIONS, n)) for name, n in sizes.items()})
    optimizer = torch.optim.AdamW([*net.parameters(), *heads.parameters()], 3e-3, weight_decay=1e-2)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    for step in range(steps):
        x, classes, covered, strengths = batch(data, 64)
        loss, told = losses(net(x), heads, classes, covered, strengths)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rates.step()
        if step % 100 == 99:
            print(step + 1, {name: round(value.item(), 3) for name, value in told.items()}, flush=True)
    return net, heads


def losses(
    features: Tensor, heads: nn.ModuleDict, classes: Tensor, covered: Tensor, strengths: Tensor
) -> tuple[Tensor, dict[str, Tensor]]:
    """The sum that is minimised, and its parts."""
    told = {
        "class": functional.cross_entropy(heads["class"](features), classes),
        "shares": functional.cross_entropy(heads["shares"](features), covered),
        "strengths": functional.mse_loss(heads["strengths"](features), strengths),
    }
    return told["class"] + told["shares"] + 10 * told["strengths"], told


@torch.no_grad()
def settle(net: Extractor, data: Drawn) -> None:
    """Set mean and deviation of the features on clean pictures."""
    net.eval()
    inner = data.pictures[:, :, 4:-4, 4:-4]
    features = torch.cat([net(x.float() / 127.5 - 1) for x in inner.split(256)])
    net.mean.copy_(features.mean(0))
    net.deviation.copy_(features.std(0))


@torch.no_grad()
def examine(net: Extractor, heads: nn.ModuleDict, data: Drawn) -> dict[str, float]:
    """What it knows about scenes it has not seen."""
    net.eval()
    x, classes, covered, strengths = batch(data, 2000)
    features = net(x)
    guess = heads["strengths"](features)
    explained = 1 - (guess - strengths).square().mean(0) / strengths.var(0)
    named = (heads["class"](features).argmax(1) == classes).float().mean()
    error = (heads["shares"](features).softmax(1) - covered).abs().sum(1).mean() / 2
    told = {f"strength of {kind} explained": value for kind, value in zip(KINDS, explained.tolist(), strict=True)}
    return {"class named rightly": named.item(), "label shares misplaced": error.item(), **told}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=600, help="scenes of each world")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    begun = time.monotonic()
    data = drawn(args.pictures, FIRST)
    print(f"drawn in {time.monotonic() - begun:.0f} s", flush=True)
    net, heads = train(data, args.steps)
    # the heads were taught before the features had their unit; examine first, settle after
    known = examine(net, heads, drawn(60, FIRST + STRIDE))
    settle(net, data)
    weights = save(
        {name: tensor.contiguous() for name, tensor in net.state_dict().items() if "num_batches" not in name}
    )
    OUT.mkdir(exist_ok=True)
    (OUT / "worlds-1.safetensors").write_bytes(weights)
    card = {
        "name": "worlds-1",
        "sha256": sha256(weights).hexdigest(),
        "parameters": sum(p.numel() for p in net.parameters()),
        "trained_on": list(WORLDS),
        "scenes_of_each": args.pictures,
        "steps": args.steps,
        "seed": args.seed,
        "knows": known,
        "viceversa": viceversa.__version__,
        "torch": torch.__version__,
        "date": time.strftime("%F"),
    }
    (OUT / "worlds-1.json").write_text(json.dumps(card, indent=1) + "\n")
    print(json.dumps(card, indent=1))


if __name__ == "__main__":
    main()
