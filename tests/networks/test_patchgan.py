"""The patch discriminator: published sizes, receptive field, output size and initial weights."""

import pytest
import torch

from viceversa.networks.layers import count_parameters
from viceversa.networks.patchgan import PatchGAN
from viceversa.networks.receptive_field import receptive_field


@pytest.mark.parametrize(("layers", "count"), [(1, 136_385), (2, 662_977), (3, 2_764_737), (4, 6_959_553)])
def test_published_parameter_count(layers: int, count: int) -> None:
    assert count_parameters(PatchGAN(layers=layers)) == count


def test_receptive_field_by_formula() -> None:
    assert [receptive_field(PatchGAN(width=2, layers=n)).side for n in (1, 2, 3, 4, 5)] == [16, 34, 70, 142, 286]


def test_receptive_field_by_gradient() -> None:
    net = PatchGAN(width=4, layers=3).double()
    for layer in net.model:
        if isinstance(layer, torch.nn.InstanceNorm2d):  # its statistics depend on the whole map
            layer.forward = lambda x: x  # type: ignore[method-assign]
    x = torch.randn(1, 3, 128, 128, dtype=torch.double, requires_grad=True)
    net(x)[0, 0, 7, 7].backward()
    positions = x.grad[0].abs().sum(0).nonzero()
    height, width = (positions.max(0).values - positions.min(0).values + 1).tolist()
    assert (height, width) == (70, 70)


@pytest.mark.parametrize(("size", "side"), [(256, 30), (128, 14), (64, 6), (32, 2)])
def test_output_size(size: int, side: int) -> None:
    assert PatchGAN(width=2)(torch.zeros(1, 3, size, size)).shape == (1, 1, side, side)


def test_layers_have_the_numbers_of_the_authors_code() -> None:
    weights = [key for key in PatchGAN().state_dict() if key.endswith("weight")]
    assert weights == [f"model.{i}.weight" for i in (0, 2, 5, 8, 11)]


def test_initial_weights_are_normal_with_deviation_002() -> None:
    weights = torch.cat([p.flatten() for n, p in PatchGAN().named_parameters() if n.endswith("weight")])
    assert abs(weights.std() - 0.02) < 1e-4
    assert all(not p.any() for n, p in PatchGAN(width=4).named_parameters() if n.endswith("bias"))
