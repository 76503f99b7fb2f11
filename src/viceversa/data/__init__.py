"""Worlds drawn by code, folders of pictures, and the order in which training sees them."""

from .check import check
from .make import make

__all__ = ["check", "make"]
