"""Files through a translator, each checked pixel by pixel against a known answer."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms
from torch import Tensor, nn

from support.pictures import png
from viceversa import images
from viceversa.errors import DataError, UsageError
from viceversa.translation.module import pad_to_multiple
from viceversa.translation.pipeline import translate_files
from viceversa.translation.translator import Translator


class Swap(nn.Module):
    """A generator with a known answer: red and blue change places, and light is halved."""

    def forward(self, x: Tensor) -> Tensor:
        return (x.flip(1) + 1) / 2 - 1


def translator(scale: str = "native", **options: int) -> Translator:
    return Translator({"A": nn.Identity(), "B": Swap()}, ("apples", "oranges"), (3, 3), 64, 1, scale=scale)


class Watched(Swap):
    """It notes how many pictures of which size it was given at once."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, ...]] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(tuple(x.shape))
        return super().forward(x)


def one(path: Path, out: Path) -> Path:
    summary = translate_files(translator(), [path], "oranges", out)
    assert summary.written == [out / path.name] and not summary.skipped
    return summary.written[0]


@pytest.fixture
def photo() -> np.ndarray:
    """(301, 250, 3) uint8, smooth, no two corners alike."""
    y, x = np.mgrid[0:301, 0:250] / 301
    return np.stack([255 * x, 255 * y, 255 * (1 - x) * y], -1).round().astype(np.uint8)


def known(rgb: np.ndarray) -> np.ndarray:
    """The exact answer; a stored integer lies within a half of it."""
    return rgb[..., ::-1].astype(np.float64) / 2


def test_jpeg_with_exif_rotation(tmp_path: Path, photo: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying, to be shown turned clockwise
    lying = Image.fromarray(photo).rotate(90, expand=True)
    lying.save(tmp_path / "turned.jpg", quality=100, subsampling=0, exif=exif)
    assert lying.size == (301, 250)
    with Image.open(one(tmp_path / "turned.jpg", tmp_path / "out")) as result:
        assert result.format == "JPEG" and result.size == (250, 301)
        assert result.getexif().get(0x0112, 1) == 1  # upright, and not turned a second time
        error = np.abs(np.asarray(result).astype(float) - known(photo))
    assert error.max() <= 6 and error.mean() < 1  # two JPEG codings of a smooth picture


def test_sixteen_bit_png(tmp_path: Path) -> None:
    ramp = (np.arange(64 * 48 * 3).reshape(48, 64, 3) * 7 % 65536).astype(np.uint16)
    (tmp_path / "deep.png").write_bytes(png(ramp, 16))
    picture = images.read(one(tmp_path / "deep.png", tmp_path / "out"))
    assert picture.depth == "uint16"
    found = images.to_samples(picture).astype(np.int64)
    assert np.abs(found - known(ramp)).max() <= 0.51
    assert len(np.unique(found)) > 256


def test_rgba_png_keeps_alpha_and_profile(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rgba = rng.integers(0, 256, (37, 53, 4), dtype=np.uint8)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(rgba, "RGBA").save(tmp_path / "clear.png", icc_profile=profile)
    with Image.open(one(tmp_path / "clear.png", tmp_path / "out")) as result:
        assert result.mode == "RGBA" and result.size == (53, 37)
        assert result.info["icc_profile"] == profile
        found = np.asarray(result)
    assert np.array_equal(found[..., 3], rgba[..., 3])
    assert np.abs(found[..., :3] - known(rgba[..., :3])).max() <= 0.501


def test_cmyk_jpeg_becomes_rgb_with_the_colours_one_sees(tmp_path: Path) -> None:
    cmyk = np.zeros((32, 32, 4), np.uint8)
    cmyk[:, :16, 1:3] = 255  # magenta + yellow: red
    cmyk[:, 16:, 0] = 255  # cyan
    Image.fromarray(cmyk, "CMYK").save(tmp_path / "print.jpg", quality=100, subsampling=0)
    with Image.open(one(tmp_path / "print.jpg", tmp_path / "out")) as result:
        assert result.mode == "RGB" and result.format == "JPEG"
        left, right = result.getpixel((5, 16)), result.getpixel((26, 16))
    assert np.abs(np.subtract(left, (0, 0, 128))).max() <= 4  # red, swapped and halved
    assert np.abs(np.subtract(right, (128, 128, 0))).max() <= 4


def test_grey_stays_a_picture(tmp_path: Path) -> None:
    Image.fromarray(np.full((20, 30), 200, np.uint8)).save(tmp_path / "grey.png")
    with Image.open(one(tmp_path / "grey.png", tmp_path / "out")) as result:
        assert np.asarray(result.convert("RGB")).reshape(-1, 3).tolist() == [[100] * 3] * 600


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (17, 16), (250, 301)])
def test_any_size(size: tuple[int, int]) -> None:
    x = torch.rand(1, 3, *size) * 2 - 1
    torch.testing.assert_close(translator().batch(x, "B"), Swap()(x))
    padded = pad_to_multiple(x)
    assert padded.shape[-2] % 4 == padded.shape[-1] % 4 == 0
    assert torch.equal(padded[..., : size[0], : size[1]], x)


def test_api_gives_back_the_kind_it_got(tmp_path: Path, photo: np.ndarray) -> None:
    t = translator()
    expected = known(photo)
    pil = t.translate(Image.fromarray(photo), to="oranges")
    assert isinstance(pil, Image.Image) and np.abs(np.asarray(pil) - expected).max() <= 0.501
    array = t.translate(photo, to="B")
    assert array.dtype == np.uint8 and np.abs(array - expected).max() <= 0.501
    tensor = torch.from_numpy(photo.transpose(2, 0, 1)) / 127.5 - 1
    torch.testing.assert_close(t.translate(tensor, to="oranges"), Swap()(tensor[None])[0])
    assert t.translate(tensor[None], to="oranges").shape == (1, 3, 301, 250)
    Image.fromarray(photo).save(tmp_path / "x.png")
    assert np.abs(np.asarray(t.translate(tmp_path / "x.png", to="oranges")) - expected).max() <= 0.501


def test_a_large_picture_is_seen_at_the_trained_size_and_keeps_its_detail() -> None:
    """The change is carried over: for a generator that adds a constant, both scales agree exactly."""

    class Lighten(nn.Module):
        sizes: list[torch.Size] = []  # noqa: RUF012

        def forward(self, x: Tensor) -> Tensor:
            self.sizes.append(x.shape[-2:])
            return x + 0.25

    rng = np.random.default_rng(0)
    pixels = rng.uniform(-0.9, 0.7, (3, 300, 200)).astype(np.float32)
    nets = {"A": nn.Identity(), "B": Lighten()}
    found = {
        scale: Translator(nets, ("a", "b"), (3, 3), 64, 1, scale=scale).picture(images.Picture(pixels=pixels), "b")
        for scale in ("auto", "native")
    }
    assert [tuple(s) for s in Lighten.sizes] == [(96, 64), (300, 200)]
    np.testing.assert_allclose(found["auto"].pixels, pixels + 0.25, atol=1e-5)
    np.testing.assert_allclose(found["native"].pixels, pixels + 0.25, atol=1e-5)


def test_folders_keep_their_shape_and_broken_files_are_named(tmp_path: Path) -> None:
    source = tmp_path / "in"
    (source / "deep").mkdir(parents=True)
    for name in ("a.png", "deep/b.jpg"):
        Image.new("RGB", (20, 20), "red").save(source / name)
    (source / "broken.png").write_bytes(b"\x89PNG\r\n")
    summary = translate_files(translator(), [source], "oranges", tmp_path / "out")
    assert sorted(p.relative_to(tmp_path / "out").as_posix() for p in summary.written) == ["a.png", "deep/b.jpg"]
    assert list(summary.skipped) == [source / "broken.png"] and "broken.png" in summary.skipped[source / "broken.png"]


def test_inputs_are_never_overwritten(tmp_path: Path) -> None:
    Image.new("RGB", (20, 20), "red").save(tmp_path / "a.png")
    before = (tmp_path / "a.png").read_bytes()
    with pytest.raises(UsageError, match="would overwrite"):
        translate_files(translator(), [tmp_path / "a.png"], "oranges", tmp_path)
    (tmp_path / "other").mkdir()
    Image.new("RGB", (20, 20), "blue").save(tmp_path / "other" / "a.png")
    with pytest.raises(UsageError, match="both become"):
        translate_files(translator(), [tmp_path / "a.png", tmp_path / "other/a.png"], "oranges", tmp_path / "out")
    assert (tmp_path / "a.png").read_bytes() == before and not (tmp_path / "out").exists()


def test_results_inside_the_input_folder_are_no_inputs(tmp_path: Path) -> None:
    Image.new("RGB", (20, 20), "red").save(tmp_path / "a.png")
    for _ in range(2):
        summary = translate_files(translator(), [tmp_path], "oranges", tmp_path / "out")
        assert summary.written == [tmp_path / "out" / "a.png"]
    Image.new("RGB", (20, 20), "red").save(tmp_path / "x.png")
    with pytest.raises(UsageError, match="would overwrite"):
        translate_files(translator(), [tmp_path / "a.png", tmp_path / "out" / "a.png"], "oranges", tmp_path / "out")


def test_what_was_dropped_is_told(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("L", (20, 20), 99).save(tmp_path / "grey.png", icc_profile=profile)
    summary = translate_files(translator(), [tmp_path / "grey.png"], "oranges", tmp_path / "out")
    assert any("profile dropped" in note for note in summary.notes)


def test_errors_name_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Did you mean 'oranges'"):
        translator().side("orange")
    with pytest.raises(DataError, match="does not exist"):
        translate_files(translator(), [tmp_path / "no.png"], "oranges", tmp_path / "out")
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(DataError, match="nothing was translated"):
        translate_files(translator(), [tmp_path / "text.png"], "oranges", tmp_path / "out")


def test_bfloat16_is_for_pictures_of_8_bits_alone() -> None:
    torch.manual_seed(0)
    nets = {side: nn.Conv2d(3, 3, 3, padding=1) for side in "AB"}
    exact, rounded = (Translator(nets, ("a", "b"), (3, 3), 64, 1, precision=p) for p in ("fp32", "bf16"))
    pixels = np.random.default_rng(0).uniform(-1, 1, (3, 32, 32)).astype(np.float32)
    shallow, deep = images.Picture(pixels=pixels), images.Picture(pixels=pixels, depth="uint16", high=65535.0)
    one, two = (t.pictures([shallow], "b")[0].pixels for t in (exact, rounded))
    assert 0 < abs(one - two).max() < 0.02
    one, two = (t.pictures([shallow, deep], "b")[1].pixels for t in (exact, rounded))
    np.testing.assert_array_equal(one, two)


def test_pictures_together_are_pictures_alone() -> None:
    """Of several sizes, in any order, some seen smaller; a batch holds those of one size."""
    sizes = [(64, 64), (32, 48), (64, 64), (300, 200), (64, 64), (32, 48)]
    rng, t = np.random.default_rng(0), translator("auto")
    t.batch_size = 2
    given = [images.Picture(pixels=rng.uniform(-1, 1, (3, *size)).astype(np.float32)) for size in sizes]
    seen: list[tuple[int, ...]] = []
    batch = t.batch
    t.batch = lambda x, *more: seen.append(tuple(x.shape)) or batch(x, *more)  # type: ignore[method-assign, func-returns-value]
    together = t.pictures(given, "oranges")
    assert seen == [(2, 3, 64, 64), (1, 3, 64, 64), (2, 3, 32, 48), (1, 3, 96, 64)]
    for picture, found in zip(given, together, strict=True):
        np.testing.assert_array_equal(found.pixels, t.picture(picture, "oranges").pixels)


def test_what_does_not_fit_together_is_tried_alone(tmp_path: Path) -> None:
    class Small(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            if len(x) > 1 or x.shape[-1] > 40:
                raise RuntimeError("out of memory")
            return x

    for i, side in enumerate((32, 64, 32, 32)):
        Image.new("RGB", (side, side), (10 * i, 0, 0)).save(tmp_path / f"{i}.png")
    t = Translator({"A": nn.Identity(), "B": Small()}, ("a", "b"), (3, 3), 64, 1)
    t.batch_size = 3
    told = translate_files(t, [tmp_path], "b", tmp_path / "out")
    assert [p.name for p in told.written] == ["0.png", "2.png", "3.png"]
    assert [p.name for p in told.skipped] == ["1.png"] and "too large for the memory" in told.skipped[
        tmp_path / "1.png"
    ]
    assert [np.asarray(Image.open(p))[0, 0, 0] for p in told.written] == [0, 20, 30]


def test_a_network_for_one_shape_is_given_no_other_for_pictures_of_one_size():
    """As many at once every time, the last one again and again where there are fewer; no answer goes astray."""
    net = Watched()
    t = Translator({"A": nn.Identity(), "B": net}, ("a", "b"), (3, 3), 64, 1, scale="native", fixed_batch=True)
    t.batch_size = 4
    rng = np.random.default_rng(0)
    sizes = [(20, 24)] * 4 + [(16, 16)] + [(20, 24)] * 2
    pictures = [images.Picture(pixels=rng.uniform(-1, 1, (3, *size)).astype(np.float32)) for size in sizes]
    found = t.pictures(pictures, "b")
    assert net.seen == [(4, 3, 20, 24), (4, 3, 20, 24), (4, 3, 16, 16)]
    for picture, result in zip(pictures, found, strict=True):
        np.testing.assert_array_equal(result.pixels, translator().picture(picture, "oranges").pixels)
