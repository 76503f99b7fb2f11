"""Asking people: which of two pictures is real, or which of two translations they prefer."""

from .make import make
from .results import results

__all__ = ["make", "results"]
