"""The seven emotions and the names that data sets give them."""

import pytest

from edge.support.errors import DatasetError
from edge.support.labels import EMOTIONS, emotion_index


def test_the_order_is_the_alphabets_as_folders_are_read():
    assert EMOTIONS == ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
    assert list(EMOTIONS) == sorted(EMOTIONS)


@pytest.mark.parametrize("name", EMOTIONS)
def test_an_emotion_stands_for_itself_in_any_case(name):
    assert EMOTIONS[emotion_index(name)] == name
    assert EMOTIONS[emotion_index(f" {name.capitalize()} ")] == name


@pytest.mark.parametrize(
    ("synonym", "emotion"),
    [
        ("anger", "angry"),
        ("disgusted", "disgust"),
        ("afraid", "fear"),
        ("fearful", "fear"),
        ("happiness", "happy"),
        ("scared", "fear"),
        ("Frightened", "fear"),
        ("No emotion", "neutral"),
        ("shocked", "surprise"),
        ("Joy", "happy"),
        ("neutrality", "neutral"),
        ("SADNESS ", "sad"),
        ("Suprise", "surprise"),
        ("6_surprised", "surprise"),
        ("Surprised", "surprise"),
    ],
)
def test_other_data_sets_words_are_understood(synonym, emotion):
    assert EMOTIONS[emotion_index(synonym)] == emotion


@pytest.mark.parametrize("name", ["bored", "", "0", "contempt"])
def test_a_word_that_is_no_emotion_is_refused_by_name(name):
    with pytest.raises(DatasetError, match=f"'{name}' is not an emotion.*angry"):
        emotion_index(name)
