"""The seven emotions, in the order of every model's output, and the names that data sets use."""

from .errors import DatasetError

EMOTIONS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")

_SYNONYMS = {
    "anger": "angry",
    "disgusted": "disgust",
    "afraid": "fear",
    "fearful": "fear",
    "happiness": "happy",
    "sadness": "sad",
    "surprised": "surprise",
}


def emotion_index(name: str) -> int:
    """Return the index in `EMOTIONS` that a folder or label name stands for.

    Raises:
        DatasetError: the name is none of the seven, nor a known synonym.
    """
    word = name.strip().lower()
    word = _SYNONYMS.get(word, word)
    try:
        return EMOTIONS.index(word)
    except ValueError:
        raise DatasetError(
            f"'{name}' is not an emotion; the folders must be named {', '.join(EMOTIONS)}"
        ) from None
