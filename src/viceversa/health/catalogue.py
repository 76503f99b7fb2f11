"""Remedies: what each changes in a configuration, what it costs, its paper, and its measured effect."""

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from importlib.resources import files
from typing import Any

from .. import settings
from ..errors import UsageError

Changes = dict[str, Any]
POINTS = "ring of 8"  # the training of benchmarks/remedies.py that is no image
EFFECTS = {  # the unit of a measured effect in words: {0} the effect, {1} the same in per cent
    "modes within 0.25": "of 8 kinds of samples {0:.1f} more were generated",
    "steadiness": "samples changed {1:.0f} % less from check to check",
    "fairness": "D took {1:.0f} % more of the new real images for real",
    "coverage": "samples came near {1:.0f} % more of the real images",
    "finished": "{1:.0f} % more of the trainings reached their end",
    "traced": "{1:.0f} % more of the translations could be traced to their input",
    "way": "texture came {1:.0f} % of the way from input to target further",
    "luminance": "light and dark kept their places: their correlation rose by {0:.2f}",
    "smoothness": "the pattern of single pixels was halved {0:.1f} times",
}


@dataclass(frozen=True)
class Remedy:
    """A change of configuration. With `restart` it alters the networks, so that the run starts again from step 0."""

    title: str
    change: Callable[[Any], Changes]  # of a method's configuration: its fields and their new values
    cost: str
    paper: str
    restart: bool = False


def set_fields(**values: Any) -> Callable[[Any], Changes]:
    """Set fields to these values."""
    return lambda method: values


def multiply(**factors: float) -> Callable[[Any], Changes]:
    """Multiply fields by these factors."""
    return lambda method: {
        name: float(f"{getattr(method, name) * factor:.6g}")
        for name, factor in factors.items()
        if hasattr(method, name)
    }


def lighten_cycle(method: Any) -> Changes:
    """A cycle weight of 2 where it is higher, and no identity loss."""
    weight = getattr(method, "lambda_cyc", 0.0)
    return {"lambda_cyc": 2.0, "lambda_idt": 0.0} if weight > 2 else {}


def narrow_discriminator(method: Any) -> Changes:
    """Halve the channels of the discriminator."""
    return {"d_width": max(4, method.d_width // 2)} if hasattr(method, "d_width") else {}


def add_batch_norm(method: Any) -> Changes:
    """Batch norm in the discriminator of a GAN without gradient penalties."""
    penalised = getattr(method, "r1", 1.0) or getattr(method, "r2", 1.0)  # a method without these has no such D
    return {} if penalised else {"d_norm": "batch"}


REMEDIES: dict[str, Remedy] = {
    "proven-rates": Remedy(
        "rates and momentum that are known to work",
        lambda m: dict(m.proven_rates),
        "none",
        "docs/health.md; Zhu et al. 2017",
    ),
    "halve-rates": Remedy("both rates halved", multiply(lr_g=0.5, lr_d=0.5), "slower", "–"),
    "lower-d-rate": Remedy("rate of D / 4", multiply(lr_d=0.25), "none", "the opposite of Heusel et al. 2017"),
    "raise-g-rate": Remedy("rate of G x 4", multiply(lr_g=4.0), "none", "the opposite of Heusel et al. 2017"),
    "lower-g-rate": Remedy("rate of G / 4", multiply(lr_g=0.25), "slower", "Heusel et al. 2017 (TTUR)"),
    "raise-d-rate": Remedy("rate of D x 4", multiply(lr_d=4.0), "none", "Heusel et al. 2017 (TTUR)"),
    "balance-rates": Remedy(
        "one rate for both players: the geometric mean",
        lambda m: {"lr_g": _mean_rate(m), "lr_d": _mean_rate(m)} if hasattr(m, "lr_d") else {},
        "none",
        "Radford et al. 2016",
    ),
    "less-momentum": Remedy("Adam's beta1 0.5", set_fields(beta1=0.5), "none", "Radford et al. 2016"),
    "more-g-turns": Remedy("two turns of G", set_fields(g_turns=2), "x 1.4 per step", "Lin et al. 2018, code"),
    "more-d-turns": Remedy(
        "two turns of D", set_fields(d_turns=2), "halves D's batch", "Goodfellow et al. 2014, Algorithm 1"
    ),
    "smaller-d": Remedy(
        "half the width of D", narrow_discriminator, "fewer modes", "Metz et al. 2017, D at half size", True
    ),
    "smoothing": Remedy(
        "one-sided label smoothing 0.1", set_fields(smoothing=0.1), "none", "Salimans et al. 2016, sec. 3.4"
    ),
    "instance-noise": Remedy(
        "noise of deviation 0.3 on the inputs of D",
        set_fields(noise=0.3),
        "softer edges while it lasts",
        "Sønderby et al. 2017; Arjovsky and Bottou 2017",
    ),
    "augment": Remedy(
        "DiffAugment: shift and cutout", set_fields(augment="shift,cutout"), "x 1.05", "Zhao et al. 2020"
    ),
    "packing": Remedy("D scores pairs of samples", set_fields(packing=2), "none", "Lin et al. 2018 (PacGAN)", True),
    "minibatch": Remedy(
        "minibatch discrimination, 32 kernels",
        set_fields(minibatch=32),
        "x 1.05",
        "Salimans et al. 2016, sec. 3.2",
        True,
    ),
    "similarity": Remedy(
        "penalty on similar samples", set_fields(similarity=1.0), "none", "after Mao et al. 2019 (MSGAN)"
    ),
    "r1r2": Remedy(
        "zero-centred penalties R1 + R2, no batch norm in D",
        set_fields(r1=1.0, r2=1.0, d_norm="none"),
        "x 1.8",
        "Mescheder et al. 2018",
        True,
    ),
    "relativistic": Remedy(
        "relativistic pairs with R1 + R2, no batch norm in D",
        set_fields(loss="relativistic", smoothing=0.0, r1=1.0, r2=1.0, d_norm="none"),
        "x 2",
        "Jolicoeur-Martineau 2019; Huang et al. 2024 (R3GAN)",
        True,
    ),
    "norm": Remedy("batch norm in D", add_batch_norm, "little", "Radford et al. 2016", True),
    "spectral": Remedy("spectral norm in D", set_fields(d_norm="spectral"), "x 1.1", "Miyato et al. 2018", True),
    "pool": Remedy("replay buffer: 50 past samples for D", set_fields(pool=50), "none", "Shrivastava et al. 2017"),
    "ema": Remedy("averaged generator", set_fields(ema=0.995), "none", "Karras et al. 2018"),
    "more-noise-inputs": Remedy(
        "100 numbers of noise", set_fields(latent=100), "none", "Radford et al. 2016, sec. 4", True
    ),
    "lighter-cycle": Remedy("lambda_cyc 2, no identity loss", lighten_cycle, "looser content", "the authors' advice"),
    "cycle": Remedy("lambda_cyc 10", set_fields(lambda_cyc=10.0), "none", "Zhu et al. 2017, sec. 4"),
    "identity": Remedy("lambda_idt 5", set_fields(lambda_idt=5.0), "x 1.3", "Zhu et al. 2017, sec. 5.2"),
    "painting": Remedy(
        "a generator that adds a change to its input", set_fields(generator="painting"), "none", "docs/log.md", True
    ),
    "resize-convolution": Remedy(
        "bilinear upsampling", set_fields(upsampling="bilinear"), "x 1.1", "Odena et al. 2016", True
    ),
    "cycle-noise": Remedy(
        "noise on translations before the cycle", set_fields(cycle_noise=0.05), "softer cycle", "Bashkirova et al. 2019"
    ),
    "wasserstein": Remedy("preset wgan-gp instead", set_fields(), "x 2", "Gulrajani et al. 2017", True),
}

# What helped in measurement (docs/health.md), best first: on images before points in a plane. Not what harmed or did
# nothing. A symptom without a measured remedy has an empty row.
CURES: dict[str, tuple[str, ...]] = {
    "non-finite": ("proven-rates",),
    "d-wins": ("proven-rates", "spectral", "relativistic", "r1r2", "packing", "lower-d-rate", "instance-noise"),
    "g-wins": ("balance-rates", "proven-rates"),
    "collapse": (
        "norm",
        "less-momentum",
        "proven-rates",
        "minibatch",
        "relativistic",
        "similarity",
        "packing",
        "r1r2",
    ),
    "partial-collapse": ("instance-noise", "relativistic", "r1r2", "more-noise-inputs"),
    "oscillation": ("r1r2", "proven-rates", "relativistic", "less-momentum", "ema"),
    "memorising": ("augment", "pool"),
    "input-ignored": ("painting",),
    "nothing-translated": ("lighter-cycle",),
    "inversion": ("painting",),
    "checkerboard": ("resize-convolution", "painting"),
    "hidden-information": (),
    "good-cycle-bad-output": ("lighter-cycle",),
    "no-nearer-to-target": (),  # more steps, a larger size, another preset: the sentence of the symptom says so
}
TRANSLATION_CURES = CURES | {  # what the GANs' rows hold was measured on GANs
    "d-wins": ("lighter-cycle",),  # the trainings in which it helped had this alarm too
    "g-wins": ("balance-rates",),
}


def cures(symptom: str, translates: bool) -> tuple[str, ...]:
    """The remedies of a symptom, in the order in which they are tried."""
    return (TRANSLATION_CURES if translates else CURES)[symptom]


def _mean_rate(method: Any) -> float:
    return float(f"{(method.lr_g * method.lr_d) ** 0.5:.6g}")


def changes(remedy: str, method: Any) -> Changes:
    """Changes of a remedy for this configuration: {"method.lr_d": 5e-5}; empty where the method does not take them."""
    own = {f.name for f in fields(method)}
    wanted = REMEDIES[remedy].change(method)
    core = next(iter(wanted), None)
    if core not in own:  # a method without the first field of a remedy cannot use it
        return {}
    new = {name: value for name, value in wanted.items() if name in own and getattr(method, name) != value}
    return {f"method.{name}": value for name, value in new.items()} if accepts(method, new) else {}


def accepts(method: Any, values: Changes) -> bool:
    """True if the method can be configured with these values: `relativistic` is no loss of CycleGAN."""
    try:
        settings.changed(method, values)
    except UsageError:
        return False
    return True


def measured() -> dict[str, list[dict[str, Any]]]:
    """Effects of remedies as benchmarks/remedies.py measured them: {remedy: [{symptom, n, effect, low, high, ...}]}."""
    path = files(__package__) / "measured.json"
    effects: dict[str, list[dict[str, Any]]] = json.loads(path.read_text()) if path.is_file() else {}
    return effects


def decisive(remedy: str, symptom: str) -> dict[str, Any] | None:
    """The measured effect of a remedy on a symptom; of several the one on images, not on points in a plane."""
    effects = [effect for effect in measured().get(remedy, []) if effect["symptom"] == symptom]
    return min(effects, key=lambda effect: effect["world"] == POINTS, default=None)


def effect_in_words(effect: dict[str, Any]) -> str:
    """A measured effect as a sentence for people who do not read intervals."""
    change = EFFECTS[effect["unit"]].format(effect["effect"], abs(100 * effect["effect"]))
    where = "points in a plane" if effect["world"] == POINTS else f"'{effect['world']}'"
    return f"{change} ({effect['n']} failing trainings, {where})"
