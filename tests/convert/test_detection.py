"""The face detector's file is full int8, takes any size, and finds what its network finds."""

from pathlib import Path

import numpy as np
import pytest

from edge.faces.maps import CHANNELS, decode
from edge.inference.graph_check import check_graph
from edge.support.errors import ConversionError


@pytest.fixture(scope="module")
def detection():
    from convert import detection

    return detection


@pytest.fixture(scope="module")
def network(detection):
    """A little network with three maps, the finest enlarged from the next as YuNet's are."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    picture = keras.Input((None, None, 1))
    fine = layers.AveragePooling2D(8)(picture)
    fine = layers.Conv2D(8, 3, padding="same", activation="relu")(fine)
    middle = layers.MaxPooling2D(2)(fine)
    coarse = layers.Conv2D(8, 1, activation="relu")(layers.MaxPooling2D(2)(middle))
    middle = layers.Add()([middle, layers.UpSampling2D(2)(coarse)])
    maps = [layers.Conv2D(CHANNELS, 1)(x) for x in (fine, middle, coarse)]
    return keras.Model(picture, maps)


@pytest.fixture(scope="module")
def scenes(detection):
    rng = np.random.default_rng(1)
    pictures = rng.integers(0, 256, (8, 64, 96), dtype=np.uint8)
    return detection.Scenes(pictures, tuple(np.zeros((0, 4), np.float32) for _ in pictures))


def test_the_file_gives_the_networks_maps_at_any_size(detection, network, scenes):
    given = detection.FileMaps(detection.to_int8(network, scenes))
    exact = detection.float_maps(network)
    rng = np.random.default_rng(2)
    for shape in ((64, 96), (96, 160), (32, 32)):
        picture = rng.integers(0, 256, shape, dtype=np.uint8)
        for one, other in zip(given(picture), exact(picture), strict=True):
            assert one.values.shape == other.values.shape == (
                shape[0] // one.stride, shape[1] // one.stride, CHANNELS
            )  # fmt: skip
            real = (one.values.astype(np.float32) - one.zero_point) * one.scale
            assert np.abs(real - other.values).mean() < 0.03 * np.ptp(other.values)


def test_a_network_takes_the_windows_of_its_first_convolution_and_says_the_same(detection, scenes):
    import keras
    from keras import layers

    from convert.reading.network import Network
    from convert.writing import windows
    from convert.writing.quantize import to_tflite

    keras.utils.set_random_seed(4)
    picture = keras.Input((64, 96, 1))
    x = layers.Conv2D(8, 3, strides=2, activation="relu")(layers.ZeroPadding2D(1)(picture))
    maps = [layers.Conv2D(CHANNELS, 1)(layers.MaxPooling2D(side)(x)) for side in (4, 8, 16)]
    model = keras.Model(picture, maps)
    network = Network("little", Path(), (64, 96, 1), lambda x: model(x), False, held=model)
    plain = to_tflite(network, "int8", scenes.pictures)
    cut = windows.takes_windows(plain)
    assert detection.describe_input(plain)["shape"] == [1, 64, 96, 1]
    assert detection.describe_input(cut)["shape"] == [1, 32, 48, 12]
    check_graph(cut)
    before, after = detection.FileMaps(plain), detection.FileMaps(cut)
    rng = np.random.default_rng(2)
    for shape in ((64, 96), (96, 160), (32, 32)):
        picture = rng.integers(0, 256, shape, dtype=np.uint8)
        for one, other in zip(before(picture), after(picture), strict=True):
            assert one.stride == other.stride
            assert (one.values == other.values).all()


def test_a_network_that_begins_otherwise_takes_pictures_as_before(detection, network, scenes):
    assert detection.describe_input(detection.to_int8(network, scenes))["shape"][-1] == 1


def test_scenes_that_were_never_made_are_refused_by_name(detection, tmp_path):
    with pytest.raises(ConversionError, match=r"scenes\.npz.*train\.faces"):
        detection.read_scenes(tmp_path / "scenes.npz")


def test_faces_found_and_boxes_on_none_are_counted(detection):
    from edge.faces.maps import Map

    values = np.zeros((8, 8, CHANNELS), np.float32)
    values[..., :2] = -20
    values[2, 2, :2], values[6, 6, :2] = 9, 9  # one on the face, one elsewhere
    one = Map(values, 1.0, 0, 8)
    picture = np.zeros((1, 64, 64), np.uint8)
    faces = detection.Scenes(picture, (np.array([[12, 12, 8, 8], [40, 0, 8, 8]], np.float32),))
    assert len(decode([one], 0.5).boxes) == 2
    parity = detection.measure(lambda _: [one], faces, 0.5)
    assert (parity.recall, parity.wrong) == (0.5, 1.0)
