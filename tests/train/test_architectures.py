"""The architectures: the paper's to the letter, ours within its budget, all with scaling inside."""

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="keras is not installed (extra 'train')")

from train.architectures import ARCHITECTURES, multiply_adds


def test_paper_c_is_figure_9():
    model = ARCHITECTURES["paper-c"].build()
    kinds = [type(layer).__name__ for layer in model.layers]
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [(c.filters, c.kernel_size) for c in convolutions] == [
        (64, (3, 3)),
        (128, (5, 5)),
        (512, (3, 3)),
        (512, (3, 3)),
    ]
    assert all(c.padding == "same" for c in convolutions)
    block = ["Conv2D", "BatchNormalization", "ReLU", "MaxPooling2D", "Dropout"]
    dense = ["Dense", "BatchNormalization", "ReLU", "Dropout"]
    assert kinds == ["InputLayer", "Rescaling", *block * 4, "Flatten", *dense * 2, "Dense"]
    dropouts = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert dropouts == [0.25] * 6
    # The paper says 4.48 M.
    assert round(model.count_params() / 1e6, 2) == 4.48


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_takes_raw_pixels_and_gives_seven_probabilities(name):
    model = ARCHITECTURES[name].build()
    assert model.name == name
    faces = np.random.default_rng(1).integers(0, 256, (2, 48, 48, 1)).astype("f4")
    scores = keras.ops.convert_to_numpy(model(faces, training=False))
    assert scores.shape == (2, 7)
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)
    assert any(isinstance(layer, keras.layers.Rescaling) for layer in model.layers)


def test_edge_s_keeps_its_budget():
    model = ARCHITECTURES["edge-s"].build()
    assert multiply_adds(model) <= 30e6
    assert model.count_params() <= 1e6
