"""Virtual environments as `pip install .` leaves them, without downloading PyTorch again.

The packages that viceversa depends on are linked from the environment that runs the tests: these and what they need,
and nothing that only an extra brings. viceversa itself is installed from a wheel, as pip builds it.
"""

import os
import re
import subprocess
import sys
import tomllib
import venv
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Fresh:
    """A virtual environment and the folder in which its commands run."""

    folder: Path
    desk: Path

    def run(self, *words: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """A program of the environment: its exit code and what it printed."""
        program, *rest = words
        command = [str(self.folder / "bin" / program), *rest]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=self.desk, env=environment(), timeout=timeout
        )

    def pip(self, *words: str) -> str | None:
        """Run pip; why it failed, or None."""
        done = self.run("python", "-m", "pip", "--disable-pip-version-check", "--quiet", *words)
        return None if done.returncode == 0 else " ".join(done.stderr.split())[-400:] or "no message"


def environment() -> dict[str, str]:
    """This process's environment without what would show it packages from elsewhere."""
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if name not in hidden} | {"OMP_NUM_THREADS": "1"}


def make_wheel(folder: Path) -> Path | str:
    """The wheel of viceversa; why it cannot be built, where pip reaches no index for the build system."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder), str(PROJECT)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment())
    wheels = list(folder.glob("viceversa-*.whl"))
    return wheels[0] if wheels else " ".join(done.stderr.split())[-400:] or "no message"


def make_fresh(folder: Path, wheel: Path) -> Fresh:
    """A virtual environment with viceversa and its dependencies, and none of its extras."""
    venv.create(folder, with_pip=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for package in dependencies():
        link(package, site)
    desk = folder / "desk"
    desk.mkdir()
    fresh = Fresh(folder, desk)
    assert (problem := fresh.pip("install", "--no-deps", "--no-index", str(wheel))) is None, problem
    return fresh


def dependencies() -> list[Distribution]:
    """What viceversa needs to run, and what that needs, as installed here."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    todo, packages = [name_of(line) for line in project["dependencies"]], {}
    while todo:
        name = todo.pop()
        if name in packages:
            continue
        try:
            packages[name] = distribution(name)
        except PackageNotFoundError:
            continue  # of another system or Python
        todo += [name_of(line) for line in packages[name].requires or () if "extra ==" not in line]
    return list(packages.values())


def name_of(requirement: str) -> str:
    """The normalised name in a requirement such as `torch>=2.10`."""
    name = re.match(r"[\w.-]+", requirement)
    assert name
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def link(package: Distribution, site: Path) -> None:
    """Let a package and its metadata appear in another site-packages, file by file: pip can replace it there."""
    for file in package.files or ():
        target = site / file
        if ".." not in file.parts and not os.path.lexists(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(Path(str(package.locate_file(file))).resolve())
