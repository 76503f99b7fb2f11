"""The living report: experiments that measure each rung up to CycleGAN, and the site that shows them."""

from typing import Any

__all__ = ["experiments", "run"]


def __getattr__(name: str) -> Any:
    """`run` and `experiments` on first use: a file of the lab can be imported without all the others."""
    if name not in __all__:
        raise AttributeError(f"module 'viceversa_lab' has no attribute '{name}'")
    from . import engine

    return getattr(engine, name)
