"""The seven emotions, in the order of every model's output, and the names that data sets use."""

import re

from .errors import DatasetError

EMOTIONS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")

_SYNONYMS = {
    "anger": "angry",
    "disgusted": "disgust",
    "afraid": "fear",
    "fearful": "fear",
    "happiness": "happy",
    "joy": "happy",
    "neutrality": "neutral",
    "sadness": "sad",
    "surprised": "surprise",
}
_NUMBER = re.compile(r"^\d+\s*[-_. ]\s*")  # as in `0_angry`, which only sorts the folders


def emotion_index(name: str) -> int:
    """Return the index in `EMOTIONS` that a folder or label name stands for.

    Raises:
        DatasetError: the name is none of the seven, nor a known synonym.
    """
    word = _NUMBER.sub("", name.strip().lower())
    word = _SYNONYMS.get(word, word)
    try:
        return EMOTIONS.index(word)
    except ValueError:
        raise DatasetError(
            f"'{name}' is not an emotion; the folders must be named {', '.join(EMOTIONS)}; move "
            "others away"
        ) from None
