"""Media time increases strictly, whatever a container says, and stays what it says where that is right."""

import math
from itertools import pairwise

import numpy as np
import pytest

from edge.sources.files.media_time import MediaTime


def times(told, fps=25.0):
    time = MediaTime(fps)
    return [time.after(told_s) for told_s in told]


def test_times_that_increase_are_kept():
    told = [0.0, 0.04, 0.1, 0.5, 0.52]
    assert times(told) == told


def test_a_time_that_stands_still_becomes_index_over_rate():
    np.testing.assert_allclose(times([0.0] * 50), np.arange(50) / 25)


def test_recordings_joined_into_one_follow_each_other():
    part = [i / 25 for i in range(10)]
    np.testing.assert_allclose(times(part * 3), np.arange(30) / 25, atol=1e-9)


def test_one_wrong_time_moves_no_other():
    told = [0.0, 0.04, 0.08, 0.04, 0.16, 0.2]
    assert times(told) == pytest.approx([0.0, 0.04, 0.08, 0.12, 0.16, 0.2])


@pytest.mark.parametrize(
    "told",
    [
        [math.nan] * 5,
        [-math.inf, 0.0, math.inf, 0.08, 0.04],
        [-5.0, -4.9, -4.8, 0.0, 0.1],
        [0.0, 0.0001, 0.0002, 0.0003],
        [3.0, 2.0, 1.0, 0.0],
    ],
)
def test_times_in_records_are_never_the_same(told):
    records = [round(t, 3) for t in times(told)]
    assert records[0] >= 0
    assert all(b > a for a, b in pairwise(records)), records
