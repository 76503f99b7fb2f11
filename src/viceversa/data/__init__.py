"""Worlds drawn by code, folders of pictures, and the order in which training sees them."""

from ..worlds.make import make
from .check import check

__all__ = ["check", "make"]
