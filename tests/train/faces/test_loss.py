"""The loss is least where the maps say what is there."""

import numpy as np
import pytest

from train.faces.loss import TRUTH, cells, loss
from train.faces.network import CHANNELS

PLACES, STRIDES = cells(64, 64)
BOX, EYES = np.array([12.0, 16, 24, 24]), np.array([20.0, 24, 28, 24])


def truth(faces=1):
    rows = np.zeros((1, 3, TRUTH), np.float32)
    rows[0, :faces] = [1, *BOX, *EYES]
    return rows


def answer(shift=0.0, face=8.0):
    """The maps of a network that sees the face in the cells around its middle, `shift` pixels off."""
    values = np.zeros((1, len(PLACES), CHANNELS), np.float32)
    values[..., :2] = -8
    near = (np.abs(PLACES + STRIDES[:, None] / 2 - (24, 28)) < 8).all(axis=1) & (STRIDES == 8)
    assert near.any()
    values[0, near, :2] = face
    places, stride = PLACES[near], STRIDES[near, None]
    values[0, near, 2:4] = (BOX[:2] + BOX[2:] / 2 + shift - places) / stride
    values[0, near, 4:6] = np.log(BOX[2:] / stride)
    values[0, near, 6:] = (EYES - np.tile(places, 2)) / stride
    values[0, ~near, 4:6] = -3  # specks
    return values


def of(rows, values):
    return float(np.asarray(loss(rows, values, PLACES, STRIDES)))


def test_there_is_a_cell_for_each_place_of_each_map():
    assert len(PLACES) == 8 * 8 + 4 * 4 + 2 * 2
    assert PLACES[1].tolist() == [8, 0]


def test_seeing_the_face_costs_less_than_missing_it_or_seeing_it_elsewhere():
    right = of(truth(), answer())
    assert right < of(truth(), answer(shift=8))
    assert right < of(truth(), answer(face=-8.0))


def test_a_face_where_there_is_none_costs():
    assert of(truth(0), answer(face=-8.0)) < of(truth(0), answer())


def test_rows_that_are_no_face_do_not_count():
    rows = truth()
    rows[0, 1:, 1:] = 99
    assert of(rows, answer()) == pytest.approx(of(truth(), answer()))
