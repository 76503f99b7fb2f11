"""Packages that only some commands need: the extra that installs them, and one line where they are missing."""

from importlib import import_module
from importlib.util import find_spec

from .errors import UsageError

EXTRAS = {  # name of an extra in pyproject.toml: the modules of it that are imported
    "eval": ("sklearn",),
    "heif": ("pillow_heif",),
    "lab": ("latex2mathml",),
    "medical": ("nibabel", "pydicom"),
    "serve": ("fastapi", "h11", "starlette", "uvicorn"),
    "slides": ("openslide",),
    "tensorboard": ("tensorboard",),
    "dev": ("hypothesis", "pytest", "skimage", "torchmetrics"),
}


def is_installed(extra: str) -> bool:
    """Whether all modules of an extra are there; they are not imported."""
    return all(find_spec(module) for module in EXTRAS[extra])


def require_extra(extra: str, feature: str) -> None:
    """Raise UsageError, naming the `feature` that needs it, unless all modules of the extra can be imported.

    To be called before any work: before data are read and before anything is measured or written.
    """
    missing = []
    for module in EXTRAS[extra]:
        try:
            import_module(module)
        except ImportError as e:
            missing.append(e.name or module)  # the module itself, or one that it needs
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        raise UsageError(f"{feature} needs an extra ({names} missing): pip install 'viceversa[{extra}]'")
