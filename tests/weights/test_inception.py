"""The network of FID, the two resizing rules, and the file that the weights come in."""

import os
import tempfile
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save, save_file

from support.weights import network_of, random_weights
from viceversa import images
from viceversa.errors import ModelFileError
from viceversa.evaluation.extractors import FeatureNet
from viceversa.metrics.resizing import Rule, resize
from viceversa.networks.inception import ConvNorm, InceptionV3, MixedE, average_pool
from viceversa.networks.layers import count_parameters
from viceversa.weights.inception import inception_weights, load_inception, scaled


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    return random_weights()


@pytest.fixture(scope="module")
def network(weights: dict[str, torch.Tensor]) -> InceptionV3:
    return network_of(weights)


@pytest.fixture(scope="module")
def file(weights: dict[str, torch.Tensor]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        save_file(weights, Path(folder) / "inception.safetensors", inception_weights().metadata("6726825d" + 56 * "0"))
        yield Path(folder) / "inception.safetensors"


def pictures(count: int, side: int = 299, seed: int = 0) -> np.ndarray:
    u8 = np.random.default_rng(seed).integers(0, 256, (count, 3, side, side), dtype=np.uint8)
    return images.from_uint8(u8)


def test_the_network_has_the_published_size() -> None:
    """Keras publishes 21,802,784 without the dense layer: without scales of batch norms, with means and variances."""
    network = InceptionV3()
    normed = sum(part.num_features for part in network.modules() if isinstance(part, torch.nn.BatchNorm2d))
    body = count_parameters(network) - count_parameters(network.fc)
    assert normed == 17_216
    assert body + normed == 21_802_784
    assert count_parameters(network) == 23_850_960 == body + 1008 * 2049


def test_names_and_shapes_are_those_of_the_published_file() -> None:
    shapes = inception_weights().shapes
    parts = ("conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var")
    layers = {name.rsplit(".", 2)[0] for name in shapes if not name.startswith("fc.")}
    assert set(shapes) == {f"{layer}.{part}" for layer in layers for part in parts} | {"fc.weight", "fc.bias"}
    assert len(layers) == 94 and len(shapes) == 94 * 5 + 2
    for block, inside in {
        "Mixed_5b": "1x1 5x5_1 5x5_2 3x3dbl_1 3x3dbl_2 3x3dbl_3 _pool",
        "Mixed_6a": "3x3 3x3dbl_1 3x3dbl_2 3x3dbl_3",
        "Mixed_6e": "1x1 7x7_1 7x7_2 7x7_3 7x7dbl_1 7x7dbl_2 7x7dbl_3 7x7dbl_4 7x7dbl_5 _pool",
        "Mixed_7a": "3x3_1 3x3_2 7x7x3_1 7x7x3_2 7x7x3_3 7x7x3_4",
        "Mixed_7c": "1x1 3x3_1 3x3_2a 3x3_2b 3x3dbl_1 3x3dbl_2 3x3dbl_3a 3x3dbl_3b _pool",
    }.items():
        assert {name for name in layers if name.startswith(block)} == {f"{block}.branch{n}" for n in inside.split()}
    for name, shape in {
        "Conv2d_1a_3x3.conv.weight": (32, 3, 3, 3),
        "Conv2d_4a_3x3.bn.running_var": (192,),
        "Mixed_5b.branch_pool.conv.weight": (32, 192, 1, 1),
        "Mixed_5d.branch5x5_2.conv.weight": (64, 48, 5, 5),
        "Mixed_6b.branch7x7_2.conv.weight": (128, 128, 1, 7),
        "Mixed_6c.branch7x7dbl_2.conv.weight": (160, 160, 7, 1),
        "Mixed_7a.branch7x7x3_4.conv.weight": (192, 192, 3, 3),
        "Mixed_7c.branch3x3dbl_3b.conv.weight": (384, 384, 3, 1),
        "fc.weight": (1008, 2048),
    }.items():
        assert shapes[name] == shape


def test_each_block_has_the_published_width_and_side() -> None:
    with torch.device("meta"):
        network, x = InceptionV3(), torch.zeros(2, 3, 299, 299)
    shapes = {}
    for name, part in network.named_children():
        part.register_forward_hook(lambda _, __, y, name=name: shapes.update({name: (y.shape[1], y.shape[3])}))
    assert network(x).shape == (2, 2048)
    assert list(shapes.values()) == [
        (32, 149), (32, 147), (64, 147), (80, 73), (192, 71), (256, 35), (288, 35), (288, 35), (768, 17), (768, 17),
        (768, 17), (768, 17), (768, 17), (1280, 8), (2048, 8), (2048, 8),
    ]  # fmt: skip


def test_an_average_at_the_border_counts_no_zeros() -> None:
    assert torch.equal(average_pool(torch.ones(1, 1, 4, 5)), torch.ones(1, 1, 4, 5))
    x = torch.arange(9.0).reshape(1, 1, 3, 3)  # 0 1 2 / 3 4 5 / 6 7 8
    assert average_pool(x).flatten().tolist() == [2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6]


@pytest.mark.parametrize(("block", "corner"), [("Mixed_7b", 0.25), ("Mixed_7c", 1.0)])
def test_only_the_last_block_pools_by_the_maximum(block: str, corner: float) -> None:
    part = getattr(InceptionV3(), block).eval()
    assert isinstance(part, MixedE)
    pooled = []
    part.branch_pool.register_forward_pre_hook(lambda _, inputs: pooled.append(inputs[0]))
    x = torch.zeros(1, part.branch1x1.conv.in_channels, 8, 8)
    x[..., 0, 0] = 1
    part(x)
    assert pooled[0][0, :, 0, 0].unique().tolist() == [corner]


def test_the_batch_norm_adds_a_thousandth_to_the_variance() -> None:
    layer = ConvNorm(1, 1, 1).eval()
    torch.nn.init.ones_(layer.conv.weight)
    layer.bn.running_var.zero_()
    assert layer(torch.full((1, 1, 1, 1), 0.1)).item() == pytest.approx(0.1 / 0.001**0.5)
    assert layer(torch.full((1, 1, 1, 1), -0.1)).item() == 0


def inception_features(network: InceptionV3, x: np.ndarray, rule: Rule = "clean") -> np.ndarray:
    """As evaluate computes them."""
    scale = partial(scaled, rule=rule)
    return FeatureNet(name="", sha256="", side=299, dimensions=2048, rule=rule, net=network, scale=scale)(x)


@pytest.mark.long
def test_features_repeat_and_do_not_depend_on_the_batch(network: InceptionV3) -> None:
    x = pictures(3)
    batch = inception_features(network, x)
    assert np.array_equal(batch, inception_features(network, x))
    alone = np.concatenate([inception_features(network, x[i : i + 1]) for i in range(3)])
    assert np.abs(batch - alone).max() < 1e-4 * np.abs(batch).max()
    assert np.abs(batch[0] - batch[1]).max() > 0.01  # they do depend on the picture
    assert batch.shape == (3, 2048) and inception_features(network, x[:0]).shape == (0, 2048)


@pytest.mark.long
def test_each_rule_scales_like_its_reference_implementation(network: InceptionV3) -> None:
    x = pictures(1)  # of the size of the network: only the scale differs
    u8 = torch.from_numpy(images.to_uint8(x)).double()
    double = network_of({name: t.double() for name, t in network.state_dict().items()}).double()
    for rule, scaled_u8 in {"legacy": 2 * (u8 / 255) - 1, "clean": (u8 - 128) / 128}.items():
        expected = double(scaled_u8).numpy()
        assert np.abs(inception_features(network, x, rule) - expected).max() < 1e-4 * np.abs(expected).max()
    grey = x[:, :1]
    assert np.array_equal(inception_features(network, grey), inception_features(network, grey.repeat(3, axis=1)))


@pytest.mark.parametrize(("size", "side"), [((64, 96), 299), ((300, 500), 299), ((40, 40), 7), ((9, 9), 9)])
def test_clean_is_pillows_bicubic_on_float_channels(size: tuple[int, int], side: int) -> None:
    u8 = np.random.default_rng(1).integers(0, 256, (2, 3, *size), dtype=np.uint8)
    found = (resize(images.from_uint8(u8), side, "clean") + 1) * 127.5
    for one, planes in zip(found, u8, strict=True):
        for result, plane in zip(one, planes, strict=True):
            expected = Image.fromarray(plane.astype(np.float32)).resize((side, side), Image.Resampling.BICUBIC)
            assert np.abs(result - np.clip(np.asarray(expected), 0, 255)).max() < 1e-3


@pytest.mark.parametrize(("size", "side"), [((64, 96), 299), ((300, 500), 299), ((40, 40), 7), ((9, 9), 9)])
def test_legacy_is_bilinear_between_four_pixels(size: tuple[int, int], side: int) -> None:
    u8 = np.random.default_rng(2).integers(0, 256, (2, 3, *size), dtype=np.uint8)

    def ends(length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The two pixels around the centre of each new one, and the share of the second."""
        centre = np.clip((np.arange(side) + 0.5) * length / side - 0.5, 0, None)
        low = np.floor(centre).astype(int)
        return low, np.minimum(low + 1, length - 1), centre - low

    (top, bottom, down), (left, right, across) = ends(size[0]), ends(size[1])
    rows = u8[:, :, top] * (1 - down[:, None]) + u8[:, :, bottom] * down[:, None]
    expected = rows[..., left] * (1 - across) + rows[..., right] * across
    found = resize(images.from_uint8(u8), side, "legacy")
    assert found.dtype == np.float32
    assert np.abs(found - (expected / 127.5 - 1)).max() < 1e-5 * max(size)
    nudged = images.from_uint8(u8) + np.float32(0.4 / 127.5)  # not 8 bit: rounded first
    assert np.abs(resize(nudged.clip(-1, 1), side, "legacy") - found).max() < 1e-6


def test_fine_stripes_alias_under_legacy_only() -> None:
    stripes = np.tile(np.float32([1, -1, -1, 1]), 16)[None, None, None].repeat(64, axis=2)
    inside = (..., slice(2, -2))
    assert np.abs(resize(stripes, 16, "legacy") + 1).max() < 1e-6  # black: the white pixels are skipped
    assert np.abs(resize(stripes, 16, "clean")[inside]).max() < 0.02  # grey, as from afar


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="clean, legacy"):
        resize(pictures(1, 8), 4, "nearest")  # type: ignore[arg-type]


@pytest.mark.long
def test_a_file_is_loaded_for_use_only(file: Path, network: InceptionV3) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    loaded, digest = load_inception(file)
    assert torch.equal(before, torch.get_rng_state())
    assert not loaded.training and not any(p.requires_grad for p in loaded.parameters())
    assert all(
        torch.equal(t, network.state_dict()[name]) for name, t in loaded.state_dict().items() if "num" not in name
    )
    assert not any(t.is_meta for t in loaded.state_dict().values())
    assert digest == sha256(file.read_bytes()).hexdigest()
    assert inception_weights().is_published(file)


def refusal(path: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        load_inception(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("head", [b"PK\x03\x04", b"\x80\x02}q\x00.", b"", b"text"])
def test_pickled_weights_are_sent_to_convert(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "my weights.pth"
    path.write_bytes(head)
    assert refusal(path).endswith(f"viceversa convert '{path}' '{tmp_path / 'my weights.safetensors'}'")
    if head[:1] in (b"P", b"\x80"):
        renamed = path.rename(tmp_path / "renamed.safetensors")
        assert "pickled" in refusal(renamed)


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    assert "does not exist" in refusal(path)
    assert "is not a file" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "is not a file" in refusal(tmp_path / "pipe")
    huge = (2**60).to_bytes(8, "little") + b"{}"
    for data in (b"", b"a text", huge, save({"x": torch.ones(1)})[:-1], (8).to_bytes(8, "little") + b"[[[[[[[["):
        path.write_bytes(data)
        assert "is not a safetensors file" in refusal(path)
    path.write_bytes(save({"x": torch.ones(1)}))
    assert "it holds 'x'" in refusal(path)
    with open(path, "wb") as sparse:
        sparse.truncate(10**12)  # takes no room on the disk; reading it would take all memory
    assert "MB are too many" in refusal(path)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"fc.bias": None}, "fc.bias is missing"),
        ({"AuxLogits.fc.bias": torch.ones(1000)}, "it holds 'AuxLogits.fc.bias'"),
        ({"fc.weight": torch.ones(1000, 2048)}, r"fc.weight is \(1000, 2048\) instead of \(1008, 2048\)"),
        ({"fc.bias": torch.ones(1008).half()}, "torch.float16"),
        ({"fc.bias": torch.full((1008,), torch.nan)}, "fc.bias holds numbers"),
        ({"Mixed_5b.branch1x1.bn.bias": torch.full((64,), torch.inf)}, "bn.bias holds numbers"),
        ({"Mixed_5b.branch1x1.bn.running_var": -torch.ones(64)}, "running_var holds numbers"),
    ],
)
def test_weights_of_another_kind_are_refused(
    weights: dict[str, torch.Tensor], change: dict[str, torch.Tensor | None], complaint: str
) -> None:
    inception_weights().require_tensors(weights, Path("x"))
    changed = {name: tensor for name, tensor in (weights | change).items() if tensor is not None}
    with pytest.raises(ModelFileError, match=complaint):
        inception_weights().require_tensors(changed, Path("x"))


def test_a_note_in_the_file_may_be_anything(tmp_path: Path) -> None:
    for note in (None, {"viceversa": "["}, {"viceversa": "3"}, {"viceversa": "{}"}, {"other": "6726825d"}):
        save_file({"x": torch.ones(1)}, tmp_path / "x.safetensors", note)
        assert not inception_weights().is_published(tmp_path / "x.safetensors")
