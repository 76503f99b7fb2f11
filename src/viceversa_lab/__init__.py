"""The living report: experiments from the perceptron up to CycleGAN, measured, and the site that shows them."""

from typing import Any

__all__ = ["experiments", "run"]


def __getattr__(name: str) -> Any:
    """Import `run` and `experiments` on first use, so that a module of the lab can be imported alone."""
    if name not in __all__:
        raise AttributeError(f"module 'viceversa_lab' has no attribute '{name}'")
    from . import engine

    return getattr(engine, name)
