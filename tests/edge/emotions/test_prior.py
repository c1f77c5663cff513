"""What a scene is expected to show changes answers after the softmax, and nothing else."""

import numpy as np
import pytest

from edge.emotions.classifier import TFLiteClassifier
from edge.emotions.prior import (
    SHARES,
    Expectation,
    as_expected,
    corrected,
    factors_of,
    find_expectation,
)
from edge.inference.model_file import ModelFile, find_model, read_model
from edge.support.errors import ConfigError, ModelError
from edge.support.labels import EMOTIONS

ANSWERS = dict(zip(EMOTIONS, (0.15, 0.05, 0.1, 0.25, 0.2, 0.15, 0.1), strict=True))


def model(**about):
    """Return the shipped model with a mean answer."""
    shipped = read_model(find_model("edge-xs"))
    return ModelFile(shipped.path, shipped.flatbuffer, {**shipped.about, **about})


def test_a_fully_corrected_model_answers_on_average_as_expected():
    # Answers that are always right: then the correction gives the expected shares exactly.
    answered = np.array(list(ANSWERS.values()))
    right = np.eye(7)
    full = Expectation("full", tuple(SHARES["everyday"]), 1.0)
    weights = answered * full.factors(answered)
    np.testing.assert_allclose(weights / weights.sum(), SHARES["everyday"], atol=1e-3)
    np.testing.assert_allclose(corrected(right, full.factors(answered)), right)


def test_nothing_changes_where_the_expectation_is_what_the_model_answers():
    answered = np.array(list(ANSWERS.values()))
    same = Expectation("same", tuple(answered))
    scores = np.random.default_rng(1).dirichlet(np.ones(7), 5)
    np.testing.assert_allclose(corrected(scores, same.factors(answered)), scores, rtol=1e-5)


@pytest.mark.parametrize("name", SHARES)
def test_the_named_shares_sum_to_1(name):
    assert sum(SHARES[name]) == pytest.approx(1, abs=2e-4)


def test_a_classifier_expecting_everyday_faces_reports_neutral_and_happy_more(gray_face):
    kept = model(answers=ANSWERS)
    plain = TFLiteClassifier(kept)
    before, after = (
        plain.classify(gray_face),
        as_expected(plain, kept, "everyday").classify(gray_face),
    )
    assert after.sum() == pytest.approx(1, abs=1e-5)
    assert after.dtype == np.float32
    ratio = after / np.maximum(before, 1e-9)
    wanted = factors_of(kept, find_expectation("everyday"))
    seen = before > 0
    np.testing.assert_allclose(ratio[seen] / ratio[3], wanted[seen] / wanted[3], rtol=1e-3)
    assert wanted[EMOTIONS.index("neutral")] > 1 > wanted[EMOTIONS.index("fear")]


def test_a_file_of_shares_need_not_sum_to_1(tmp_path):
    file = tmp_path / "office.toml"
    file.write_text("strength = 1\n" + "".join(f"{name} = 2\n" for name in EMOTIONS))
    found = find_expectation(str(file))
    assert found.shares == pytest.approx((1 / 7,) * 7)
    assert found.strength == 1


SHARED = "".join(f"{name} = 1\n" for name in EMOTIONS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("happy = 1\n", "says no share for angry and disgust"),
        (SHARED + "bored = 1\n", "'bored' is not an emotion"),
        (SHARED.replace("happy = 1", "happy = -1"), "happy = -1 is not a share"),
        (SHARED.replace("happy = 1", "happy = inf"), "happy = inf is not a share"),
        (SHARED.replace("happy = 1", "happy = true"), "happy = True is not a share"),
        (SHARED.replace("= 1", "= 0"), "no emotion has a share above 0"),
        (SHARED + "strength = 2\n", "strength = 2.0 is above 1"),
        ("happy == 1", "cannot be read: .*; give a TOML file of shares"),
    ],
)
def test_a_file_that_is_no_list_of_shares_is_refused(tmp_path, text, said):
    file = tmp_path / "shares.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        find_expectation(str(file))


@pytest.mark.parametrize("name", ["sometimes", "nowhere.toml", ""])
def test_an_unknown_expectation_is_refused(name):
    with pytest.raises(ConfigError, match="expect"):
        find_expectation(name)


def test_a_file_without_a_mean_answer_cannot_be_corrected():
    old = model()
    old.about.pop("answers", None)
    with pytest.raises(ModelError, match="does not say what it answers on average"):
        factors_of(old, find_expectation("everyday"))


@pytest.mark.parametrize("kept", [{"happy": 1}, [0.1] * 7, {**ANSWERS, "happy": "many"}])
def test_a_damaged_mean_answer_is_refused(kept):
    with pytest.raises(ModelError, match="mean answer is damaged"):
        factors_of(model(answers=kept), find_expectation("even"))


def test_everyday_is_the_default_where_the_file_allows_it(gray_face):
    kept, old = model(answers=ANSWERS), model()
    old.about.pop("answers", None)
    plain = TFLiteClassifier(kept)
    assert as_expected(plain, old) is plain
    np.testing.assert_array_equal(
        as_expected(plain, kept).classify(gray_face),
        as_expected(plain, kept, "everyday").classify(gray_face),
    )
