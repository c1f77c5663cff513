"""A camera on its side or upside down gives upright pictures, whoever does the turning."""

import numpy as np
import pytest

from edge.sources.orientation import turn, turned_size


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3)])
def test_it_turns_clockwise_and_then_mirrors(pixels, degrees, mirror, shape):
    image = pixels(*shape)
    expected = np.rot90(image, -degrees // 90)
    expected = expected[:, ::-1] if mirror else expected
    np.testing.assert_array_equal(turn(image, degrees, mirror), expected)
    assert turned_size((6, 4), degrees) == expected.shape[1::-1]


def test_nothing_to_do_costs_no_copy(pixels):
    image = pixels(4, 6)
    assert turn(image, 0) is image
