"""viceversa: translate between two domains of images without a single paired example.

Every verb of the command line is a function of the same name here: `train`, `translate`, `evaluate`, `compare`,
`convert`, `demo`, `diagnose`, `doctor`, `list_runs`, `show_run`, `write_report`, and `bench.run`, `data.make`,
`data.check`, `lab.run`, `study.make`, `study.results`; `load(run)` gives a translator to call on pictures. Nothing
heavy is imported before one is used.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from .api import compare, convert, demo, diagnose, doctor, evaluate, list_runs, show_run, train, translate, write_report

if TYPE_CHECKING:
    import viceversa_lab as lab

    from . import bench, data, study
    from .translation.translator import Translator, load

__version__ = version("viceversa")
__all__ = [
    "Translator",
    "bench",
    "compare",
    "convert",
    "data",
    "demo",
    "diagnose",
    "doctor",
    "evaluate",
    "lab",
    "list_runs",
    "load",
    "show_run",
    "study",
    "train",
    "translate",
    "write_report",
]

LATE = {  # names whose modules import PyTorch: imported on first use
    "Translator": ("viceversa.translation.translator", "Translator"),
    "load": ("viceversa.translation.translator", "load"),
    "bench": ("viceversa.bench", None),
    "data": ("viceversa.data", None),
    "study": ("viceversa.study", None),
    "lab": ("viceversa_lab", None),
}


def __getattr__(name: str) -> Any:
    if name not in LATE:
        raise AttributeError(f"module 'viceversa' has no attribute '{name}'")
    module, attribute = LATE[name]
    home = import_module(module)
    return home if attribute is None else getattr(home, attribute)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
