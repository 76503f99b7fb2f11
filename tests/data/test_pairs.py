"""Pairs by name: the right partner or a refusal, whatever prefix, suffix, letter case and zero padding."""

import re
import shlex
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from viceversa.data.pairs import match, require_way
from viceversa.errors import DataError


def paths(side: str, names: str | list[str]) -> tuple[Path, ...]:
    """Files of a domain; a name without an ending gets one."""
    listed = names.split() if isinstance(names, str) else names
    return tuple(Path("data") / side / (name if "." in name else f"{name}.png") for name in listed)


def pairs(a: str | list[str], b: str | list[str], pair: str = "auto") -> list[tuple[str, str]]:
    """The pairs of two folders, as stems."""
    ((own_a, own_b),) = match([(paths("A", a), paths("B", b))], pair).parts
    return [(x.stem, y.stem) for x, y in zip(own_a, own_b, strict=True)]


def refusal(a: str | list[str], b: str | list[str], pair: str = "auto") -> str:
    """The one line that refuses two folders."""
    with pytest.raises(DataError) as error:
        match([(paths("A", a), paths("B", b))], pair)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("c a b", "b.jpg a.tif c.JPG", "c-c a-a b-b"),  # equal names, in the order of A
        ("0007_HE 0012_HE", "12_IHC 7_IHC", "0007_HE-7_IHC 0012_HE-12_IHC"),
        ("1_HE 2_HE 10_HE", "1_IHC 2_IHC 10_IHC", "1_HE-1_IHC 2_HE-2_IHC 10_HE-10_IHC"),
        ("HE_1 HE_2", "IHC-1 IHC-2", "HE_1-IHC-1 HE_2-IHC-2"),
        ("HE_1 HE_2", "1_IHC 2_IHC", "HE_1-1_IHC HE_2-2_IHC"),
        ("cat dog", "cat_label dog_label", "cat-cat_label dog-dog_label"),
        ("imageHE7 imageHE8", "imageIHC7 imageIHC8", "imageHE7-imageIHC7 imageHE8-imageIHC8"),
        ("IMG_1 IMG_2", "img_1 img_2", "IMG_1-img_1 IMG_2-img_2"),
        ("catA dogA", "CatB DogB", "catA-CatB dogA-DogB"),
        ("1 2 10", "001 002 010", "1-001 2-002 10-010"),
        ("0 00x", "0 0x", "0-0 00x-0x"),
        ("p1_s1_HE p1_s2_HE", "p1_s1_IHC p1_s2_IHC p2_s1_IHC p2_s2_IHC", "p1_s1_HE-p1_s1_IHC p1_s2_HE-p1_s2_IHC"),
        ("a b c d", "b c d e", "b-b c-c d-d"),  # more than half by equal names
        ("1 2 3", "2 3 4 5 6 7 8", "2-2 3-3"),
        ("x", "y x", "x-x"),
        ("1.05x 1.5x", "1.05X 1.5X", "1.05x-1.05X 1.5x-1.5X"),
    ],
)
def test_pairs_found_by_themselves(a: str, b: str, expected: str) -> None:
    names_b = [name if Path(name).suffix in (".jpg", ".tif", ".JPG") else f"{name}.png" for name in b.split()]
    names_a = [f"{name}.png" for name in a.split()]
    found = pairs(names_a, names_b)
    swapped = pairs(names_b, names_a)
    wanted = [tuple(text.replace("IHC-", "IHC~").split("-")) for text in expected.split()]
    assert found == [(x, y.replace("~", "-")) for x, y in wanted]
    assert sorted(swapped) == sorted((y, x) for x, y in found)


@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        ("7 007", "07 8", r"B/07.png has two partners .*A/7.png and .*A/007.png; remove or rename one, or --set"),
        ("img_1 IMG_1", "Img_01 x", "has two partners"),
        ("a.png a.jpg b", "a b", "B/a.png has two partners by equal names"),
        ("0001_T1 0002_T1", "0001_T2 0002_T2", "may be no pair: .* '_T1' .* '_T2', .* differ by a number"),
        ("p1_s1 p1_s2", "p2_s1 p2_s2", "differ by a number"),
        ("1_1 1_2", "1 2", "differ by a number"),
        ("p1_s1 p1_s2", "p1_s1 p2_s1", ""),
        (
            "cat",
            "dog",
            "no picture has a partner by its name, first .*cat.png and .*dog.png; pairs need equal file names",
        ),
        ("cat dog", "cow pig", "no picture has a partner"),
        ("img1 img2", "photo7 photo8", "no picture has a partner"),
        ("1_HE 2_HE notes", "1_IHC 2_IHC notes", ""),
    ],
)
def test_what_is_not_certain_is_refused(a: str, b: str, says: str) -> None:
    if not says:  # equal names only: nothing is guessed
        assert pairs(a, b) == [(name, name) for name in a.split() if name in b.split()]
        return
    assert re.search(says, refusal(a, b))


def test_the_advice_of_a_refusal_works() -> None:
    a, b = "0001_T1 0002_T1", "0001_T2 0002_T2"
    advice = shlex.split(refusal(a, b).split("say so: ")[1])
    assert advice[0] == "--set" and advice[1].startswith("data.pair=")
    assert pairs(a, b, advice[1].removeprefix("data.pair=")) == [("0001_T1", "0001_T2"), ("0002_T1", "0002_T2")]


def test_an_image_with_a_partner_of_equal_name_and_another_by_affix_is_refused() -> None:
    said = refusal("x_x x x_x_x", "x_1_x_x x_x x_x_1_x x_x_x_x")
    assert "B/x_x.png has two partners by names without 'x_' in B: data/A/x_x.png and data/A/x.png; remove or" in said


def test_a_way_that_is_given() -> None:
    a, b = "scan7_x scan9_x scan8_x", "80 90 70"
    assert pairs(a, b, r"([789])") == [("scan7_x", "70"), ("scan9_x", "90"), ("scan8_x", "80")]
    assert pairs(a, b, "order") == [("scan7_x", "70"), ("scan8_x", "80"), ("scan9_x", "90")]
    assert pairs("1 2 10", "a_001 a_002 a_010", "order") == [("1", "a_001"), ("2", "a_002"), ("10", "a_010")]
    assert pairs("a b c 1", "b c d 01", "name") == [("b", "b"), ("c", "c")]
    assert "as many pictures of both domains, but there are 2 in data/A and 3 in data/B" in refusal(
        "1 2", "1 2 3", "order"
    )
    assert "finds no key that occurs in both" in refusal("a1", "b2", "([0-9])")
    assert "has two partners by data.pair=([a-z])" in refusal("a1 a2", "a", "([a-z])")
    assert "no picture has a partner" in refusal("0007_HE 2_HE", "7_IHC 2_IHC", "name")


@pytest.mark.parametrize("pair", ["auto", "name", "order", "([0-9]+)", r"^(?:HE|IHC)_(.+)$", "(?i)img(.)"])
def test_ways_to_pair(pair: str) -> None:
    require_way(pair)


@pytest.mark.parametrize("pair", ["", "ordr", "[0-9]+", "(a)(b)", "(", "*", "([a-z]+", "(?:x)"])
def test_what_is_no_way_to_pair(pair: str) -> None:
    with pytest.raises(ValueError, match=r"data\.pair is") as error:
        require_way(pair)
    assert ("Did you mean 'order'" in str(error.value)) == (pair == "ordr")


def test_folders_are_part_of_a_name_unless_one_side_has_none() -> None:
    nested = [Path(f"A/{i % 2}/{i}.png") for i in range(6)]
    flat = [Path(f"B/{i}.png") for i in range(6)]
    ((a, b),) = match([(tuple(nested), tuple(flat))]).parts
    assert [path.stem for path in a] == [path.stem for path in b] and len(a) == 6
    twice = [Path(f"A/{i % 2}/{i // 2}.png") for i in range(6)]
    with pytest.raises(DataError, match=r"has two partners by names without their folders"):
        match([(tuple(twice), tuple(flat[:3]))])
    other = [Path(f"B/{i % 2}/{i // 2:02}_IHC.png") for i in range(6)]
    ((a, b),) = match([(tuple(Path(f"A/{i % 2}/{i // 2}_HE.png") for i in range(6)), tuple(other))]).parts
    assert [path.parent.name for path in a] == [path.parent.name for path in b] and len(a) == 6


def test_pages_and_halves_are_part_of_a_name() -> None:
    a = tuple(Path(f"A/stack_HE.tif#{i}") for i in (1, 2, 10))
    b = tuple(Path(f"B/stack_IHC.tif#{i}") for i in (1, 2, 10))
    ((own_a, own_b),) = match([(a, b)]).parts
    assert (own_a, own_b) == (a, b)


def test_a_compressed_file_pairs_with_a_plain_one() -> None:
    a, b = paths("A", "x.nii.gz y.nii.gz z.1.png"), paths("B", "x.nii y.NII.GZ z.1.tif")
    matched = match([(a, b)])
    assert matched.parts == ((a, b),) and not matched.words


def test_decomposed_names_match_composed_ones() -> None:
    name = "été ñandú 7"
    a, b = (paths("A", [unicodedata.normalize(form, f"{name}.png")]) for form in ("NFC", "NFD"))
    ((own_a, own_b),) = match([(a, b)]).parts
    assert a != b and (own_a, own_b) == (a, b)


def test_test_pictures_follow_the_rule_of_the_training_pictures() -> None:
    """One test picture would say nothing of its affixes; numbers begin again in the test folder."""
    train = paths("trainA", "1_HE 2_HE 3_HE"), paths("trainB", "1_IHC 2_IHC 3_IHC")
    test = paths("testA", "1_HE"), paths("testB", "01_IHC 2_IHC")
    matched = match([train, test])
    assert matched.parts[1] == (test[0], test[1][:1])
    assert matched.words == "by names without '_HE' in A and '_IHC' in B: 1_HE.png with 1_IHC.png"


@pytest.mark.long
def test_many_names_take_little_time() -> None:
    a = [f"{i:06}_HE" for i in range(50_000)]
    b = [f"{i}_IHC" for i in range(50_000)]
    start = time.process_time()
    assert len(pairs(a, b)) == 50_000
    assert time.process_time() - start < 20


# Keys and affixes have no letters in common, and an affix shows where it ends: `img2` + `1` could be `img` + `21`.
KEY = st.lists(st.sampled_from(["a", "b", "cd", "e", "1", "2", "7", "10", "12", "105"]), min_size=1, max_size=4).map(
    "_".join
)
WORD = st.text("mnopqrsxyz", min_size=1, max_size=4)
NUMBERED = st.tuples(WORD, st.integers(0, 20)).map(lambda pair: f"{pair[0]}{pair[1]}")
AFFIX = st.one_of(st.just(""), WORD, NUMBERED, st.lists(NUMBERED | WORD, min_size=2, max_size=3).map("_".join))


@st.composite
def written(draw: st.DrawFn, keys: list[str]) -> dict[str, str]:
    """{key: name} of a domain: an affix on either side, in some letter case and zero padding."""
    prefix, suffix = draw(AFFIX), draw(AFFIX)
    before, after = draw(st.sampled_from("_- ")), draw(st.sampled_from("_- "))
    upper, width = draw(st.booleans()), draw(st.integers(0, 4))

    def name(key: str) -> str:
        padded = "_".join(part.zfill(width) if part.isdecimal() else part for part in key.split("_"))
        return (
            f"{prefix}{before if prefix else ''}{padded.upper() if upper else padded}{after if suffix else ''}{suffix}"
        )

    return {key: name(key) for key in keys}


@st.composite
def two_domains(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, str], int]:
    """Names of A and of B by their key, each side in an order of its own, and how many keys both have."""
    keys = draw(st.lists(KEY, min_size=1, max_size=12, unique=True))
    common = draw(st.integers(1, len(keys)))
    only_a = draw(st.integers(common, len(keys)))
    in_a, in_b = keys[:only_a], keys[:common] + keys[only_a:]
    a, b = draw(written(draw(st.permutations(in_a)))), draw(written(draw(st.permutations(in_b))))
    return a, b, common


@pytest.mark.long
@given(two_domains())
@settings(max_examples=1500, deadline=None)
def test_pairs_are_right_or_refused(domains: tuple[dict[str, str], dict[str, str], int]) -> None:
    a, b, common = domains
    key_of_a, key_of_b = {name: key for key, name in a.items()}, {name: key for key, name in b.items()}
    try:
        found = pairs([f"{name}.png" for name in a.values()], [f"{name}.png" for name in b.values()])
    except DataError:
        event("refused")
        return
    event("all pairs found" if len(found) == common else "some pairs found")
    assert found and all(key_of_a[x] == key_of_b[y] for x, y in found)


FEW = st.lists(
    st.lists(st.sampled_from("x1yA"), min_size=1, max_size=5).map("_".join), min_size=1, max_size=5, unique=True
)


@pytest.mark.long
@given(FEW, FEW)
@example(["x_x", "x", "x_x_x"], ["x_1_x_x", "x_x", "x_x_1_x", "x_x_x_x"])
@settings(max_examples=1500, deadline=None)
def test_equal_names_are_never_given_another_partner(a: list[str], b: list[str]) -> None:
    try:
        found = pairs(a, b)
    except DataError:
        return
    for x, y in found:
        assert x == y or not {x, y} & set(a) & set(b)
    assert len({x for x, _ in found}) == len({y for _, y in found}) == len(found)


@pytest.mark.long
@given(
    st.sets(st.integers(0, 5000), min_size=2, max_size=30), WORD, WORD, st.integers(0, 6), st.booleans(), st.randoms()
)
@settings(max_examples=500, deadline=None)
def test_numbers_with_two_words_are_always_found(numbers, word_a, word_b, width, in_front, random) -> None:  # type: ignore[no-untyped-def]
    """Not only never wrong: the common cases are found."""
    a = [f"{n:0{width}}_{word_a}" for n in numbers]
    b = [f"{word_b.upper()}-{n}" if in_front else f"{n}_{word_b.upper()}" for n in numbers]
    random.shuffle(a), random.shuffle(b)
    found = pairs(a, b)
    assert len(found) == len(numbers)
    assert all(int(x.split("_")[0]) == int(y.split("-")[-1].split("_")[0]) for x, y in found)
