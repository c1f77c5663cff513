"""The seven emotions, in the order of every model's output, and the names that data sets use."""

import re

from .errors import DatasetError

EMOTIONS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
UNSURE = "unsure"  # what is reported in place of an emotion whose confidence is below the threshold

# As folders are named in FER+, AffectNet, CK+, KDEF, RaFD, ADFES and others; one is a frequent slip.
_SYNONYMS = {
    "anger": "angry",
    "annoyed": "angry",
    "furious": "angry",
    "mad": "angry",
    "disgusted": "disgust",
    "disgusting": "disgust",
    "afraid": "fear",
    "fearful": "fear",
    "fearfull": "fear",
    "frightened": "fear",
    "scared": "fear",
    "terrified": "fear",
    "happiness": "happy",
    "joy": "happy",
    "joyful": "happy",
    "smile": "happy",
    "smiling": "happy",
    "neutrality": "neutral",
    "natural": "neutral",
    "normal": "neutral",
    "noemotion": "neutral",
    "sadness": "sad",
    "unhappy": "sad",
    "sorrow": "sad",
    "amazed": "surprise",
    "astonished": "surprise",
    "shocked": "surprise",
    "suprise": "surprise",
    "suprised": "surprise",
    "surprised": "surprise",
}
_NUMBER = re.compile(r"^\d+\s*[-_. ]\s*")  # as in `0_angry`, which only sorts the folders
_OTHERS = frozenset(
    {*("unknown", "other", "others", "none", "uncertain", "noface", "nf", "notaface", "ambiguous")}
)
_EIGHTH = frozenset({"contempt", "contemptuous"})


def emotion_index(name: str) -> int:
    """Return the index in `EMOTIONS` that a folder or label name stands for.

    Raises:
        DatasetError: the name is none of the seven, nor a known synonym.
    """
    word = _word(name)
    if word in EMOTIONS:
        return EMOTIONS.index(word)
    hint = ""
    if word in _EIGHTH:
        hint = "; move this one out of the data set to use the others"
    elif word.isdecimal():
        hint = "; every data set numbers them in its own way, so rename it to the emotion it means"
    raise DatasetError(
        f"'{name}' is not an emotion; the folders must be named {', '.join(EMOTIONS)}{hint}"
    )


def is_other(name: str) -> bool:
    """Return whether a name of a model's score is known to be none of the seven; '-' always is."""
    return _word(name) in _EIGHTH | _OTHERS or name.strip() == "-"


def is_class_name(name: str) -> bool:
    """Return whether a folder of this name holds a class of some data set, one of ours or not."""
    word = _word(name)
    return word in EMOTIONS or word in _EIGHTH or word.isdecimal()


def _word(name: str) -> str:
    word = re.sub(r"[\s_-]+", "", _NUMBER.sub("", name.strip().lower()))
    return _SYNONYMS.get(word, word)
