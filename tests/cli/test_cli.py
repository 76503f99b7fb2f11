"""The command line: help without delay, and one line with a way out for whatever is wrong."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from support.tiny import tiny_words
from viceversa import cli
from viceversa.cli.app import app


def run(line: str) -> int:
    """The exit code of a command line."""
    return cli.run(line.split())


@pytest.fixture(scope="session")
def desk(tmp_path_factory, tiny_run):
    """A folder with a world, a run and all kinds of wrong files, seen from within."""
    here = tmp_path_factory.mktemp("desk")
    shutil.copytree(tiny_run.parent / "red2blue", here / "world")
    shutil.copytree(tiny_run, here / "run")
    shutil.copytree(tiny_run, here / "bare")
    shutil.rmtree(here / "bare" / "checkpoints")
    shutil.copytree(tiny_run, here / "damaged")
    for path in (here / "damaged" / "checkpoints").glob("step-*"):
        (path / "G_average.safetensors").write_bytes(b"damaged")
    shutil.copytree(tiny_run, here / "odd")
    (here / "odd" / "config.yaml").write_text("method: [")
    (here / "empty" / "trainA").mkdir(parents=True)
    (here / "empty" / "trainB").mkdir()
    shutil.copytree(here / "world", here / "half")
    shutil.rmtree(here / "half" / "trainB")
    (here / "note.txt").write_text("a text")
    (here / "list.yaml").write_text("- 1\n")
    (here / "torn.yaml").write_text("data:\n  size: [1\nmethod: {")
    (here / "key.yaml").write_text("method:\n  lamda_cyc: 3\n")
    (here / "group.yaml").write_text("metod:\n  width: 3\n")
    (here / "type.yaml").write_text("data:\n  size: big\n")
    (here / "preset.yaml").write_text("preset: quikstart\n")
    (here / "paper.yaml").write_text("preset: cyclegan\n")
    (here / "code.yaml").write_text("!!python/object/apply:os.mkdir [ran]\n")
    return here


@pytest.fixture
def at_desk(desk, monkeypatch, capsys):
    monkeypatch.chdir(desk)
    return capsys


WRONG = [
    # commands and options
    ("trian world", 2, 'Did you mean "train"?'),
    ("translat run world/testA", 2, 'Did you mean "translate"?'),
    ("runs shwo", 2, 'Did you mean "show"?'),
    ("data mkae orchard x", 2, 'Did you mean "make"?'),
    ("--verison", 2, "Did you mean '--version'?"),
    ("train world --sieze 32", 2, "Did you mean --size?"),
    ("train world --preset=cyclegan --presett quickstart", 2, "Did you mean --preset?"),
    ("doctor --jsn", 2, "Did you mean --json?"),
    ("doctor please", 2, "Unexpected 'please'"),
    ("train world world other", 2, "Unexpected 'other'"),
    ("train", 2, "DATA requires an argument"),
    ("train world --size", 2, "--size requires an argument"),
    ("translate run", 2, "--to requires an argument"),
    ("translate run world/testA --out x", 2, "--to requires an argument"),
    ("runs show", 2, "RUN requires an argument"),
    # values
    ("train world --size abc", 2, "--size: 'abc' is not a whole number"),
    ("train world --steps 1.5", 2, "--steps: '1.5' is not a whole number"),
    ("train world --size 18", 2, "data.size is 18; it must be a multiple of 4"),
    ("train world --size 0", 2, "data.size is 0"),
    ("train world --steps 0", 2, "--steps 0: it must be at least 1"),
    ("train world --save-every 0", 2, "train.save_every is 0; it must be at least 1"),
    ("train world --seed -1", 2, "train.seed is -1; it must be at least 0"),
    ("train world --seed 99999999999999999999", 2, "train.seed is 99999999999999999999; it must be at most"),
    ("train world --max-time 5x", 2, "'5x': write it as 300s, 4m or 2h"),
    ("train world --max-time 0", 2, "'0': write it as"),
    ("demo --out nowhere --max-time never", 2, "'never': write it as"),
    ("train world --device gpu", 2, "choose auto, cpu, cuda, cuda:1"),
    ("train world --precision fp33", 2, 'Did you mean "fp32"?'),
    ("train world --preset quikstart", 2, "Did you mean 'quickstart'?"),
    ("train world --names apples", 2, "two names with a comma"),
    ("train world --names same,same", 2, "give two different names"),
    # --set
    ("train world --set lambda_cyc", 2, "write it as key=value"),
    ("train world --set method.lamda_cyc=3", 2, "Did you mean 'method.lambda_cyc'?"),
    ("train world --set lambda_cyc=3", 2, "Did you mean 'method.lambda_cyc'?"),
    ("train world --set method.lambda_cyc=much", 2, "method.lambda_cyc is 'much'; expected a number"),
    ("train world --set method.lambda_cyc=nan", 2, "expected a number"),
    ("train world --set method.lambda_cyc=-1", 2, "at least 0"),
    ("train world --set method.loss=lsgna", 2, "Did you mean 'lsgan'?"),
    ("train world --set method.width=0", 2, "method.width is 0; it must be at least 1"),
    (
        "train world --preset details --set method.channels_a=1",
        2,
        "A has 1 channels and B 3, so G(b) and F(a) do not exist: set method.d_warmup_steps=0",
    ),
    ("train world --set method.channels_a=65", 2, "method.channels_a is 65; it must be at most 64"),
    ("train world --set data.range_a=4,1", 2, "data.range_a is '4,1'; write auto, or the lowest and the highest"),
    ("train world --set data.show=2,1", 2, "data.show is '2,1'; write one channel or three"),
    ("train world --size 64 --set method.d_layers=9", 2, "too deep for pictures of 64 px; choose at most 4"),
    ("train world --preset details --size 68", 2, "method.cycle_downsampling is 2, and 68 / 2 is not a multiple of 4"),
    ("train world --preset cyclegan --size 16", 2, "too deep for pictures of 16 px; choose at most 2"),
    ("train world --set data.flip=maybe", 2, "expected true or false"),
    ("train world --size 64 --set data.load=8", 2, "data.load is 8, smaller than data.size 64"),
    ("train world --set data=3", 2, "'data' is a group; name one of data.source"),
    ("train world --set train.batch=0", 2, "train.batch is 0; it must be at least 1"),
    ("train world --set method.ema=1", 2, "method.ema is 1.0; it must be at most"),
    # configuration files
    ("train world --config nowhere.yaml", 2, "nowhere.yaml cannot be read (No such file or directory)"),
    ("train world --config world", 2, "world cannot be read (Is a directory)"),
    ("train world --config list.yaml", 2, "list.yaml: expected keys and values"),
    ("train world --config torn.yaml", 2, "torn.yaml is not a YAML configuration (line 3:"),
    ("train world --config key.yaml", 2, "no key 'method.lamda_cyc'. Did you mean 'method.lambda_cyc'?"),
    ("train world --config group.yaml", 2, "no key 'metod'. Did you mean 'method'?"),
    ("train world --config type.yaml", 2, "type.yaml: data.size is 'big'; expected a whole number"),
    ("train world --config preset.yaml", 2, "Did you mean 'quickstart'?"),
    ("train world --config code.yaml", 2, "code.yaml is not a YAML configuration"),
    ("train world --config paper.yaml --preset quickstart", 2, "contradicts paper.yaml"),
    # data
    ("train wrold", 3, "wrold does not exist; check the path. Did you mean 'world'?"),
    ("train note.txt", 3, "note.txt is a file; give the folder"),
    ("train empty", 3, "no picture in domain A"),
    ("train half", 3, "has no folder trainB"),
    ("train world/trainA", 3, "give two folders, one per domain"),
    ("train world/trainA nowhere", 3, "nowhere does not exist"),
    ("train world/trainA world/trainA", 3, "are the same folder"),
    ("data check nowhere", 3, "nowhere does not exist"),
    ("data check empty", 3, "no picture in domain A"),
    ("data make orchad x", 2, "Did you mean 'orchard'?"),
    ("data make glyps x", 2, "Did you mean 'glyphs'?"),
    ("data make glyphs x --size 64", 2, "leave out --size, --test, --domains, --paired"),
    ("data make glyphs x --count 0", 2, "count 0 leaves no digit"),
    ("data make glyphs world", 3, "world is not empty and holds no digits"),
    ("data make orchard x --domains apples", 2, "--domains 'apples': write two names with a comma"),
    ("data make orchard x --domains apples,pears", 2, "'orchard' has no domain 'pears'"),
    ("data get mnits x", 2, "Did you mean 'mnist'?"),
    ("data get celeba x", 3, "ask for it at https://mmlab.ie.cuhk.edu.hk"),
    ("data get mnist world", 3, "world is not empty and does not hold mnist"),
    ("data get mnist note.txt", 3, "note.txt is a file"),
    ("data get mnist x --from ftp://example.org", 3, "begins with https, http, file"),
    ("data make orchard x --size 3", 2, "size 3 is too small"),
    ("data make orchard x --count 0", 2, "count 0 leaves nothing to draw"),
    ("data make orchard world", 3, "world is not empty and holds no world"),
    ("data make orchard note.txt", 3, "note.txt is a file"),
    # runs and checkpoints
    ("runs show nowhere", 4, "nowhere is not a run: it does not exist"),
    ("runs show world", 4, "world is not a run: it has no config.yaml"),
    ("runs show odd", 4, "odd is damaged: "),
    ("translate nowhere world/testA --to blue --out x", 4, "nowhere is not a run"),
    ("translate world world/testA --to blue --out x", 4, "world is not a run"),
    ("translate bare world/testA --to blue --out x", 4, "no usable checkpoint: bare/checkpoints is empty"),
    ("translate damaged world/testA --to blue --out x", 4, "G_average.safetensors is damaged"),
    # translate
    ("translate run world/testA --to bleu --out x", 2, "this run knows red (A) and blue (B). Did you mean 'blue'?"),
    ("translate run nowhere.png --to blue --out x", 3, "nowhere.png does not exist"),
    ("translate run world/testA --to blue --out world/testA", 2, "would overwrite world/testA/0.png"),
    ("translate run world/testA/0.png --to blue --out world/testA", 2, "would overwrite world/testA/0.png"),
    ("translate run world/testA world/testB --to blue --out x", 2, "would both become x/0.png"),
    ("translate run empty --to blue --out x", 3, "there is no picture in empty"),
    ("translate run world/testA --to blue --out note.txt", 2, "--out note.txt is a file; name a folder"),
    ("translate run world/testA --to blue --out x --scale nativ", 2, "Did you mean 'native'?"),
    ("translate run world/testA --to blue --out x --scale 8", 2, "at least 16 pixels"),
    # places
    ("train world --out note.txt", 2, "--out note.txt is a file; name a folder"),
    ("train world --out note.txt/run", 5, "the system refused note.txt"),
]


@pytest.mark.parametrize(("line", "code", "told"), WRONG, ids=[line for line, _, _ in WRONG])
def test_usage_errors_are_one_line_with_their_exit_code(at_desk, desk, line, code, told):
    before = sorted(os.listdir(desk))
    assert run(line) == code
    out, err = at_desk.readouterr()
    assert told in err
    assert err.startswith("viceversa: ") and err.endswith("\n") and len(err.splitlines()) == 1
    assert len(err) < 400
    assert "Traceback" not in err and "bug" not in err
    assert out == ""
    assert sorted(os.listdir(desk)) == before  # nothing was begun


def test_usage_error_table_has_at_least_forty_rows():
    assert len(WRONG) >= 40
    assert {code for _, code, _ in WRONG} == {2, 3, 4, 5}


def test_resume_with_other_values_is_refused_in_one_line(at_desk, tiny_run):
    world = str(tiny_run.parent / "red2blue")
    words = ["train", world, "--out", str(tiny_run), "--steps", "3", "--save-every", "2"]
    assert cli.run([*words, *tiny_words("--set", "method.width=8")]) == 2
    told = at_desk.readouterr().err
    assert "method.width is 4, not 8" in told
    assert len(told.splitlines()) == 1


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["trian"], 2, "Did you mean"),
        (["train", "nowhere"], 3, "nowhere does not exist"),
        (["runs", "show", "nowhere"], 4, "not a run"),
        (["data", "make", "orchard", "/proc/no/such"], 5, "the system refused"),
    ],
)
def test_process_exit_codes(tmp_path, words, code, told):
    done = subprocess.run([sys.executable, "-m", "viceversa", *words], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr and len(done.stderr.splitlines()) == 1


def seconds_of(command: list[str]) -> float:
    """Processor time of a command, which other work on the machine does not lengthen."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_utime + used.ru_stime


def test_help_takes_less_than_half_a_second():
    assert min(seconds_of([sys.executable, "-m", "viceversa", "--help"]) for _ in range(3)) < 0.5


HEAVY = "torch", "numpy", "PIL", "matplotlib", "viceversa.training"


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["train", "--help"],
        ["data", "make", "-h"],
        ["--version"],
        ["trian"],
        ["train", "w", "--sieze", "3"],
        ["train", "w", "--batch_size", "4"],
        ["predict"],
        ["completion", "bash"],
    ],
    ids=" ".join,
)
def test_help_and_usage_errors_import_nothing_heavy(words):
    code = (
        "import sys; from viceversa import cli; cli.run(sys.argv[1:]);"
        f"sys.exit(', '.join(n for n in {HEAVY!r} if n in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def commands(here=app, chain=()):
    """(words, command) for every verb."""
    for name in here:
        if not name.startswith("-"):
            command = here[name]
            yield from [((*chain, name), command)] if command.default_command else commands(command, (*chain, name))


def test_commands_are_those_of_the_design():
    assert {" ".join(chain) for chain, _ in commands()} == {
        "demo", "train", "translate", "evaluate", "compare", "report", "convert", "data make", "data check", "data get",
        "data list", "runs list", "runs show", "diagnose", "doctor", "lab", "bench", "study make", "study serve",
        "study results", "completion",
    }  # fmt: skip


@pytest.mark.parametrize("chain", [chain for chain, _ in commands()], ids=" ".join)
def test_every_option_has_help(chain, capsys, monkeypatch):
    command = dict(commands())[chain]
    monkeypatch.setenv("COLUMNS", "200")
    assert cli.run([*chain, "--help"]) == 0
    out = capsys.readouterr().out
    rows = [row for row in out.splitlines() if row.startswith("│")]
    for argument in command.assemble_argument_collection():
        row = next(row for row in rows if argument.names[0] in row)
        help_text = row.replace("│", " ").split(argument.names[0])[-1].split("[")[0]
        assert len(help_text.split()) >= 2, row


def test_dry_run_prints_a_configuration_that_can_be_read_back(at_desk):
    changes = "--set method.lambda_cyc=3 --set data.load=none --set train.batch=2"
    assert run(f"train world --size 32 --steps 7 --names red,blue {changes} --dry-run") == 0
    first, err = at_desk.readouterr()
    assert err == ""
    Path("saved.yaml").write_text(first)
    try:
        assert run("train world --config saved.yaml --dry-run") == 0
        assert at_desk.readouterr().out == first
        found = yaml.safe_load(first)
        assert (found["data"]["size"], found["method"]["lambda_cyc"], found["train"]["total_nimg"]) == (32, 3.0, 14)
        assert run("train world --config saved.yaml --set method.lambda_cyc=4 --seed 9 --dry-run") == 0
        found = yaml.safe_load(at_desk.readouterr().out)
        assert (found["method"]["lambda_cyc"], found["train"]["seed"]) == (4.0, 9)  # the command line wins
    finally:
        os.remove("saved.yaml")


def test_partial_configuration_file_is_completed_from_its_preset(at_desk):
    Path("short.yaml").write_text("preset: cyclegan\ndata: {size: 128}\nmethod: {lambda_cyc: 7}\n")
    try:
        assert run("train world --config short.yaml --dry-run") == 0
        found = yaml.safe_load(at_desk.readouterr().out)
    finally:
        os.remove("short.yaml")
    assert (found["data"]["fit"], found["train"]["epochs"], found["method"]["blocks"]) == ("squash", 200, 6)
    assert (found["data"]["size"], found["method"]["lambda_cyc"]) == (128, 7.0)


def test_command_line_folders_override_the_configuration_file(at_desk, desk):
    assert run("train world/trainA world/trainB --dry-run") == 0
    Path("pair.yaml").write_text(at_desk.readouterr().out)
    try:
        assert run("train world --config pair.yaml --dry-run") == 0
    finally:
        os.remove("pair.yaml")
    found = yaml.safe_load(at_desk.readouterr().out)["data"]
    assert (found["source"], found["other"]) == (str(desk / "world"), None)


@pytest.mark.parametrize(
    ("line", "keys"),
    [
        ("doctor --json", {"viceversa", "torch", "device", "threads", "precision", "free_disk_gb"}),
        ("data check world --json", {"ok", "domains", "broken", "leaks"}),
        ("runs show run --json", {"path", "domains", "step", "steps", "resume", "translate", "last"}),
    ],
)
def test_json_option_prints_one_document_only(at_desk, line, keys):
    assert run(line) in (0, 3)
    assert keys <= json.loads(at_desk.readouterr().out).keys()


def test_runs_list_is_newest_first(at_desk, desk, tmp_path):
    for i, name in enumerate(("old", "new")):
        shutil.copytree(desk / "run", tmp_path / "runs" / name)
        os.utime(tmp_path / "runs" / name, (time.time() + i, time.time() + i))
    assert cli.run(["runs", "list", str(tmp_path / "runs"), "--json"]) == 0
    rows = json.loads(at_desk.readouterr().out)
    assert [Path(row["path"]).name for row in rows] == ["new", "old"]
    assert (rows[0]["domains"], rows[0]["step"], rows[0]["steps"]) == ("red <-> blue", 3, 3)
    assert cli.run(["runs", "list", str(tmp_path / "nothing")]) == 0
    assert "no runs below" in at_desk.readouterr().out


def test_printed_commands_can_be_run(at_desk, tiny_run):
    assert cli.run(["runs", "show", str(tiny_run)]) == 0
    assert f"viceversa translate {tiny_run} FOLDER --to blue --out OUT" in at_desk.readouterr().out


def test_translate_prints_written_and_skipped_files(at_desk, tmp_path):
    (tmp_path / "in").mkdir()
    shutil.copy("world/testA/0.png", tmp_path / "in" / "good.png")
    (tmp_path / "in" / "bad.png").write_bytes(b"no picture")
    words = ["translate", "run", str(tmp_path / "in"), "--to", "blue", "--out", str(tmp_path / "out")]
    assert cli.run(words) == 0
    out = at_desk.readouterr().out
    assert f"1 translated, 1 skipped: {tmp_path / 'out'}" in out
    assert "bad.png" in out
    assert os.listdir(tmp_path / "out") == ["good.png"]


def test_unexpected_error_is_one_line_with_traceback_on_request(monkeypatch, capsys):
    def fail():
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("viceversa.hardware.doctor.doctor", fail)
    assert cli.run(["doctor"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("viceversa: RuntimeError: two lines; this is a bug") and len(told.splitlines()) == 1
    monkeypatch.setenv("VICEVERSA_TRACEBACK", "1")
    with pytest.raises(RuntimeError, match="two"):
        cli.run(["doctor"])


@pytest.mark.long
def test_closed_stdout_is_no_error(desk):
    command = f"{sys.executable} -m viceversa doctor | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=desk)
    assert (done.returncode, done.stderr) == (0, "")
