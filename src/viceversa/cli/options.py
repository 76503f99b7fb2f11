"""Types of options that several commands share."""

from ..api import Device, Precision, Whole

__all__ = ["Device", "Precision", "Whole"]
