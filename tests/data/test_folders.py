"""From folders to domains: every layout, every mistake."""

import json
import os
import time

import pytest

from viceversa.data.folders import find_domains, scan
from viceversa.errors import DataError, UsageError


def fill(folder, count, suffix=".png"):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        (folder / f"{i:03}{suffix}").touch()
    return folder


def names(paths):
    return [path.name for path in paths]


def one_line(error):
    assert "\n" not in str(error.value)
    return str(error.value)


def test_scan_takes_pictures_and_counts_the_rest(tmp_path):
    fill(tmp_path, 2)
    for name in ("b.JPG", "a.jpeg", "sub/z.tif", ".hidden.png", "readme.txt", "._a.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.png").touch()
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere")
    listing = scan(tmp_path)
    assert names(listing.files) == ["000.png", "001.png", "a.jpeg", "b.JPG", "z.tif"]
    assert listing.skipped == {"broken link": 2, "hidden": 3, "not a file": 1, "not a picture by its name": 1}


def test_scan_follows_links_once(tmp_path):
    data, elsewhere = fill(tmp_path / "data", 1), fill(tmp_path / "elsewhere", 2)
    (data / "a_link").symlink_to(elsewhere)
    (data / "again").symlink_to(elsewhere)
    (data / "up").symlink_to(data)
    (data / "zz").mkdir()
    (data / "zz" / "round").symlink_to(data / "zz")
    (data / "own.png").symlink_to(data / "000.png")
    listing = scan(data)
    assert len(listing.files) == 4 and listing.skipped == {"link to a folder already seen": 3}


def test_scan_of_strange_names_and_no_folder(tmp_path):
    for name in (b"a\nb.png", b"\xff\xfe.png", "ä ö.png".encode()):
        with open(os.fsencode(tmp_path) + b"/" + name, "wb"):
            pass
    assert len(scan(tmp_path).files) == 3
    with pytest.raises(DataError):
        scan(tmp_path / "nowhere")


def test_scan_of_many_names_is_quick(tmp_path):
    fill(tmp_path, 5000)
    start = time.perf_counter()
    assert len(scan(tmp_path).files) == 5000
    assert time.perf_counter() - start < 5


def test_train_and_test_folders(tmp_path):
    data = tmp_path / "apple2orange"
    for name, count in (("trainA", 25), ("trainB", 3), ("testA", 2), ("testB", 4)):
        fill(data / name, count)
    found = find_domains(data)
    assert (found.name_a, found.name_b) == ("apple", "orange")
    assert [len(p) for p in (found.train_a, found.train_b, found.test_a, found.test_b)] == [25, 3, 2, 4]
    assert found.truth_a == found.truth_b == () and found.notes == ()


def test_names_by_priority(tmp_path):
    data = tmp_path / "summer2winter_yosemite"
    fill(data / "trainA", 1), fill(data / "trainB", 1)
    assert find_domains(data).name_b == "winter_yosemite"
    (data / "world.json").write_text(json.dumps({"domains": ["green", "white"]}))
    assert find_domains(str(data)).name_a == "green"
    assert find_domains(data, names=("x", " y ")).name_b == "y"
    for broken in ("", "[1]", '{"domains": 3}', '{"domains": ["a"]}'):
        (data / "world.json").write_text(broken)
        assert find_domains(data).name_a == "summer"
    data.rename(tmp_path / "photos")
    assert find_domains(tmp_path / "photos").name_a == "A"


def test_val_replaces_test_with_a_note(tmp_path):
    for name in ("trainA", "trainB", "valA"):
        fill(tmp_path / name, 2)
    found = find_domains(tmp_path)
    assert len(found.test_a) == 2 and found.test_b == ()
    assert any("valA" in note for note in found.notes) and any("testB" in note for note in found.notes)


def test_truth_is_matched_by_stem(tmp_path):
    for name in ("trainA", "trainB", "testA", "testB"):
        fill(tmp_path / name, 2)
    fill(tmp_path / "truthA", 3, ".jpg")
    fill(tmp_path / "truthB", 1)
    found = find_domains(tmp_path)
    assert names(found.truth_a) == ["000.jpg", "001.jpg"] and found.truth_b == ()
    assert any("truthB" in note and "001.png" in note for note in found.notes)


def test_two_sub_folders_split_every_tenth(tmp_path):
    fill(tmp_path / "horses", 40)
    fill(tmp_path / "zebras", 19)
    found = find_domains(tmp_path)
    assert (found.name_a, found.name_b) == ("horses", "zebras")
    assert names(found.test_a) == ["009.png", "019.png", "029.png", "039.png"]
    assert len(found.train_a) == 36 and not set(found.train_a) & set(found.test_a)
    assert len(found.train_b) == 19 and found.test_b == ()
    assert any("horses" in n and "10th" in n for n in found.notes) and any("19" in n for n in found.notes)


def test_at_most_100_are_held_out(tmp_path):
    fill(tmp_path / "a", 2050)
    fill(tmp_path / "b", 20)
    found = find_domains(tmp_path)
    assert (len(found.test_a), len(found.train_a)) == (97, 1953) and len(found.test_b) == 2


def test_two_folders_and_their_own_parts(tmp_path):
    a, b = fill(tmp_path / "one" / "cats", 20), tmp_path / "two" / "dogs"
    fill(b / "train", 5), fill(b / "test", 3), fill(b / "other", 9)
    found = find_domains(a, b)
    assert (found.name_a, found.name_b) == ("cats", "dogs")
    assert [len(p) for p in (found.train_a, found.test_a, found.train_b, found.test_b)] == [18, 2, 5, 3]


def test_names_that_are_equal(tmp_path):
    a, b = fill(tmp_path / "x" / "photos", 1), fill(tmp_path / "y" / "Photos", 1)
    for names in (None, ("p", "P"), ("", "q"), ("  ", "q")):
        with pytest.raises(UsageError, match="--names"):
            find_domains(a, b, names)
    assert find_domains(a, b, ("x", "y")).name_a == "x"


def test_missing_folders(tmp_path):
    fill(tmp_path / "horses", 1)
    with pytest.raises(DataError, match="Did you mean 'horses'") as error:
        find_domains(tmp_path / "horse")
    one_line(error)
    for gone in (tmp_path / "a" / "b" / "c", tmp_path / ("n" * 300), "nul\0byte", tmp_path / "horses" / "000.png"):
        with pytest.raises(DataError) as error:
            find_domains(gone)
        assert one_line(error)
    with pytest.raises(DataError, match="second folder"):
        find_domains(tmp_path / "horses", tmp_path / "zebra")


def test_wrong_number_of_folders(tmp_path):
    fill(tmp_path, 3)
    with pytest.raises(DataError, match="no sub-folders"):
        find_domains(tmp_path)
    fill(tmp_path / "horses", 1)
    with pytest.raises(DataError, match="1 sub-folder "):
        find_domains(tmp_path)
    fill(tmp_path / "zebras", 1), fill(tmp_path / "cows", 1)
    with pytest.raises(DataError, match="3 sub-folders"):
        find_domains(tmp_path)


def test_half_a_layout(tmp_path):
    fill(tmp_path / "trainA", 1), fill(tmp_path / "train_b", 1)
    with pytest.raises(DataError, match="no folder trainB"):
        find_domains(tmp_path)
    fill(tmp_path / "new" / "train", 1), fill(tmp_path / "new" / "test", 1)
    with pytest.raises(DataError, match="parts of one domain"):
        find_domains(tmp_path / "new")


def test_empty_domain_is_named_with_its_path_and_content(tmp_path):
    fill(tmp_path / "horses", 1)
    fill(tmp_path / "zebras", 2, ".txt")
    with pytest.raises(DataError) as error:
        find_domains(tmp_path)
    message = one_line(error)
    assert "zebras" in message and str(tmp_path / "zebras") in message and "2 not a picture" in message


def test_same_or_nested_folders(tmp_path):
    a = fill(tmp_path / "a", 1)
    b = fill(a / "b", 1)
    link = tmp_path / "link"
    link.symlink_to(a)
    with pytest.raises(DataError, match="same folder"):
        find_domains(a, a / "b" / "..")
    with pytest.raises(DataError, match="same folder"):
        find_domains(a, link)
    with pytest.raises(DataError, match="inside"):
        find_domains(a, b)
