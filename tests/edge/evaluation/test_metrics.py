"""Accuracy, recall and confusion of predictions, by hand-counted examples."""

import numpy as np
import pytest

from edge.evaluation.metrics import LEAST_SCORE, calibrate, calibrate_to_votes, kl_to_votes, score
from edge.support.labels import EMOTIONS

# Four happy faces, three of them found; one sad face, taken for neutral; one angry face, found.
HAPPY, SAD, ANGRY, NEUTRAL = (EMOTIONS.index(n) for n in ("happy", "sad", "angry", "neutral"))
LABELS = np.array([HAPPY, HAPPY, HAPPY, HAPPY, SAD, ANGRY])
PREDICTIONS = np.array([HAPPY, HAPPY, HAPPY, SAD, NEUTRAL, ANGRY])


@pytest.fixture
def card():
    return score(LABELS, PREDICTIONS)


def test_accuracy_is_the_share_of_faces_that_are_right(card):
    assert card.faces == 6
    assert card.accuracy == pytest.approx(4 / 6)


def test_recall_is_the_share_of_each_emotion_that_is_found(card):
    assert card.recall["happy"] == 0.75
    assert card.recall["sad"] == 0.0
    assert card.recall["angry"] == 1.0


def test_an_emotion_without_faces_has_no_recall_and_does_not_count(card):
    assert card.recall["fear"] is None
    assert card.balanced_accuracy == pytest.approx((0.75 + 0 + 1) / 3)


def test_a_row_of_the_confusion_matrix_is_a_label_a_column_a_prediction(card):
    assert card.confusion.shape == (7, 7)
    assert card.confusion[HAPPY, HAPPY] == 3
    assert card.confusion[HAPPY, SAD] == 1
    assert card.confusion[SAD, NEUTRAL] == 1
    assert card.confusion[SAD, HAPPY] == 0
    assert card.confusion.sum() == 6


def test_as_a_dictionary_it_says_the_same(card):
    told = card.as_dict()
    assert told["faces"] == 6
    assert told["accuracy"] == pytest.approx(4 / 6, abs=1e-5)
    assert told["labels"] == list(EMOTIONS)
    assert told["confusion"] == card.confusion.tolist()
    assert told["recall"]["happy"] == 0.75
    assert told["recall"]["fear"] is None


def test_as_text_it_has_a_row_for_each_label(card):
    rows = {line.split()[0]: line.split()[1:] for line in card.as_text().splitlines()[1:]}
    assert list(rows) == list(EMOTIONS)
    assert rows["happy"][:4] == ["75.0", "%", "100.0", "%"]
    assert rows["happy"][4:] == ["0", "0", "0", "3", "0", "1", "0"]
    assert rows["fear"][0] == "-"


def test_precision_and_f1_are_those_worked_by_hand():
    # Four happy faces, one of them told sad; one sad face, told so.
    card = score(np.array([3, 3, 3, 3, 5]), np.array([3, 3, 3, 5, 5]))
    assert (card.recall["happy"], card.precision["happy"]) == (0.75, 1.0)
    assert (card.recall["sad"], card.precision["sad"]) == (1.0, 0.5)
    assert card.f1["happy"] == pytest.approx(6 / 7)
    assert card.f1["sad"] == pytest.approx(2 / 3)
    assert card.precision["fear"] is None
    assert card.f1["fear"] is None


def test_the_calibration_error_is_the_one_worked_by_hand():
    # Two faces at 0.9, one right; two at 0.5, both right.
    scores = np.full((4, 7), 0.0)
    scores[:2, 0], scores[:2, 1] = 0.9, 0.1
    scores[2:, 0], scores[2:, 1:] = 0.5, 0.5 / 6
    calibration = calibrate(np.array([0, 1, 0, 0]), scores)
    assert calibration.count.sum() == 4
    assert calibration.error == pytest.approx((2 * abs(0.9 - 0.5) + 2 * abs(0.5 - 1.0)) / 4)


def test_a_confidence_is_compared_with_the_share_of_people_who_see_the_same():
    votes = np.zeros((3, 7))
    votes[0, [0, 1]] = 0.9, 0.1
    votes[1, [0, 1]] = 0.3, 0.7  # the third face got no votes: it does not count
    scores = np.full((3, 7), 0.0)
    scores[:, 0], scores[:, 1] = 0.8, 0.2
    calibration = calibrate_to_votes(votes, scores)
    assert calibration.count.sum() == 2
    assert calibration.error == pytest.approx(0.8 - (0.9 + 0.3) / 2)


def test_nothing_is_calibrated_where_nobody_voted():
    assert calibrate_to_votes(np.zeros((2, 7)), np.full((2, 7), 1 / 7)) is None


def test_a_confidence_of_one_lies_in_the_last_bin():
    assert calibrate(np.array([2]), np.eye(7)[[2]]).count[-1] == 1


def test_macro_f1_is_the_mean_over_emotions_and_not_over_faces():
    labels = np.array([3] * 8 + [4, 4])
    card = score(labels, np.array([3] * 8 + [3, 4]))
    assert card.macro_f1 == pytest.approx((16 / 17 + 2 / 3) / 2)
    assert card.as_dict()["macro_f1"] == pytest.approx(card.macro_f1, abs=1e-5)


def test_scores_that_are_the_votes_have_no_divergence_and_others_have():
    votes = np.random.default_rng(1).dirichlet(np.ones(7), 6)
    assert kl_to_votes(votes, votes) == pytest.approx(0, abs=1e-3)
    assert kl_to_votes(votes, np.full((6, 7), 1 / 7)) > 0.1
    unvoted = np.vstack([votes, np.zeros((2, 7))])
    assert kl_to_votes(unvoted, np.vstack([votes, np.eye(7)[:2]])) == pytest.approx(0, abs=1e-3)
    assert kl_to_votes(np.zeros((2, 7)), votes[:2]) is None


def test_a_score_of_0_costs_half_a_step_of_an_int8_output():
    assert kl_to_votes(np.eye(7)[:1], np.eye(7)[1:2]) == pytest.approx(
        -np.log(LEAST_SCORE / (1 + 6 * LEAST_SCORE)), rel=1e-6
    )
