"""The floors: imports go down only, what is public can be imported, and no room is named utils."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import viceversa

ROOT = Path(viceversa.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
PROJECT = Path(__file__).parents[1]

FLOORS = (  # from the ground up
    {"errors", "extras", "files", "names", "images", "settings", "optimize", "distributed", "hardware", "console"},
    {"networks", "losses", "stabilisers", "metrics", "worlds"},
    {"data", "weights"},
    {"methods"},
    {"runs"},
    {"tasks", "health", "training"},
    {"translation", "evaluation"},
    {"report", "study", "bench"},
    {"api"},
    {"serve"},
    {"cli"},
)
SAME_FLOOR = {  # who may import whom on one floor, and why
    ("tasks", "health"),  # a task says which probe watches its runs
    ("training", "tasks"),  # the session asks the task for batches, samples and probe
    ("training", "health"),  # the trainer asks the monitor, and treats what it reports
    ("evaluation", "translation"),  # translations are what is evaluated
}
UNPICKLES = ROOT / "weights" / "unpickle_child.py"  # the one file that may: in a child process, and no other imports it
FORBIDDEN = {"torchvision", "pickle", "cPickle", "dill", "joblib", "shelve", "marshal"}


def room(parts: tuple[str, ...]) -> str:
    """The folder or file right below the package."""
    return parts[0] if parts else "__init__"


def place(path: Path) -> tuple[str, ...]:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def imports(path: Path, tree: ast.Module) -> list[tuple[tuple[str, ...], str, str | None]]:
    """(module below viceversa or full name, name taken from it, name given to it) of every import."""
    package = path.parent.relative_to(ROOT.parent).parts
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(tuple(alias.name.split(".")), "", alias.asname) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = (*base, *(node.module.split(".") if node.module else ()))
            found += [(module, alias.name, alias.asname) for alias in node.names]
    return found


def own(path: Path) -> set[str]:
    """The rooms of the package that a file imports from."""
    rooms = set()
    for module, name, _ in imports(path, ast.parse(path.read_text())):
        if module[0] == "viceversa":
            rooms.add(room((*module[1:], name)))
    return rooms


def floor(name: str) -> int:
    return next(i for i, names in enumerate(FLOORS) if name in names)


def test_every_package_has_a_floor():
    rooms = {room(place(path)) for path in FILES} - {"__init__"}
    assert rooms - {"__main__"} == set().union(*FLOORS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down_only(path):
    here = room(place(path))
    if here in ("__init__", "__main__"):
        return  # the front doors know every room, by name and late
    for other in own(path) - {here}:
        assert floor(other) <= floor(here), f"{path.name} looks up to {other}"
        if floor(other) == floor(here) > 0:
            assert (here, other) in SAME_FLOOR, f"{path.name} looks aside to {other}"


def test_floor_exceptions_are_used():
    used = {(room(place(path)), other) for path in FILES for other in own(path)}
    assert used >= SAME_FLOOR


def test_upward_import_is_detected(tmp_path):
    """The checks themselves: an upward import in a file as written here is seen."""
    tree = ast.parse("from ..training import checkpoint\nfrom .. import api\nimport viceversa.cli")
    found = imports(ROOT / "data" / "folders.py", tree)
    assert [room((*module[1:], name)) for module, name, _ in found] == ["training", "api", "cli"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_forbidden_modules_are_not_imported(path):
    tree = ast.parse(path.read_text())
    for module, name, given in imports(path, tree):
        assert module[0] not in FORBIDDEN
        assert (given or name) != "F" or "functional" not in (*module, name), "F is the generator B -> A"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            loads = (node.value.id, node.attr)
            assert loads not in (("torch", "load"), ("np", "load"), ("yaml", "load")) or (
                loads == ("torch", "load") and path == UNPICKLES
            )


def test_pickles_are_loaded_in_one_restricted_place():
    tree = ast.parse(UNPICKLES.read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load"]
    assert [(k.arg, ast.unparse(k.value)) for k in calls[0].keywords if k.arg == "weights_only"] == [
        ("weights_only", "True")
    ]
    assert len(calls) == 1 and UNPICKLES.read_text().count("torch.load") == 1
    for path in FILES:
        for module, name, _ in imports(path, ast.parse(path.read_text())):
            assert "unpickle_child" not in (*module, name), f"{path.name} would read pickles in its own process"


def test_no_module_is_called_utils():
    for path in [*FILES, *(PROJECT / "tests").rglob("*.py")]:
        assert path.stem not in ("utils", "helpers", "misc", "common", "util", "helper")
        assert not path.stem.startswith("base_")


def test_no_test_imports_a_test():
    for path in (PROJECT / "tests").rglob("*.py"):
        for module, name, _ in imports(ROOT / "x.py", ast.parse(path.read_text())):
            assert not any(part.startswith("test_") for part in (*module, name)), path


def test_tests_are_laid_out_like_the_sources():
    own = {path.name for path in (PROJECT / "tests").iterdir() if path.is_dir()} - {"support", "docs", "__pycache__"}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"viceversa_lab"}
    assert own == packages


def test_public_names_are_documented():
    assert viceversa.__all__ == sorted(viceversa.__all__)
    for name in viceversa.__all__:
        assert getattr(viceversa, name).__doc__, name
    assert set(viceversa.__all__) <= set(dir(viceversa))
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = viceversa.trian


def test_every_module_imports_and_has_a_docstring():
    for path in FILES:
        if path.stem != "__main__":
            module = importlib.import_module(".".join(("viceversa", *place(path))))
            assert module.__doc__ and len(module.__doc__.splitlines()[0]) <= 120


def test_package_import_is_light():
    code = "import sys, viceversa; sys.exit(', '.join({'torch', 'numpy', 'PIL', 'matplotlib'} & set(sys.modules)) or 0)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_one_page_example_stands_alone():
    page = (PROJECT / "examples" / "cyclegan_one_page.py").read_text()
    assert len(page.splitlines()) <= 150
    assert "viceversa" not in {module[0] for module, _, _ in imports(ROOT / "x.py", ast.parse(page))}


def test_files_and_functions_have_a_size_limit():
    for path in FILES:
        text = path.read_text()
        assert len(text.splitlines()) <= 400, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                signature = node.body[0].lineno - node.lineno
                documented = len((ast.get_docstring(node) or "").splitlines())
                length = node.end_lineno - node.lineno + 1 - signature - documented
                assert length <= 60, f"{path}: {node.name} has {length} lines"
