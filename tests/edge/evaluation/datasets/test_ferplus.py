"""FER+ votes as shares of our seven emotions, and as one label where most voters agree."""

import numpy as np
import pytest

from edge.evaluation.datasets import LabelledFaces
from edge.evaluation.datasets.ferplus import VOTES, distribution, majority, with_majority
from edge.support.errors import DatasetError
from edge.support.labels import EMOTIONS, emotion_index


def votes(**counts):
    return np.array([[counts.get(name, 0) for name in VOTES]])


@pytest.mark.parametrize("name", VOTES[:7])
def test_each_column_of_votes_becomes_its_emotion(name):
    share = distribution(votes(**{name: 10}))
    assert share.dtype == np.float32
    assert share[0].tolist() == [float(i == emotion_index(name)) for i in range(7)]
    assert majority(votes(**{name: 10})).tolist() == [emotion_index(name)]


def test_votes_for_other_than_the_seven_do_not_count_in_the_shares():
    share = distribution(votes(happiness=3, neutral=1, contempt=4, unknown=1, NF=1))[0]
    assert dict(zip(EMOTIONS, share.tolist(), strict=True)) == {
        **dict.fromkeys(EMOTIONS, 0.0),
        "happy": 0.75,
        "neutral": 0.25,
    }


def test_a_face_without_a_vote_for_the_seven_has_no_shares():
    assert not distribution(votes(contempt=5, NF=5)).any()
    assert not distribution(votes()).any()


@pytest.mark.parametrize(
    ("counts", "label"),
    [
        ({"sadness": 6, "fear": 4}, "sad"),
        ({"sadness": 5, "fear": 5}, None),
        ({"sadness": 5, "fear": 4}, "sad"),
        ({"sadness": 5, "contempt": 5}, None),
        ({"sadness": 4, "unknown": 3, "NF": 3}, None),
        ({"contempt": 9, "sadness": 1}, None),
        ({"NF": 10}, None),
        ({}, None),
    ],
)
def test_a_majority_is_more_than_half_of_all_votes(counts, label):
    expected = -1 if label is None else EMOTIONS.index(label)
    assert majority(votes(**counts)).tolist() == [expected]


def faces_with(table):
    n = 3
    return LabelledFaces(
        "test", np.zeros((n, 48, 48), np.uint8), np.zeros(n, np.int64), ("a", "b", "c"), (), table
    )


def test_faces_without_a_majority_are_left_out_and_the_others_relabelled():
    table = np.concatenate([votes(fear=10), votes(), votes(surprise=6, NF=4)])
    chosen = with_majority(faces_with(table))
    assert chosen.names == ("a", "c")
    assert [EMOTIONS[label] for label in chosen.labels] == ["fear", "surprise"]


def test_faces_that_cannot_be_labelled_by_votes_are_refused():
    with pytest.raises(DatasetError, match=r"'test' has no FER\+ votes; put fer2013new.csv beside"):
        with_majority(faces_with(None))
    with pytest.raises(DatasetError, match="no face of the split 'test' has a majority"):
        with_majority(faces_with(np.zeros((3, 10), np.int64)))
