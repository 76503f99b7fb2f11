"""The NumPy implementations against theorems, closed forms, PyTorch and SciPy."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.optimize import check_grad
from scipy.signal import convolve2d, correlate2d
from sklearn.datasets import load_digits
from torch.nn import functional

from viceversa.networks.layers import output_size
from viceversa_lab.by_hand import convolution, optimizers, perceptron
from viceversa_lab.by_hand.mlp import ACTIVATIONS, DEVIATIONS, LOSSES, MLP, draw, softmax
from viceversa_lab.by_hand.optimizers import OPTIMIZERS, SURFACES, path, valley

RNG = np.random.default_rng(0)

# --- Perceptron

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


@pytest.mark.parametrize("truth", [[0, 0, 0, 1], [0, 1, 1, 1], [1, 1, 1, 0], [0, 0, 1, 0]])
def test_perceptron_learns_linearly_separable_labels(truth: list[int]) -> None:
    weights, mistakes = perceptron.fit(CORNERS, truth, epochs=50)
    assert mistakes[-1] == 0
    assert perceptron.neuron(weights, CORNERS).tolist() == truth


@pytest.mark.parametrize("seed", range(5))
def test_mistakes_are_below_novikoffs_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    separator = rng.normal(size=4)
    x = rng.uniform(-1, 1, (400, 3))
    margins = np.abs(perceptron.augment(x) @ separator) / np.linalg.norm(separator)
    x, gamma = x[margins > 0.1], margins[margins > 0.1].min()
    _, mistakes = perceptron.fit(x, perceptron.neuron(separator, x), epochs=1000, seed=seed)
    radius = np.linalg.norm(perceptron.augment(x), axis=1).max()
    assert mistakes[-1] == 0 and 0 < sum(mistakes) <= (radius / gamma) ** 2


def test_perceptron_never_learns_xor() -> None:
    xor = [0, 1, 1, 0]
    weights, mistakes = perceptron.fit(CORNERS, xor, epochs=100)
    assert len(mistakes) == 100 and min(mistakes) > 0
    assert (perceptron.neuron(weights, CORNERS) != xor).any()
    random_weights = RNG.normal(size=(2000, 3))
    assert max(int((perceptron.neuron(w, CORNERS) == xor).sum()) for w in random_weights) == 3


def test_heaviside_of_zero_is_one() -> None:
    assert perceptron.heaviside([-1e-9, 0.0, 2.0]).tolist() == [0, 1, 1]


def test_rosenblatt_step_by_hand() -> None:
    x = np.array([1.0, 2.0, 5.0])
    assert perceptron.rosenblatt(np.array([0.0, 1.0, -1.0]), x, 1, lr=0.5).tolist() == [0.5, 2.0, 1.5]
    assert perceptron.rosenblatt(np.array([0.0, 1.0, -1.0]), x, 0, lr=0.5).tolist() == [0.0, 1.0, -1.0]


# --- MLP

TORCH: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "mish": functional.mish,
    "softmax": lambda z: z.softmax(-1),
}
TORCH_LOSSES = {
    "mae": functional.l1_loss,
    "mse": functional.mse_loss,
    "cross_entropy": functional.cross_entropy,  # accepts probabilities as targets
}
X = RNG.normal(size=(7, 5)) * 2
Y = softmax(RNG.normal(size=(7, 3)))


def nets(hidden: str, output: str, loss: str) -> MLP:
    return MLP([5, 6, 4, 3], hidden, output, loss, scale="he", seed=1)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("output", ["identity", "sigmoid", "softmax"])
@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_backpropagation_equals_autograd(hidden: str, output: str, loss: str) -> None:
    net = nets(hidden, output, loss)
    value, weight_gradients, bias_gradients = net.gradients(X, Y)
    weights = [torch.tensor(w, requires_grad=True) for w in net.weights]
    biases = [torch.tensor(b, requires_grad=True) for b in net.biases]
    a = torch.tensor(X)
    for i, (w, b) in enumerate(zip(weights, biases, strict=True)):
        a = TORCH[hidden if i < 2 else output](a @ w + b)
    expected = TORCH_LOSSES[loss](a, torch.tensor(Y))
    expected.backward()
    assert value == pytest.approx(expected.item(), abs=1e-12)
    for ours, theirs in zip([*weight_gradients, *bias_gradients], [*weights, *biases], strict=True):
        np.testing.assert_allclose(ours, theirs.grad, rtol=0, atol=1e-10)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("hidden", ["sigmoid", "tanh", "mish", "softmax"])
def test_backpropagation_equals_finite_differences(hidden: str, loss: str) -> None:
    net, step = nets(hidden, "identity", loss), 1e-6
    _, weight_gradients, bias_gradients = net.gradients(X, Y)
    for array, gradient in zip([*net.weights, *net.biases], [*weight_gradients, *bias_gradients], strict=True):
        for index in np.ndindex(array.shape):
            values = []
            for offset in (step, -step):
                array[index] += offset
                values.append(net.loss.value(net(X), Y))
                array[index] -= offset
            assert gradient[index] == pytest.approx((values[0] - values[1]) / (2 * step), abs=1e-8)


def test_activations_do_not_overflow() -> None:
    z = np.array([[-1e4, -800.0, 0.0, 800.0, 1e4]])
    for name, f in ACTIVATIONS.items():
        np.testing.assert_allclose(f.value(z), TORCH[name](torch.tensor(z)), atol=1e-12)
        assert np.isfinite(f.backward(z, np.ones_like(z))).all()
    assert LOSSES["cross_entropy"].value(z, np.eye(5)[[4]]) == 0


@pytest.mark.parametrize("shape", ["normal", "uniform"])
@pytest.mark.parametrize(
    ("scale", "deviation"), [("fixed", 0.05), ("glorot", math.sqrt(2 / 700)), ("he", math.sqrt(0.005))]
)
def test_initial_weights_have_the_stated_deviation(shape: str, scale: str, deviation: float) -> None:
    weights = draw(np.random.default_rng(0), 400, 300, shape, scale)
    assert weights.shape == (400, 300) and weights.std() == pytest.approx(deviation, rel=0.01)
    assert abs(weights).max() / deviation == pytest.approx(math.sqrt(3) if shape == "uniform" else 4.5, rel=0.15)
    assert scale in DEVIATIONS


def test_hidden_layer_solves_xor() -> None:
    net = MLP([2, 8, 2], activation="tanh", seed=0)
    losses = net.train(
        CORNERS.astype(float), np.eye(2)[[0, 1, 1, 0]], 300, batch=4, make_rule=lambda: optimizers.Adam(0.05)
    )
    assert net(CORNERS).argmax(1).tolist() == [0, 1, 1, 0] and losses[-1] < 0.05 < losses[0]


def test_mlp_by_hand_classifies_digits() -> None:
    x, y = load_digits(return_X_y=True)
    net = MLP([64, 32, 10])
    net.train(x[:1200] / 16, np.eye(10)[y[:1200]], epochs=20)
    assert (net(x[1200:] / 16).argmax(1) == y[1200:]).mean() > 0.9


# --- Optimizers

TORCH_RULES = {
    "sgd": (dict(lr=1e-3), lambda w: torch.optim.SGD([w], lr=1e-3)),
    "momentum": (dict(lr=1e-3, mu=0.8), lambda w: torch.optim.SGD([w], lr=1e-3, momentum=0.8)),
    "rmsprop": (dict(lr=0.02, rho=0.9), lambda w: torch.optim.RMSprop([w], lr=0.02, alpha=0.9)),
    "adam": (dict(lr=0.05, b1=0.8, b2=0.99), lambda w: torch.optim.Adam([w], lr=0.05, betas=(0.8, 0.99))),
}


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_paths_equal_torch(name: str, surface: str) -> None:
    settings, make = TORCH_RULES[name]
    loss = SURFACES[surface]
    ours = path(OPTIMIZERS[name](**settings), loss.gradient, loss.start, 60)
    w = torch.tensor(loss.start, dtype=torch.double, requires_grad=True)
    optimizer = make(w)
    theirs = [w.detach().clone()]
    for _ in range(60):
        w.grad = torch.tensor(loss.gradient(w.detach().numpy()))
        optimizer.step()
        theirs.append(w.detach().clone())
    np.testing.assert_allclose(ours, torch.stack(theirs), rtol=0, atol=1e-12)


def test_descent_in_a_valley_is_geometric() -> None:
    """w_t = (1 - lr k)^t w_0 on each axis; beyond lr = 2 / k it leaves the valley."""
    loss = valley(25.0)
    weights = path(optimizers.SGD(0.07), loss.gradient, loss.start, 40)
    t = np.arange(41)[:, None]
    np.testing.assert_allclose(weights, (1 - 0.07 * np.array([1, 25.0])) ** t * loss.start, atol=1e-12)
    assert abs(path(optimizers.SGD(0.081), loss.gradient, loss.start, 200)[-1]).max() > 100


def test_momentum_is_faster_in_a_valley() -> None:
    loss = valley(100.0)
    slow, fast = (
        path(rule, loss.gradient, loss.start, 150)[-1]
        for rule in (optimizers.SGD(0.015), optimizers.Momentum(0.015, 0.9))
    )
    assert np.linalg.norm(fast) < np.linalg.norm(slow) / 50


@pytest.mark.parametrize("name", ["rmsprop", "adam"])
def test_adaptive_rules_ignore_the_scale_of_the_loss(name: str) -> None:
    loss = valley()
    ones, thousands = (
        path(OPTIMIZERS[name](lr=0.01), lambda w, by=by: by * loss.gradient(w), loss.start, 50) for by in (1, 1000)
    )
    np.testing.assert_allclose(ones, thousands, atol=1e-6)
    assert OPTIMIZERS["adam"](lr=0.01)(np.zeros(1), np.array([7.0]))[0] == pytest.approx(-0.01)  # first step: lr


@pytest.mark.parametrize("name", SURFACES)
def test_surface_gradients_minima_and_windows(name: str) -> None:
    loss = SURFACES[name]
    left, right, bottom, top = loss.window
    for w in RNG.uniform((left, bottom), (right, top), (20, 2)):
        scale = 1 + np.linalg.norm(loss.gradient(w))
        assert check_grad(loss.value, loss.gradient, w) / scale < 1e-6
    a, b = loss.minimum
    assert left < a < right and bottom < b < top and left < loss.start[0] < right and bottom < loss.start[1] < top
    assert abs(loss.gradient(np.array(loss.minimum))).max() < 1e-5
    grid = np.stack(np.meshgrid(np.linspace(left, right, 50), np.linspace(bottom, top, 40)), -1)
    assert loss.value(grid).shape == (40, 50) and loss.gradient(grid).shape == (40, 50, 2)
    assert loss.value(grid).min() >= loss.value(np.array(loss.minimum))


# --- Convolution

IMAGE = RNG.normal(size=(9, 11))
ODD, EVEN = RNG.normal(size=(3, 5)), RNG.normal(size=(2, 4))


def test_convolution_equals_its_definition() -> None:
    """(K * I)[x, y] = sum_ij K[i, j] I[x - i, y - j], nothing outside the image."""
    output = convolution.convolve(IMAGE, EVEN, padding="full")
    for x, y in np.ndindex(output.shape):
        inside = [(i, j) for i, j in np.ndindex(EVEN.shape) if 0 <= x - i < 9 and 0 <= y - j < 11]
        assert output[x, y] == pytest.approx(sum(EVEN[i, j] * IMAGE[x - i, y - j] for i, j in inside))


@pytest.mark.parametrize("padding", ["valid", "same", "full"])
def test_convolution_and_correlation_equal_scipy(padding: str) -> None:
    for kernel in (ODD,) if padding == "same" else (ODD, EVEN):
        np.testing.assert_allclose(
            convolution.convolve(IMAGE, kernel, padding=padding), convolve2d(IMAGE, kernel, padding)
        )
        np.testing.assert_allclose(
            convolution.correlate(IMAGE, kernel, padding=padding), correlate2d(IMAGE, kernel, padding)
        )


def test_convolution_is_correlation_with_the_rotated_kernel() -> None:
    rotated = ODD[::-1, ::-1]
    np.testing.assert_array_equal(convolution.convolve(IMAGE, ODD), convolution.correlate(IMAGE, rotated))
    assert not np.allclose(convolution.convolve(IMAGE, ODD), convolution.correlate(IMAGE, ODD))


def test_only_convolution_commutes_and_associates() -> None:
    def full(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return convolution.convolve(a, b, padding="full")

    np.testing.assert_allclose(full(IMAGE, ODD), full(ODD, IMAGE))
    np.testing.assert_allclose(full(full(IMAGE, ODD), EVEN), full(IMAGE, full(ODD, EVEN)))
    one, other = (convolution.correlate(a, b, padding="full") for a, b in ((IMAGE, ODD), (ODD, IMAGE)))
    assert not np.allclose(one, other)


def test_impulse_response_is_the_kernel() -> None:
    impulse = np.zeros((5, 7))
    impulse[2, 3] = 1
    np.testing.assert_array_equal(convolution.convolve(impulse, ODD, padding="same")[1:4, 1:6], ODD)
    np.testing.assert_array_equal(convolution.correlate(impulse, ODD, padding="same")[1:4, 1:6], ODD[::-1, ::-1])


@pytest.mark.parametrize("padding", ["valid", "same", 2])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
def test_layer_equals_torch(kernel: int, stride: int, padding: str | int) -> None:
    x, k, b = RNG.normal(size=(3, 10, 13)), RNG.normal(size=(4, 3, kernel, kernel)), RNG.normal(size=4)
    tx = torch.tensor(x)
    if padding == "same":
        tx = functional.pad(tx, ((kernel - 1) // 2, kernel // 2) * 2)
    expected = functional.conv2d(tx[None], torch.tensor(k), torch.tensor(b), stride, padding if padding == 2 else 0)[0]
    output = convolution.layer(x, k, b, stride, padding)
    np.testing.assert_allclose(output, expected, atol=1e-12)
    assert output.shape[1:] == tuple(output_size(n, kernel, stride, padding) for n in (10, 13))


def test_output_sizes() -> None:
    size = output_size
    assert (size(28, 5), size(28, 5, padding="same"), size(28, 5, padding="full")) == (24, 28, 32)
    assert (size(28, 3, 2, "same"), size(7, 5, 2, 2), size(256, 4, 2, 1), size(7, 7), size(2, 3)) == (14, 4, 128, 1, 0)


@pytest.mark.parametrize(("size", "stride"), [(2, None), (3, None), (3, 2), (2, 1)])
def test_pooling_equals_torch(size: int, stride: int | None) -> None:
    x = RNG.normal(size=(2, 9, 11))
    tx = torch.tensor(x)
    np.testing.assert_array_equal(convolution.max_pool(x, size, stride), functional.max_pool2d(tx, size, stride))
    np.testing.assert_allclose(convolution.average_pool(x, size, stride), functional.avg_pool2d(tx, size, stride))
    assert convolution.max_pool(x, size, stride).shape[1] == output_size(9, size, stride or size)


def test_kernels_have_the_named_effect() -> None:
    K = convolution.KERNELS
    sums = {name: K[name].sum() for name in K}
    assert all(sums[n] == pytest.approx(1) for n in ("identity", "box blur", "gaussian", "sharpen", "emboss"))
    assert sums["sobel x"] == sums["sobel y"] == sums["laplace"] == 0  # nothing on a flat surface
    right, down = np.meshgrid(np.arange(8.0), np.arange(8.0))
    np.testing.assert_array_equal(convolution.correlate(IMAGE, K["identity"], padding="same"), IMAGE)
    np.testing.assert_array_equal(convolution.correlate(right, K["sobel x"]), np.full((6, 6), 8.0))
    np.testing.assert_array_equal(convolution.convolve(right, K["sobel x"]), np.full((6, 6), -8.0))
    np.testing.assert_array_equal(convolution.correlate(down, K["sobel y"]), np.full((6, 6), 8.0))
    np.testing.assert_array_equal(convolution.correlate(right**2 + down**2, K["laplace"]), np.full((6, 6), 4.0))
    np.testing.assert_allclose(K["gaussian"][2] / K["gaussian"][2, 2], np.array([1, 4, 6, 4, 1]) / 6)
