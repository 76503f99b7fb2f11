"""GAN trainings of seconds, healthy and sick."""

from pathlib import Path

from viceversa.training.train import train

TINY = ["method.width=8", "method.d_width=8", "method.latent=8", "method.depth=0", "train.batch=16", "train.threads=1"]
SICK = ["method.lr_g=5e-6", "method.lr_d=0.2"]  # D wins from the start
COMMON = ["train.log_every=5", "train.probes=12", "train.samples=0", *TINY]


def run(data: Path, out: Path, *more: str, steps: int = 120, **options):
    common = dict(preset="dcgan", size=16, device="cpu", precision="fp32", seed=1, quiet=True)
    return train(data, out=out, steps=steps, set=[*COMMON, *more], **common | options)
