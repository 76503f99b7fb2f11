"""Making a study: from runs and folders, all pictures in one form, and one line for each error."""

import json
import os
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from support.studies import SMALL, draw, small_study
from viceversa import cli, load, study
from viceversa.errors import DataError, UsageError
from viceversa.study.folder import StudyFolder
from viceversa.study.make import crop_square, destroy

ROWS = [("real", 2), ("made0", 0), ("made1", 1)]


def tint(folder, picture):
    """The channel that is brightest in a picture of the study."""
    return int(np.asarray(Image.open(folder.pictures / f"{picture.token}.png")).mean((0, 1)).argmax())


def test_a_study_holds_its_pictures_and_nothing_else(tmp_path):
    folder = small_study(tmp_path)
    made = folder.study()
    assert sorted(os.listdir(folder.path)) == ["pictures", "study.json"]
    assert made.names == ("made0", "made1") and made.question == "Which picture is real?" and made.length == 12
    assert {path.stem for path in folder.pictures.iterdir()} == made.tokens()
    parts = (made.practice_pool, made.sentinel_pool, made.scored_pool)
    assert [len(p.real) for p in parts] == [2, 4, 9]
    for pool in parts:
        assert {tint(folder, s) for s in pool.real} == {2}
        for i, name in enumerate(made.names):
            assert {tint(folder, s) for s in pool.generated.get(name, ())} <= {i}
    scenes = [{s.scene for s in p.real} for p in parts]
    assert not scenes[0] & scenes[1] and not scenes[0] & scenes[2] and not scenes[1] & scenes[2]
    destroyed = made.sentinel_pool.destroyed
    assert {len(v) for v in destroyed.values()} == {4} and made.sentinel_pool.generated == {}
    for pool in (made.practice_pool, made.scored_pool):  # every algorithm has the same scenes, in the same order
        assert [s.scene for s in pool.generated["made0"]] == [s.scene for s in pool.generated["made1"]]


def test_name_size_and_format_do_not_reveal_the_real_picture(tmp_path):
    real = draw(tmp_path / "real", 14, 2, size=(90, 64))
    made = draw(tmp_path / "made", 14, 0, size=(40, 40))
    for i, path in enumerate(sorted(real.iterdir())):  # other formats, alpha, grey
        image = Image.open(path)
        path.unlink()
        if i % 3 == 0:
            image.save(path.with_suffix(".jpg"))
        elif i % 3 == 1:
            image.putalpha(128)
            image.save(path.with_suffix(".webp"), lossless=True)
        else:
            image.convert("L").save(path)
    found = study.make(tmp_path / "study", made, real=real, **SMALL | {"size": 48})
    assert found.detail == 40  # the smaller kind's
    kinds = set()
    for path in (tmp_path / "study" / "pictures").iterdir():
        with Image.open(path) as image:
            kinds.add((image.format, image.size, image.mode, tuple(image.info), len(path.stem)))
        assert (
            path.stem.isalnum()
            and path.stat().st_mode == next((tmp_path / "study" / "pictures").iterdir()).stat().st_mode
        )
    assert kinds == {("PNG", (48, 48), "RGB", (), 24)}
    # detail above that of 40 px is gone from the real ones too
    sharp = np.random.default_rng(0).integers(0, 255, (3, 90, 90)).astype(np.float32) / 127.5 - 1
    assert crop_square(sharp, 48).shape == (3, 48, 48)


def test_the_same_seed_deals_the_same_pictures(tmp_path):
    small_study(tmp_path)
    for name, seed in (("again", 0), ("other", 1)):
        study.make(tmp_path / name, tmp_path / "made0", tmp_path / "made1", real=tmp_path / "real", seed=seed, **SMALL)

    def scenes(name):
        made = StudyFolder(tmp_path / name).study()
        return [[s.scene for s in pool.real] for pool in (made.practice_pool, made.sentinel_pool, made.scored_pool)]

    assert scenes("study") == scenes("again") != scenes("other")


def test_a_run_translates_its_own_held_out_pictures(tiny_run, tmp_path):
    options = dict(trials=2, practice=0, sentinels=0, size=32)
    made = study.make(tmp_path / "study", tiny_run, to="blue", device="cpu", **options)
    folder = StudyFolder(tmp_path / "study")
    assert made.names == (tiny_run.name,) and {s.scene for s in made.scored_pool.real} == {"0", "1"}
    translated = load(tiny_run, device="cpu").translate(tiny_run.parent / "red2blue" / "testA" / "1.png", "blue")
    x = np.asarray(translated, np.float32).transpose(2, 0, 1) / 127.5 - 1
    shown = next(s for s in made.scored_pool.generated[tiny_run.name] if s.scene == "1")
    found = np.asarray(Image.open(folder.pictures / f"{shown.token}.png").resize((20, 20)), float)
    expected = np.asarray(Image.fromarray(crop_square(x, 20).transpose(1, 2, 0)), float)
    assert abs(found - expected).mean() < 12
    with pytest.raises(UsageError, match=r"translates both ways; choose one with --to red or --to blue"):
        study.make(tmp_path / "x", tiny_run, **options)
    with pytest.raises(UsageError, match="Did you mean 'blue'"):
        study.make(tmp_path / "x", tiny_run, to="bleu", **options)
    # two runs, or a run beside a folder: the run's real pictures serve both
    shutil.copytree(tiny_run, tmp_path / "second")
    both = study.make(tmp_path / "both", tiny_run, tmp_path / "second", to="blue", device="cpu", **options)
    assert both.arms == ((tiny_run.name,), ("second",))
    pair = study.make(
        tmp_path / "pair", tiny_run, tmp_path / "second", to="A", kind="preference", device="cpu", **options
    )
    assert pair.arms == ((tiny_run.name, "second"),)
    assert [s.scene for s in pair.scored_pool.real] == [s.scene for s in pair.scored_pool.generated["second"]]


def test_preference_matches_by_name(tmp_path):
    one, two = draw(tmp_path / "one", 13, 0), draw(tmp_path / "two", 14, 1)
    (two / "003.png").rename(two / "odd.png")
    made = study.make(tmp_path / "study", one, two, kind="preference", **SMALL)
    assert made.scored_pool.real == () and len(made.scored_pool.generated["one"]) == 6
    for pool in (made.practice_pool, made.sentinel_pool, made.scored_pool):
        assert [s.scene for s in pool.generated["one"]] == [s.scene for s in pool.generated["two"]]
    assert "003" not in {s.scene for s in made.scored_pool.generated["one"]}
    inputs = draw(tmp_path / "in", 14, 2)
    made = study.make(tmp_path / "with", one, two, real=inputs, kind="preference", **SMALL)
    assert [s.scene for s in made.scored_pool.real] == [s.scene for s in made.scored_pool.generated["two"]]


def test_unreadable_pictures_are_left_out_and_named(tmp_path):
    made, real = draw(tmp_path / "made", 14, 0), draw(tmp_path / "real", 14, 2)
    (made / "005.png").write_bytes(b"junk")
    found = study.make(tmp_path / "study", made, real=real, **SMALL)
    assert [n for n in found.notes if "005.png" in n] and "005" not in {
        s.scene for s in found.scored_pool.generated["made"]
    }
    (made / "006.png").write_bytes(b"junk")
    (made / "007.png").write_bytes(b"junk")
    with pytest.raises(DataError, match="12 readable pictures of each kind are needed"):
        study.make(tmp_path / "x", made, real=real, **SMALL)
    assert not (tmp_path / "x").exists() and not (tmp_path / "x.tmp").exists()


def test_large_folders_are_sampled(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["viceversa.study.make"], "MAX_POOL", 15)
    made = study.make(tmp_path / "s", draw(tmp_path / "m", 30, 0), real=draw(tmp_path / "r", 30, 2), **SMALL)
    assert len(made.tokens()) == 15 + 15  # every real picture, every translation or its destroyed form


def test_a_destroyed_picture_is_nothing_but_noise():
    picture = np.zeros((3, 50, 50), np.uint8)
    picture[:, :25] = 255
    broken = destroy(picture, np.random.default_rng(0)).astype(float)
    assert broken.shape == picture.shape and broken.std() > 40
    assert abs(np.corrcoef(broken.ravel(), picture.ravel())[0, 1]) < 0.35


def test_a_lone_pair_shows_two_scenes(tmp_path):
    for seed in range(12):
        made = study.make(
            tmp_path / f"s{seed}", *[draw(tmp_path / f"m{seed}", 6, 0)], real=draw(tmp_path / f"r{seed}", 6, 2),
            trials=3, practice=1, sentinels=1, size=16, seed=seed,
        )  # fmt: skip
        assert made.practice_pool.real[0].scene != made.practice_pool.generated[f"m{seed}"][0].scene
        assert made.sentinel_pool.real[0].scene != made.sentinel_pool.destroyed[f"m{seed}"][0].scene


@pytest.fixture
def desk(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    draw(tmp_path / "m", 20, 0)
    draw(tmp_path / "n", 20, 1)
    draw(tmp_path / "r", 20, 2)
    draw(tmp_path / "twice", 3, 2)
    shutil.copy("twice/001.png", "twice/001.jpg")
    os.mkdir("empty")
    os.mkdir("full")
    (tmp_path / "full" / "x").write_text("")
    (tmp_path / "note.txt").write_text("")
    os.mkdir("torn")
    (tmp_path / "torn" / "study.json").write_text('{"format": 1, "kind"')
    os.mkdir("old")
    (tmp_path / "old" / "study.json").write_text('{"format": 0}')
    return capsys


FEW = "--trials 6 --practice 2 --sentinels 4 --size 32"
WRONG = [
    ("study mkae s m --real r", 2, 'Did you mean "make"?'),
    ("study make", 2, "STUDY requires an argument"),
    ("study make s", 2, "SOURCES requires an argument"),
    ("study make s m", 2, "name the real pictures of the target domain with --real DIR"),
    (f"study make s m --real r --kind realorfake {FEW}", 2, "real-or-fake"),
    ("study make s m --real r --trails 5", 2, "Did you mean --trials?"),
    ("study make s m --real r --trials 1", 2, "--trials 1: it must be between 2 and 1000"),
    ("study make s m --real r --practice -1", 2, "--practice -1: it must be between 0 and 100"),
    ("study make s m --real r --sentinels 101", 2, "--sentinels 101: it must be between"),
    ("study make s m --real r --size 8", 2, "--size 8: it must be between 16 and 1024"),
    ("study make s m --real r --size 64.5", 2, "--size: '64.5' is not a whole number"),
    ("study make s m --real r --seed -1", 2, "--seed -1: it must be between"),
    (
        "study make s m --real r",
        3,
        "54 pictures in m are needed, one for every trial of a session, and there are 20; give more; --trials 16 "
        "--practice 3 --sentinels 1 would do",
    ),
    (f"study make s m --kind preference {FEW}", 2, "a preference study needs two sources"),
    (f"study make s m m --real r {FEW}", 2, "two sources are called 'm'; tell them apart with --names"),
    (f"study make s m n --real r --names one {FEW}", 2, "--names gives 1 names for 2 sources"),
    (f"study make s m n --real r --names one,one {FEW}", 2, "two sources are called 'one'"),
    (f"study make s m n --real r --names one, {FEW}", 2, "is no name for an algorithm"),
    (f"study make s nowhere --real r {FEW}", 3, "nowhere does not exist"),
    (f"study make s m --real rr {FEW}", 3, "rr does not exist"),
    (f"study make s empty --real r {FEW}", 3, "there is no picture in empty"),
    (f"study make s note.txt --real r {FEW}", 3, "note.txt is a file"),
    (f"study make s twice --real r {FEW}", 3, "have one name; rename or remove one"),
    (f"study make full m --real r {FEW}", 2, "full exists already and may hold answers"),
    (f"study make note.txt m --real r {FEW}", 2, "note.txt exists already"),
    ("study results nowhere", 3, "nowhere is not a study: it does not exist"),
    ("study results m", 3, "m is not a study: it has no study.json"),
    ("study results torn", 3, "torn/study.json is damaged"),
    ("study results old", 3, "it was written by another version"),
    ("study serve m", 3, "m is not a study"),
    ("study serve torn", 3, "torn/study.json is damaged"),
    ("study serve torn --port 70000", 2, "--port 70000: it must be between 0 and 65535"),
    ("study serve torn --host", 2, "--host requires an argument"),
    ("study serve torn --prot 1", 2, "Did you mean --port?"),
]


@pytest.mark.parametrize(("line", "code", "message"), WRONG, ids=[line for line, _, _ in WRONG])
def test_usage_errors_are_one_line_with_their_exit_code(desk, tmp_path, line, code, message):
    before = sorted(os.listdir(tmp_path))
    assert cli.run(line.split()) == code
    out, err = desk.readouterr()
    assert message in err and out == ""
    assert len(err.splitlines()) == 1 and err.startswith("viceversa: ") and "bug" not in err
    assert sorted(os.listdir(tmp_path)) == before


def test_an_empty_or_long_question_is_refused(desk):
    for question in ("", " ", "x" * 201):
        assert cli.run(["study", "make", "s", "m", "--real", "r", "--question", question]) == 2
        assert "--question has" in desk.readouterr().err


def test_the_command_prints_the_study_and_the_next_command(desk):
    assert cli.run(f"study make s m n --real r --names ours,theirs {FEW}".split()) == 0
    out = desk.readouterr().out.splitlines()
    assert out[-2:] == [
        "real-or-fake: ours theirs; 12 pairs each, 2 of them practice",
        "study: s; viceversa study serve s asks people",
    ]
    assert cli.run(["study", "results", "s", "--json"]) == 0
    found = json.loads(desk.readouterr().out)
    assert [arm["people"] for arm in found["arms"]] == [0, 0] and found["power"] is None
    assert cli.run(["study", "results", "s"]) == 0
    assert "Which picture is real?" in desk.readouterr().out


def test_pictures_are_cropped_to_the_middle_square():
    x = np.zeros((3, 10, 30), np.float32)
    x[:, :, 10:20] = 1
    assert (crop_square(x, 32) == 255).all() and crop_square(x, 32).shape == (3, 10, 10)
    assert crop_square(x, 4).shape == (3, 4, 4)
