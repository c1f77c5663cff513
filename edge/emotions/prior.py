"""What a scene is expected to show: seven numbers that scores are multiplied by after the softmax.

A network answers as if emotions were as common as where it learnt. Where they are not, its answer
is corrected by the ratio of the two shares (Saerens et al. 2002, doi:10.1162/089976602753284446),
here raised to `STRENGTH`; docs/expectations.md shows what that gives.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..inference.model_file import ModelFile
from ..support.atomic import toml_of_user
from ..support.errors import ConfigError, ModelError
from ..support.labels import EMOTIONS
from .classifier import Classifier

EVERYDAY, ACTED, EVEN = "everyday", "acted", "even"
STRENGTH = 0.5  # of the correction: all of it takes the rare emotions away
# Shares in FER-2013's `Training`, in the order of `EMOTIONS`: of what more than half of the FER+ voters
# see there, and of what its own labels say (one in six of them fear, as in a drama).
SHARES = {
    EVERYDAY: (0.0756, 0.0021, 0.0156, 0.3259, 0.3449, 0.1097, 0.1262),
    ACTED: (0.1390, 0.0152, 0.1428, 0.2516, 0.1727, 0.1679, 0.1108),
    EVEN: (1 / 7,) * 7,
}
_KEY = "answers"  # of model.json: the model's mean answer, emotion -> share


@dataclass(frozen=True)
class Expectation:
    """How common each emotion is expected to be.

    Attributes:
        name: for messages.
        shares: in the order of `EMOTIONS`, sum 1.
        strength: 0 leaves a model's answers as they are, 1 corrects them in full.
    """

    name: str
    shares: tuple[float, ...]
    strength: float = STRENGTH

    def factors(self, answered: np.ndarray) -> np.ndarray:
        """Return what to multiply probabilities by, float32 `[7]`.

        Args:
            answered: the model's mean answer, float `[7]`.
        """
        ratio = np.array(self.shares) / np.maximum(answered, 1e-4)
        return (ratio**self.strength).astype(np.float32)


class Expecting:
    """A classifier whose answers are corrected for what the scene is expected to show."""

    def __init__(self, classifier: Classifier, factors: np.ndarray) -> None:
        self._classifier = classifier
        self._factors = factors
        self.input_size = classifier.input_size

    def classify(self, face: np.ndarray) -> np.ndarray:
        """Return the probabilities, float32 `[7]`, sum 1, of a uint8 face of `input_size`."""
        return corrected(self._classifier.classify(face), self._factors)


def corrected(scores: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return probabilities `[..., 7]` multiplied by `factors` `[7]`, summing to 1 again."""
    weighed = scores * factors
    return weighed / weighed.sum(axis=-1, keepdims=True)


def find_expectation(name_or_file: str) -> Expectation:
    """Return `everyday`, `acted`, `even`, or what a TOML file says.

    The file names a share for each emotion, such as `happy = 0.4`; they need not sum to 1. It may
    set `strength`, 0 to 1, too.

    Raises:
        ConfigError: no such name, or the file cannot be read or is no such file.
    """
    if name_or_file in SHARES:
        return Expectation(name_or_file, SHARES[name_or_file])
    path = Path(name_or_file)
    if not path.suffix and not os.path.isfile(path):
        raise ConfigError(
            f"expect: '{name_or_file}' is not one of {', '.join(SHARES)}, nor a file of shares"
        )
    try:
        said = toml_of_user(path, "a TOML file of shares")
    except ConfigError as error:
        raise ConfigError(f"expect: {error}") from None
    return _parsed(name_or_file, said)


def answered(model: ModelFile) -> np.ndarray | None:
    """Return the mean answer that a model file keeps, float `[7]`; None where it keeps none.

    Raises:
        ModelError: what it keeps are not shares.
    """
    kept = model.about.get(_KEY)
    if kept is None:
        return None
    try:
        shares = np.array([float(kept[name]) for name in EMOTIONS])
    except (TypeError, KeyError, ValueError):
        shares = np.full(len(EMOTIONS), np.nan)
    if not (np.isfinite(shares).all() and (shares >= 0).all() and shares.sum() > 0):
        raise ModelError(f"{model.path}: its mean answer is damaged; copy the file again")
    return shares / shares.sum()


def mean_answer(scores: np.ndarray) -> dict[str, dict[str, float]]:
    """Return what a model file keeps of the scores, `[n, 7]`, of faces like those it learnt from."""
    mean = scores.mean(axis=0, dtype=np.float64)
    return {_KEY: {name: round(float(m), 5) for name, m in zip(EMOTIONS, mean, strict=True)}}


def factors_of(model: ModelFile, expectation: Expectation) -> np.ndarray:
    """Return the factors of a model under an expectation, float32 `[7]`.

    Raises:
        ModelError: the file does not keep what the model answers on average.
    """
    mean = answered(model)
    if mean is None:
        raise ModelError(
            f"{model.path}: does not say what it answers on average, so it cannot be corrected for "
            f"'{expectation.name}': convert it again, or write that in by "
            "`python -m convert.studies.mean_answer`"
        )
    return expectation.factors(mean)


def as_expected(classifier: Classifier, model: ModelFile, expect: str | None = None) -> Classifier:
    """Return the classifier of `model` under an expectation.

    Args:
        expect: its name or file; None is `everyday`, or none where the file does not say what the
            model answers on average.

    Raises:
        ConfigError: see `find_expectation`.
        ModelError: see `factors_of`.
    """
    if expect is None and answered(model) is None:
        return classifier
    expectation = find_expectation(EVERYDAY if expect is None else expect)
    return Expecting(classifier, factors_of(model, expectation))


def _parsed(name: str, values: Mapping[str, Any]) -> Expectation:
    known = {*EMOTIONS, "strength"}
    if unknown := [key for key in values if key not in known]:
        raise ConfigError(
            f"expect: {name}: '{unknown[0]}' is not an emotion; there are {', '.join(EMOTIONS)}"
        )
    missing = [emotion for emotion in EMOTIONS if emotion not in values]
    if missing:
        raise ConfigError(f"expect: {name}: says no share for {' and '.join(missing)}")
    for key, value in values.items():
        if type(value) not in (int, float) or not 0 <= value < float("inf"):
            raise ConfigError(f"expect: {name}: {key} = {value!r} is not a share; give a number")
    strength = float(values.get("strength", STRENGTH))
    if strength > 1:
        raise ConfigError(f"expect: {name}: strength = {strength} is above 1")
    shares = np.array([float(values[emotion]) for emotion in EMOTIONS])
    if shares.sum() <= 0 or not np.isfinite(shares.sum()):
        raise ConfigError(f"expect: {name}: no emotion has a share above 0")
    return Expectation(name, tuple((shares / shares.sum()).tolist()), strength)
