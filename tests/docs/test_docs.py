"""The documents: links lead somewhere, generated pages are current, commands exist, and the site opens offline."""

import importlib
import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest
from cyclopts import CycloptsError, MissingArgumentError

from viceversa.cli.app import app

PROJECT = Path(__file__).parents[2]
DOCS = PROJECT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *(PROJECT / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG"))])
HISTORY = {"log.md", "CHANGELOG.md"}  # they name commands, knobs and files of their day


@cache
def docs_module(name: str) -> ModuleType:
    """A script of docs/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec and spec.loader
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = docs_module("build")


def page_id(page: Path) -> str:
    return page.name


def test_every_page_has_a_place_in_the_navigation():
    assert set(build.PAGES) == set(PAGES)
    linked = {build.resolve(DOCS / "index.md", target)[0] for target in build.links(DOCS / "index.md")}
    assert linked >= set(PAGES) - {DOCS / "index.md"}


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_link_leads_to_a_file_or_heading(page: Path):
    for target in build.links(page):
        place = build.resolve(page, target)
        if place is None:
            continue
        file, fragment = place
        assert file.is_file(), f"{page.name} links to {target}, which does not exist"
        assert not fragment or fragment in build.anchors(file), f"{page.name}: there is no heading {target}"


@pytest.mark.parametrize("name", ["knobs.md", "python-api.md"])
def test_generated_pages_are_current(name: str):
    text = docs_module("reference").GENERATED[name]()
    assert (DOCS / name).read_text(encoding="utf-8") == text, f"docs/{name} is out of date: run make docs"


def test_every_knob_has_a_meaning():
    rows = re.findall(r"^\| `((?:data|train|method)\.\w+)` \|(.*?)\|", (DOCS / "knobs.md").read_text(), re.M)
    assert len(rows) > 100
    assert not [knob for knob, meaning in rows if not meaning.strip()]


@pytest.mark.long
def test_the_check_of_the_builder_notices_an_old_page(tmp_path: Path):
    """`docs/build.py --check` in a copy whose page says something else."""
    copy = tmp_path / "docs"
    copy.mkdir()
    for name in ("build.py", "reference.py", "knobs.md", "python-api.md"):
        (copy / name).write_text((DOCS / name).read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, str(copy / "build.py"), "--check"]
    assert subprocess.run(command).returncode == 0

    (copy / "knobs.md").write_text("# Knobs\n")
    old = subprocess.run(command, capture_output=True, text=True)
    assert old.returncode == 1 and "make docs" in old.stderr


def test_the_readme_can_be_read_in_a_minute():
    lines = (PROJECT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 110
    assert max(map(len, lines)) <= 160


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_lines_are_short_and_tables_written_by_hand_too(page: Path):
    """Tables between marks and generated pages are as wide as their figures."""
    text = re.sub(r"<!-- (\w[\w-]*) -->.*?<!-- /\1 -->", "", page.read_text(encoding="utf-8"), flags=re.S)
    if page.name in ("knobs.md", "python-api.md"):
        return
    long = [
        line for line in text.splitlines() if len(line) > (160 if line[:1] != "|" or page.name == "log.md" else 240)
    ]
    assert not long


class Resources(HTMLParser):
    """What a page loads by itself, and what it links to."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.linked: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.loaded += [given[name] for name in ("src", "href") if tag != "a" and name in given]
        self.linked += [given["href"]] if tag == "a" and "href" in given else []
        self.ids |= {given["id"]} if "id" in given else set()


def read_html(page: Path) -> Resources:
    found = Resources()
    found.feed(page.read_text(encoding="utf-8"))
    return found


def test_the_site_opens_offline_and_is_whole(tmp_path: Path):
    site = tmp_path / "site"
    build.build(site)
    pages = {page.name: read_html(page) for page in site.glob("*.html")}
    assert set(pages) == {build.address(page) for page in PAGES}

    for name, page in pages.items():
        for target in page.loaded:
            assert not re.match(r"(https?:)?//", target), f"{name} loads {target}"
            assert (site / target).is_file(), f"{name} loads {target}"
        for target in page.linked:
            file, _, fragment = target.partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            assert (site / (file or name)).is_file(), f"{name} links to {target}"
            assert not fragment or fragment in pages[file or name].ids, f"{name} links to {target}"
    style = (site / "style.css").read_text()
    assert "@import" not in style and "url(" not in style


def commands(page: Path) -> Iterator[str]:
    """Command lines of `viceversa` in blocks of code and between backticks."""
    for token in build.parse(page):
        if token.type == "fence" and token.info in ("", "sh"):
            yield from (line for line in token.content.splitlines() if line.startswith("viceversa "))
        for child in token.children or ():
            if child.type == "code_inline" and re.match(r"viceversa [a-z]", child.content):
                yield child.content


def words_of(line: str) -> list[str]:
    """The words behind `viceversa`, without comment, prompt and the brackets around what may be left out."""
    return shlex.split(re.sub(r"[\[\]]|\s\.\.\.$", "", line), comments=True)[1:]


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in HISTORY], ids=page_id)
def test_every_command_line_parses(page: Path):
    """Commands, options and their values are those of the program; an example may leave out what a command needs."""
    for line in commands(page):
        try:
            app.parse_args(words_of(line), exit_on_error=False, print_error=False)
        except MissingArgumentError:
            continue
        except CycloptsError as error:
            pytest.fail(f"{page.name}: {line}: {error}")


@pytest.mark.parametrize("line", ["viceversa trian a b", "viceversa train a --sizes 3", "viceversa lab --quick=maybe"])
def test_a_wrong_command_line_is_noticed(line: str):
    with pytest.raises(CycloptsError):
        app.parse_args(words_of(line), exit_on_error=False, print_error=False)


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in HISTORY], ids=page_id)
def test_every_knob_that_a_page_names_exists(page: Path):
    known = set(re.findall(r"^\| `((?:data|train|method)\.\w+)` \|", (DOCS / "knobs.md").read_text(), re.M))
    used = set(re.findall(r"(?:--set |`)((?:data|train|method)\.\w+)[`=]", page.read_text(encoding="utf-8")))
    assert used - {"data.json"} <= known  # a file of the run


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in HISTORY], ids=page_id)
def test_every_path_of_the_repository_exists(page: Path):
    """Files and folders between backticks, `src/viceversa/` left out or not, and scripts in blocks of code."""
    text = page.read_text(encoding="utf-8")
    homes = (PROJECT, PROJECT / "src", PROJECT / "src" / "viceversa")
    tops = {path.name for home in homes for path in home.iterdir()}
    names = re.findall(r"`([\w./-]+/[\w./-]*)`", text) + re.findall(r"\b(?:benchmarks|examples)/\w+\.py", text)
    for name in names:
        run = name.startswith("runs/") and not name.endswith((".py", "runs/"))  # an example of a run folder
        if name.split("/")[0] in tops and not run:
            assert any((home / name).exists() for home in homes), f"{page.name} names {name}"


def test_every_target_of_make_that_a_page_names_exists():
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.M))
    for page in PAGES:
        used = re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.M)
        assert set(used) <= targets, page.name


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("table", []),
        ("speed", ["--tables"]),
        ("health_page", []),
        ("ladder_page", []),
        ("evaluation", ["page"]),
        ("tiles", ["--tables"]),
    ],
)
def test_tables_are_those_of_the_result_files(script: str, words: list[str], monkeypatch: pytest.MonkeyPatch):
    """Each script that writes tables would write what is there; images are left alone."""
    monkeypatch.syspath_prepend(PROJECT / "benchmarks")
    for name in (script, "table", "marks"):  # not what another test has imported, and nothing left behind for it
        monkeypatch.setitem(sys.modules, name, None)
        del sys.modules[name]
    module, table, marks = (importlib.import_module(name) for name in (script, "table", "marks"))
    written: list[str] = []

    def compare(page: Path, parts: Mapping[str, Sequence[str]], origin: str) -> None:
        text = page.read_text(encoding="utf-8")
        assert marks.replace_tables(text, parts, origin, page) == text, f"{page.name} is out of date: run {script}.py"
        written.extend(parts)

    for one in {module, table}:
        monkeypatch.setattr(one, "write_tables", compare)
    for name in ("draw_curves", "draw_hero"):
        monkeypatch.setattr(table, name, lambda *_: None)
    monkeypatch.setattr(sys, "argv", [script, *words])
    module.main()
    assert written
