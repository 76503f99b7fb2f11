"""The fingerprint of a measurement: its own code and the code it uses, without text, comments and figures.

Rewording a caption must not cost hours of measuring. So only `measure` counts, with the functions and constants that it
reaches in its own file and in other files of the chapters. The engine, and the package below it, do not count: after
a change there, `viceversa lab NAME --again` measures anew.
"""

import ast
import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

ENGINE = Path(__file__).parent


def fingerprint(function: Callable[..., Any]) -> str:
    """sha256 of the syntax that `function` reaches; docstrings and comments are not part of it."""
    function = inspect.unwrap(function)
    reached: dict[tuple[str, str], str] = {}
    _reach(function.__module__, function.__name__, reached)
    if not reached:  # defined inside another function: the whole file counts
        return hashlib.sha256(Path(function.__code__.co_filename).read_bytes()).hexdigest()
    return hashlib.sha256("\n".join(reached[key] for key in sorted(reached)).encode()).hexdigest()


def _reach(module: str, name: str, reached: dict[tuple[str, str], str]) -> None:
    """Add the definition of `name` in `module` and of all that it names."""
    if (module, name) in reached:
        return
    for node in _definitions(module).get(name, ()):
        if isinstance(node, ast.ImportFrom):
            for other, taken in _imported(module, node, name):
                _reach(other, taken, reached)
            continue
        reached[module, name] = reached.get((module, name), "") + ast.dump(_bare(node))
        for word in ast.walk(node):
            if isinstance(word, ast.Name) and word.id != name:
                _reach(module, word.id, reached)
            elif isinstance(word, ast.ImportFrom):  # late, inside a function
                for alias in word.names:
                    for other, taken in _imported(module, word, alias.asname or alias.name):
                        _reach(other, taken, reached)


def _definitions(module: str) -> dict[str, list[ast.stmt]]:
    """Name to its statements at the top of a module."""
    path = _file(module)
    return _parsed(path, path.stat().st_mtime_ns) if path else {}


@cache
def _parsed(path: Path, changed: int) -> dict[str, list[ast.stmt]]:
    found: dict[str, list[ast.stmt]] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        for name in _given(node):
            found.setdefault(name, []).append(node)
    return found


def _file(module: str) -> Path | None:
    """The file of a module, imported or not: a late import must not change a fingerprint."""
    if module in sys.modules:
        file = getattr(sys.modules[module], "__file__", None)
    else:
        try:
            spec = importlib.util.find_spec(module)
        except ModuleNotFoundError:  # `module` is a name inside a file
            return None
        file = spec.origin if spec else None
    return Path(file) if file and file.endswith(".py") else None


def _given(node: ast.stmt) -> Iterator[str]:
    """The names that a statement gives."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (word.id for target in targets for word in ast.walk(target) if isinstance(word, ast.Name))
    elif isinstance(node, ast.ImportFrom):
        yield from (alias.asname or alias.name for alias in node.names)


def _imported(module: str, node: ast.ImportFrom, name: str) -> Iterator[tuple[str, str]]:
    """(module, name) behind an imported name where its file is an experiment's; all of a module that was imported."""
    taken = next((alias.name for alias in node.names if (alias.asname or alias.name) == name), None)
    if taken is None:
        return
    package = module.rpartition(".")[0] if node.level else ""
    base = importlib.util.resolve_name("." * node.level + (node.module or ""), package or None)
    if _counts(f"{base}.{taken}", module):
        yield from ((f"{base}.{taken}", word) for word in _definitions(f"{base}.{taken}"))
    elif _counts(base, module):
        yield base, taken


def _counts(module: str, asked_by: str) -> bool:
    """Whether a module lies beside an experiment: in a chapter's folder or in that of the asking file."""
    home = asked_by.rpartition(".")[0]
    if not module.startswith((f"{__package__}.", f"{home}." if home else "\0")):
        return False
    file = _file(module)
    return file is not None and file.parent != ENGINE


def _bare(node: ast.stmt) -> ast.stmt:
    """The same statement without docstrings."""
    copy = ast.parse(ast.unparse(node)).body[0]
    for part in ast.walk(copy):
        if isinstance(part, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(part) is not None:
            part.body = part.body[1:]
    return copy
