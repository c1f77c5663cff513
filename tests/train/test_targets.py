"""Targets: labels, votes or both, and weights against imbalance."""

import dataclasses

import numpy as np
import pytest

from edge.evaluation.datasets.ferplus import VOTES
from edge.support.errors import DatasetError
from edge.support.labels import EMOTIONS
from train.data.targets import face_weights, one_hot, targets
from train.recipe import load_recipe

HAPPY, NEUTRAL, FEAR = (EMOTIONS.index(name) for name in ("happy", "neutral", "fear"))


@pytest.fixture
def voted(labelled_faces):
    """Two faces labelled fear: four votes for neutral to one for happy, and none at all."""
    faces = labelled_faces.select(np.flatnonzero(labelled_faces.labels == FEAR)[:2])
    votes = np.zeros((2, len(VOTES)), int)
    votes[0, VOTES.index("neutral")], votes[0, VOTES.index("happiness")] = 4, 1
    return dataclasses.replace(faces, votes=votes)


def test_by_default_a_target_is_the_label(voted):
    np.testing.assert_array_equal(targets(voted, load_recipe("paper")), one_hot(voted.labels))


def test_ferplus_targets_are_shares_of_votes_and_the_label_where_nobody_voted(voted):
    first, second = targets(voted, load_recipe("paper", {"labels": "ferplus"}))
    assert (first[NEUTRAL], first[HAPPY]) == pytest.approx((0.8, 0.2))
    assert second[FEAR] == 1


def test_blended_targets_are_the_mean_of_label_and_votes(voted):
    first, second = targets(voted, load_recipe("paper", {"labels": "blend"}))
    assert (first[FEAR], first[NEUTRAL], first[HAPPY]) == pytest.approx((0.5, 0.4, 0.1))
    assert second[FEAR] == 1


def test_smoothing_is_spread_over_all_seven(voted):
    first, _ = targets(voted, load_recipe("paper", {"label_smoothing": "0.7"}))
    assert first[FEAR] == pytest.approx(0.4)
    assert first[HAPPY] == pytest.approx(0.1)


def test_votes_that_the_set_does_not_have_are_refused(labelled_faces):
    with pytest.raises(DatasetError, match=r"needs FER\+ votes; give fer2013.csv with"):
        targets(labelled_faces, load_recipe("edge", {"labels": "blend"}))


def test_full_balance_gives_every_class_the_same_weight_in_all():
    labels = np.repeat(np.arange(7), [10, 1, 20, 30, 5, 5, 5])
    weights = face_weights(one_hot(labels), 1.0)
    per_class = np.bincount(labels, weights)
    np.testing.assert_allclose(per_class, per_class[0], rtol=1e-5)
    assert weights.mean() == pytest.approx(1.0)
    np.testing.assert_allclose(face_weights(one_hot(labels), 0.0), 1.0)
