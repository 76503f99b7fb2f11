"""Complete configurations by name, and the two dataclasses that every method shares."""

from collections.abc import Callable
from dataclasses import replace

from ..errors import UsageError, did_you_mean
from ..methods.classifier import ClassifierConfig
from ..methods.cyclegan import CycleGANConfig
from ..methods.gan import GANConfig
from ..methods.pix2pix import Pix2PixConfig
from ..methods.segmenter import SegmenterConfig
from ..methods.wgan import WGANConfig
from .config import DataConfig, RunConfig, TrainConfig


def cyclegan(size: int = 256) -> RunConfig:
    """The reference as its authors train it: 100 epochs, then 100 while the rates fall (Zhu et al. 2017).

    Resize to 286 px whatever the aspect, crop 256 px, flip; LSGAN; batch 1; 9 blocks, or 6 below 256 px.
    """
    return RunConfig(
        preset="cyclegan",
        method=CycleGANConfig(blocks=9 if size >= 256 else 6),
        data=DataConfig(size=size, fit="squash"),
        train=TrainConfig(epochs=200, decay_every="epoch", precision="fp32"),
    )


def quickstart(size: int = 64) -> RunConfig:
    """A translator in minutes on a laptop, for 64 to 128 px; chosen by experiment (docs/log.md)."""
    return RunConfig(
        preset="quickstart",
        method=QUICKSTART,
        data=DataConfig(size=size, zoom=1.12),
        train=TrainConfig(batch=4),
    )


QUICKSTART = CycleGANConfig(
    generator="painting",
    width=16,
    blocks=4,
    upsampling="bilinear",
    d_width=24,
    d_layers=2,
    lambda_cyc=5.0,
    lambda_idt=0.0,
    lr_g=1e-3,
    lr_d=1e-3,
    ema=0.99,
)


def details(size: int = 64) -> RunConfig:
    """`quickstart` for domains that differ in small things, such as a mouth; winner of two bake-offs at equal time.

    The cycle loss is taken at half the side; the discriminators have a larger receptive field, an image-level term and
    a warm-up. Where only tones change this costs half a decibel, in runs of minutes up to two (docs/log.md).
    """
    method = replace(
        QUICKSTART,
        cycle_downsampling=2,
        lambda_cyc=3.5,
        d_width=16,
        d_layers=3,
        d_warmup_steps=100,
        image_logit_weight=0.5,
    )
    return replace(quickstart(size), preset="details", method=method)


def perceptron(size: int = 28) -> RunConfig:
    """One dense layer, taught by Rosenblatt's rule: steps of one picture, nothing to tune (Rosenblatt 1958)."""
    return RunConfig(
        preset="perceptron",
        method=ClassifierConfig(network="mlp", depth=0, loss="perceptron", optimizer="sgd", lr=0.01),
        data=plain(size),
        train=TrainConfig(epochs=10, batch=1, precision="fp32"),
    )


def mlp(size: int = 28) -> RunConfig:
    """One hidden layer of 128 neurons."""
    return RunConfig(
        preset="mlp",
        method=ClassifierConfig(network="mlp"),
        data=plain(size),
        train=TrainConfig(epochs=30, batch=32, precision="fp32"),
    )


def cnn(size: int = 28) -> RunConfig:
    """Three convolutions with batch norm and pooling, one dense layer; about 99 % on the handwritten digits."""
    return RunConfig(
        preset="cnn",
        method=ClassifierConfig(network="cnn", conv_widths="32,64,64", norm=True, dropout=0.3, lr=3e-3),
        data=plain(size),
        train=TrainConfig(epochs=20, batch=64, precision="fp32"),
    )


def plain(size: int) -> DataConfig:
    """Pictures as they are: no crop, no flip."""
    return DataConfig(size=size, load=size, flip=False)


def dcgan(size: int = 28) -> RunConfig:
    """DCGAN (Radford et al. 2016) with small networks and faster rates: as many steps as fit into the time."""
    return RunConfig(
        preset="dcgan",
        method=GANConfig(channels=1, width=32, depth=4, d_width=32, lr_g=1e-3, lr_d=5e-4, ema=0.995),
        data=plain(size),
        train=TrainConfig(batch=64),
    )


def wgan(size: int = 28) -> RunConfig:
    """WGAN with clipped weights (Arjovsky et al. 2017), its rate ten times theirs."""
    return RunConfig(
        preset="wgan",
        method=WGANConfig(
            channels=1,
            width=32,
            depth=4,
            d_width=32,
            critic_turns=3,
            lipschitz="clipping",
            optimizer="rmsprop",
            lr_g=5e-4,
            lr_d=5e-4,
            ema=0.995,
        ),
        data=plain(size),
        train=TrainConfig(batch=192),
    )


def wgan_gp(size: int = 28) -> RunConfig:
    """WGAN with gradient penalty (Gulrajani et al. 2017): fewer turns of the critic, faster rates than theirs."""
    return RunConfig(
        preset="wgan-gp",
        method=WGANConfig(channels=1, width=32, depth=4, d_width=32, critic_turns=2, lr_g=1e-3, lr_d=1e-3, ema=0.995),
        data=plain(size),
        train=TrainConfig(batch=128),
    )


def pix2pix(size: int = 256) -> RunConfig:
    """pix2pix as its authors train it: 100 epochs, then 100 while the rates fall (Isola et al. 2017, code)."""
    return RunConfig(
        preset="pix2pix",
        method=Pix2PixConfig(),
        data=DataConfig(size=size, fit="squash"),
        train=TrainConfig(epochs=200, decay_every="epoch", precision="fp32"),
    )


def pix2pix_quick(size: int = 64) -> RunConfig:
    """pix2pix in minutes on a laptop: the networks of `quickstart`, so that only the pairs differ (docs/log.md)."""
    quick = quickstart(size)
    shared = ("generator", "width", "blocks", "upsampling", "d_width", "d_layers", "lr_g", "lr_d", "ema")
    method = Pix2PixConfig(dropout=0.0, **{name: getattr(QUICKSTART, name) for name in shared})
    return replace(quick, preset="pix2pix-quick", method=method)


def fcn(size: int = 64) -> RunConfig:
    """Names every pixel, learnt from pairs of pictures and label pictures; chosen by experiment (docs/log.md)."""
    return RunConfig(
        preset="fcn",
        method=SegmenterConfig(),
        data=DataConfig(size=size),
        train=TrainConfig(epochs=16, batch=8),
    )


PRESETS: dict[str, Callable[..., RunConfig]] = {
    "perceptron": perceptron,
    "mlp": mlp,
    "cnn": cnn,
    "fcn": fcn,
    "dcgan": dcgan,
    "wgan": wgan,
    "wgan-gp": wgan_gp,
    "pix2pix": pix2pix,
    "pix2pix-quick": pix2pix_quick,
    "cyclegan": cyclegan,
    "quickstart": quickstart,
    "details": details,
}


RENAMED = {"best": "details"}  # presets of earlier versions


def preset(name: str, size: int | None = None) -> RunConfig:
    """The named preset, at `size` pixels or its own."""
    name = RENAMED.get(name, name)
    if name not in PRESETS:
        near = did_you_mean(name, PRESETS)
        raise UsageError(f"--preset: '{name}' is unknown; choose one of {', '.join(PRESETS)}.{near}")
    try:
        return PRESETS[name]() if size is None else PRESETS[name](size)
    except ValueError as e:
        raise UsageError(f"--size: {e}") from None
