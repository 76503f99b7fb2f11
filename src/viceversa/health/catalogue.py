"""Remedies: what each changes in a configuration, what it costs, who proposed it, and what it did here."""

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from importlib.resources import files
from typing import Any

Changes = dict[str, Any]


@dataclass(frozen=True)
class Remedy:
    """A change of configuration. `restart`: it alters the networks, so that a run must begin anew with it."""

    title: str
    change: Callable[[Any], Changes]  # of a method's configuration: its fields and their new values
    cost: str
    paper: str
    restart: bool = False


def put(**values: Any) -> Callable[[Any], Changes]:
    """Set fields to these values."""
    return lambda method: values


def times(**factors: float) -> Callable[[Any], Changes]:
    """Multiply fields by these factors."""
    return lambda method: {
        name: float(f"{getattr(method, name) * factor:.6g}")
        for name, factor in factors.items()
        if hasattr(method, name)
    }


def narrower(method: Any) -> Changes:
    """Half the channels of D."""
    return {"d_width": max(4, method.d_width // 2)} if hasattr(method, "d_width") else {}


def normalised(method: Any) -> Changes:
    """Batch norm in a D of noise-to-image that has neither a norm nor a penalty."""
    penalised = getattr(method, "r1", 1.0) or getattr(method, "r2", 1.0)  # a method without these has no such D
    return {} if penalised else {"d_norm": "batch"}


REMEDIES: dict[str, Remedy] = {
    "proven-rates": Remedy(
        "rates and momentum that are known to work", lambda m: dict(m.proven_rates), "none",
        "docs/health.md; Zhu et al. 2017",
    ),
    "halve-rates": Remedy("both rates halved", times(lr_g=0.5, lr_d=0.5), "slower", "–"),
    "lower-d-rate": Remedy("rate of D / 4", times(lr_d=0.25), "none", "the other way round than Heusel et al. 2017"),
    "raise-g-rate": Remedy("rate of G x 4", times(lr_g=4.0), "none", "Heusel et al. 2017, turned round"),
    "lower-g-rate": Remedy("rate of G / 4", times(lr_g=0.25), "slower", "Heusel et al. 2017 (TTUR)"),
    "raise-d-rate": Remedy("rate of D x 4", times(lr_d=4.0), "none", "Heusel et al. 2017 (TTUR)"),
    "balance-rates": Remedy(
        "one rate for both, the geometric mean",
        lambda m: {"lr_g": _mean_rate(m), "lr_d": _mean_rate(m)} if hasattr(m, "lr_d") else {},
        "none", "Radford et al. 2016",
    ),
    "less-momentum": Remedy("Adam's beta1 0.5", put(beta1=0.5), "none", "Radford et al. 2016"),
    "more-g-turns": Remedy("two turns of G", put(g_turns=2), "x 1.4 per step", "Lin et al. 2018, code"),
    "more-d-turns": Remedy("two turns of D", put(d_turns=2), "halves D's batch", "Goodfellow et al. 2014, Algorithm 1"),
    "smaller-d": Remedy("half the width of D", narrower, "fewer modes", "Metz et al. 2017, D at half size", True),
    "smoothing": Remedy("one-sided label smoothing 0.1", put(smoothing=0.1), "none", "Salimans et al. 2016, sec. 3.4"),
    "instance-noise": Remedy(
        "noise of deviation 0.3 on what D sees", put(noise=0.3), "softer edges while it lasts",
        "Sønderby et al. 2017; Arjovsky and Bottou 2017",
    ),
    "augment": Remedy("DiffAugment: shift and cutout", put(augment="shift,cutout"), "x 1.05", "Zhao et al. 2020"),
    "packing": Remedy("D judges pairs", put(packing=2), "none", "Lin et al. 2018 (PacGAN)", True),
    "minibatch": Remedy(
        "minibatch discrimination, 32 kernels", put(minibatch=32), "x 1.05", "Salimans et al. 2016, sec. 3.2", True,
    ),
    "similarity": Remedy("penalty on alike samples", put(similarity=1.0), "none", "after Mao et al. 2019 (MSGAN)"),
    "r1r2": Remedy(
        "zero-centred penalties R1 + R2, no batch norm in D", put(r1=1.0, r2=1.0, d_norm="none"), "x 1.8",
        "Mescheder et al. 2018", True,
    ),
    "relativistic": Remedy(
        "relativistic pairs with R1 + R2, no batch norm in D",
        put(loss="relativistic", smoothing=0.0, r1=1.0, r2=1.0, d_norm="none"), "x 2",
        "Jolicoeur-Martineau 2019; Huang et al. 2024 (R3GAN)", True,
    ),
    "norm": Remedy("batch norm in D", normalised, "little", "Radford et al. 2016", True),
    "spectral": Remedy("spectral norm in D", put(d_norm="spectral"), "x 1.1", "Miyato et al. 2018", True),
    "pool": Remedy("50 past samples shown to D", put(pool=50), "none", "Shrivastava et al. 2017"),
    "ema": Remedy("averaged generator", put(ema=0.995), "none", "Karras et al. 2018"),
    "more-noise-inputs": Remedy("100 numbers of noise", put(latent=100), "none", "Radford et al. 2016, sec. 4", True),
    "lighter-cycle": Remedy(
        "lambda_cyc 2, no identity loss", put(lambda_cyc=2.0, lambda_idt=0.0), "looser content", "the authors' advice",
    ),
    "cycle": Remedy("lambda_cyc 10", put(lambda_cyc=10.0), "none", "Zhu et al. 2017, sec. 4"),
    "identity": Remedy("lambda_idt 5", put(lambda_idt=5.0), "x 1.3", "Zhu et al. 2017, sec. 5.2"),
    "painting": Remedy("the generator paints on its input", put(generator="painting"), "none", "docs/log.md", True),
    "resize-convolution": Remedy("bilinear upsampling", put(upsampling="bilinear"), "x 1.1", "Odena et al. 2016", True),
    "cycle-noise": Remedy("noise before the way back", put(cycle_noise=0.05), "softer cycle", "Bashkirova et al. 2019"),
    "wasserstein": Remedy("preset wgan-gp instead", put(), "x 2", "Gulrajani et al. 2017", True),
}  # fmt: skip

CURES: dict[str, tuple[str, ...]] = {  # in the order in which they are tried
    "non-finite": ("halve-rates", "spectral"),
    "d-wins": (
        "proven-rates", "lower-d-rate", "balance-rates", "raise-g-rate", "smaller-d", "relativistic", "more-g-turns",
        "smoothing", "instance-noise",
    ),
    "g-wins": ("balance-rates", "proven-rates", "raise-d-rate", "more-d-turns", "lower-g-rate"),
    "collapse": (
        "norm", "less-momentum", "balance-rates", "relativistic", "packing", "minibatch", "proven-rates", "wasserstein",
    ),
    "partial-collapse": (
        "norm", "more-noise-inputs", "relativistic", "r1r2", "minibatch", "packing", "similarity", "wasserstein",
    ),
    "oscillation": ("norm", "less-momentum", "halve-rates", "pool", "ema", "relativistic", "proven-rates"),
    "memorising": ("augment", "smaller-d", "instance-noise"),
    "input-ignored": ("painting", "cycle", "lower-g-rate"),
    "nothing-translated": ("lighter-cycle", "lower-d-rate"),
    "inversion": ("painting", "identity"),
    "checkerboard": ("resize-convolution", "painting"),
    "hidden-information": ("cycle-noise", "lighter-cycle"),
    "good-cycle-bad-output": ("lighter-cycle", "lower-d-rate", "instance-noise"),
}  # fmt: skip


def _mean_rate(method: Any) -> float:
    return float(f"{(method.lr_g * method.lr_d) ** 0.5:.6g}")


def changes(remedy: str, method: Any) -> Changes:
    """What a remedy changes in this method's configuration: {"method.lr_d": 5e-5}; nothing where it does not apply."""
    own = {f.name for f in fields(method)}
    wanted = REMEDIES[remedy].change(method)
    odd = {name: value for name, value in wanted.items() if name in own and getattr(method, name) != value}
    core = next(iter(wanted), None)  # a remedy whose first field the method has not is not for it
    return {f"method.{name}": value for name, value in odd.items()} if core in own else {}


def measured() -> dict[str, list[dict[str, Any]]]:
    """Effects of remedies as benchmarks/remedies.py measured them: {remedy: [{symptom, n, effect, low, high, ...}]}."""
    path = files(__package__) / "measured.json"
    found: dict[str, list[dict[str, Any]]] = json.loads(path.read_text()) if path.is_file() else {}
    return found
