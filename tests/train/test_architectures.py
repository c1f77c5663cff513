"""The architectures: the paper's to the letter, ours within their budgets, all fed raw pixels."""

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="keras is not installed (extra 'train')")

from train.architectures import ARCHITECTURES
from train.cost import multiply_adds

NO_SCALING = {"paper-c-unscaled"}  # as the paper prints it


@pytest.fixture(scope="module")
def build():
    """Return the network of this name, built once."""
    built = {}

    def by_name(name):
        return built.setdefault(name, ARCHITECTURES[name].build())

    return by_name


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


def of_kind(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def test_paper_a_has_two_convolutions_of_64_and_256_and_dropout_of_a_fifth(build):
    model = build("paper-a")
    assert [c.filters for c in of_kind(model, keras.layers.Conv2D)] == [64, 256]
    assert [d.rate for d in of_kind(model, keras.layers.Dropout)] == [0.2, 0.2]
    assert [d.units for d in of_kind(model, keras.layers.Dense)] == [7]


def test_paper_c_is_figure_9(build):
    model = build("paper-c")
    convolutions = of_kind(model, keras.layers.Conv2D)
    assert [(c.filters, c.kernel_size) for c in convolutions] == [
        (64, (3, 3)),
        (128, (5, 5)),
        (512, (3, 3)),
        (512, (3, 3)),
    ]
    assert all(c.padding == "same" for c in convolutions)
    block = ["Conv2D", "BatchNormalization", "ReLU", "MaxPooling2D", "Dropout"]
    dense = ["Dense", "BatchNormalization", "ReLU", "Dropout"]
    assert kinds(model) == ["InputLayer", "Rescaling", *block * 4, "Flatten", *dense * 2, "Dense"]
    assert [layer.rate for layer in of_kind(model, keras.layers.Dropout)] == [0.25] * 6
    # The paper says 4.48 M.
    assert round(model.count_params() / 1e6, 2) == 4.48


def test_paper_b_is_model_c_with_average_pooling_and_plain_sgd(build):
    with_average = [k.replace("MaxPooling2D", "AveragePooling2D") for k in kinds(build("paper-c"))]
    assert kinds(build("paper-b")) == with_average
    assert ARCHITECTURES["paper-b"].changes == {"optimizer": "sgd"}


def test_model_c_as_printed_differs_only_in_the_missing_scaling(build):
    scaled = kinds(build("paper-c"))
    scaled.remove("Rescaling")
    assert kinds(build("paper-c-unscaled")) == scaled


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_takes_raw_pixels_and_gives_seven_probabilities(name, build):
    model = build(name)
    assert model.name == name
    faces = np.random.default_rng(1).integers(0, 256, (2, 48, 48, 1)).astype("f4")
    scores = keras.ops.convert_to_numpy(model(faces, training=False))
    assert scores.shape == (2, 7)
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)
    assert bool(of_kind(model, keras.layers.Rescaling)) == (name not in NO_SCALING)


@pytest.mark.parametrize(
    ("name", "budget"),
    [("edge-xs", 8e6), ("edge-s", 30e6), ("face-m", 100e6), ("edge-l", 120e6), ("face-l", 190e6)],
)
def test_the_networks_for_devices_keep_their_budget(name, budget, build):
    assert multiply_adds(build(name)) <= budget
