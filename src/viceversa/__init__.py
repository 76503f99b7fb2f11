"""viceversa: translate between two worlds of images without a single paired example.

Every verb of the command line is a function of the same name here: `train`, `translate`, `evaluate`, `compare`,
`convert`, `demo`, `diagnose`, `runs`, `doctor`, and `bench.run`, `data.make`, `data.check`, `lab.run`, `study.make`,
`study.results`; `load(run)` gives a translator to call on pictures. Nothing heavy is imported before one is used.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import compare, convert, demo, diagnose, doctor, evaluate, runs, train, translate
    from .translation.translator import Translator, load

__version__ = version("viceversa")
__all__ = [
    "Translator", "bench", "compare", "convert", "data", "demo", "diagnose", "doctor", "evaluate", "lab", "load",
    "runs", "study", "train", "translate",
]  # fmt: skip

_HOMES = {
    "Translator": "translation.translator",
    "load": "translation.translator",
    "bench": "bench",
    "data": "data",
    "study": "study",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'viceversa' has no attribute '{name}'")
    if name == "lab":
        return import_module("viceversa_lab")
    home = import_module(f".{_HOMES.get(name, 'api')}", __name__)
    return home if name in ("bench", "data", "study") else getattr(home, name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
