"""Folders of images: finding, checking and loading them."""

from ..worlds.make import make
from .check import check

__all__ = ["check", "make"]
