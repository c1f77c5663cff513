"""Logit adjustment: the prior of the emotions goes out of the answers, as Bayes' rule has it."""

import numpy as np
import pytest

pytest.importorskip("keras", reason="keras is not installed (extra 'train')")

from train.architectures import ARCHITECTURES
from train.learning.adjustment import adjust, prior
from train.recipe import load_recipe

PIXELS = np.random.default_rng(1).integers(0, 256, (4, 48, 48, 1)).astype("f4")


@pytest.fixture
def model():
    return ARCHITECTURES["edge-xs"].build()


def test_all_of_it_divides_the_scores_by_the_prior(model):
    shares = np.array([0.1, 0.02, 0.1, 0.3, 0.2, 0.18, 0.1])
    before = model.predict(PIXELS, verbose=0)
    adjust(model, shares, 1)
    divided = before / shares
    expected = divided / divided.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict(PIXELS, verbose=0), expected, atol=1e-5)


def test_none_of_it_changes_nothing(model):
    before = model.predict(PIXELS, verbose=0)
    adjust(model, np.array([0.1, 0.02, 0.1, 0.3, 0.2, 0.18, 0.1]), 0)
    np.testing.assert_array_equal(model.predict(PIXELS, verbose=0), before)


def test_the_prior_is_what_the_loss_asked_for(labelled_faces):
    plain = prior(labelled_faces, load_recipe("paper"))
    shares = np.array(list(labelled_faces.counts().values())) / len(labelled_faces)
    np.testing.assert_allclose(plain, shares, atol=1e-6)
    balanced = load_recipe("paper", {"class_balance": "1"})
    np.testing.assert_allclose(prior(labelled_faces, balanced), 1 / 7, atol=1e-6)
