"""What a conversion works on: the network made fit for raw pixels, the faces, its own scores of them."""

from dataclasses import dataclass

import numpy as np

from edge.emotions.prior import mean_answer
from edge.evaluation.datasets import LabelledFaces, find_splits, load_split
from edge.evaluation.label_order import order_hint
from edge.evaluation.metrics import Scorecard, score
from edge.evaluation.prediction import Conventions
from edge.support.errors import ConversionError
from edge.support.labels import EMOTIONS
from edge.support.progress import progress_bar

from .options import ConversionOptions
from .reading.network import (
    INPUT_RANGES,
    RAW,
    Network,
    check_scaled,
    load_network,
    predict,
    with_conventions,
    with_input_range,
    with_mirror,
    with_probabilities,
)
from .representative import Representative, representative_faces

MEANT = 3000  # faces that the mean answer is taken from; its standard error is below 0.01
_TRIED = 500  # faces on which each input range is tried where none is given


@dataclass(frozen=True)
class Inputs:
    """All that every precision is made from and measured with.

    Attributes:
        scores: the network's scores of the test faces, float32 `[n, 7]`.
        card: how right they are.
        warnings: what whoever converts should know.
        answers: the network's mean answer on faces like those it learnt from.
    """

    network: Network
    sample: Representative
    test: LabelledFaces
    scores: np.ndarray
    card: Scorecard
    warnings: tuple[str, ...]
    answers: dict[str, dict[str, float]]


def gather(options: ConversionOptions) -> Inputs:
    """Read model and faces. Raises: ModelError, DatasetError, ConversionError."""
    conventions = options.conventions
    network = load_network(options.model, len(conventions.labels or EMOTIONS))
    shape = network.face_shape
    splits = find_splits(options.data)
    with progress_bar("reading faces to calibrate") as progress:
        faces = load_split(options.data, "train" if "train" in splits else None, shape, progress)
    sample = representative_faces(faces, options.faces, options.seed, options.lit)
    with progress_bar("reading faces to measure") as progress:
        test = load_split(options.data, None, shape, progress)
    network = _fed(network, conventions, test)
    network = with_probabilities(network, test.images[:_TRIED])
    if options.mirror:
        network = with_mirror(network)
    with progress_bar("scoring them in float") as progress:
        scores = predict(network, test.images, progress)
    if not np.isfinite(scores).all():
        raise ConversionError(
            f"{options.model}: gives NaN or infinite scores of real faces; check --input-range, or train "
            "it again"
        )
    card = score(test.labels, scores.argmax(axis=1))
    warnings = _warnings(faces, test, card, conventions)
    if network.scaled and conventions.input_range not in (None, RAW):
        warnings += ("its graph begins by scaling its input already; --input-range comes on top",)
    answers = mean_answer(predict(network, _some(faces)))
    return Inputs(network, sample, test, scores, card, warnings, answers)


def _some(faces: LabelledFaces) -> np.ndarray:
    """Return faces drawn by chance, so that emotions are as common among them as in all."""
    order = np.random.default_rng(0).permutation(len(faces))[:MEANT]
    return faces.images[np.sort(order)]


def _fed(network: Network, conventions: Conventions, test: LabelledFaces) -> Network:
    """Return the network as its conventions say; where none say its range, say what each gives."""
    said = conventions.input_range or conventions.mean or conventions.deviation
    network = with_conventions(network, conventions)
    if network.scaled or said or conventions.per_image:
        return network
    order = np.random.default_rng(0).permutation(len(test))[:_TRIED]
    faces, labels = test.images[np.sort(order)], test.labels[np.sort(order)]
    found = []
    for name in INPUT_RANGES:
        predicted = predict(with_input_range(network, name), faces).argmax(axis=1)
        found.append(f"{name} gives {np.mean(predicted == labels):.1%}")
    check_scaled(
        network, conventions, f"; on {len(faces)} faces of the data {', '.join(found)} accuracy"
    )
    return network


def _warnings(
    train: LabelledFaces, test: LabelledFaces, card: Scorecard, conventions: Conventions
) -> tuple[str, ...]:
    found = []
    if train.split == test.split:
        found.append(
            f"the data has one split, '{test.split}': the faces that calibrate also measure"
        )
    name, most = max(test.counts().items(), key=lambda item: item[1])
    if card.accuracy < most / len(test):
        found.append(
            f"the float model is right about {card.accuracy:.1%} of the faces, less than always "
            f"predicting {name} would be: check --input-range and --labels"
        )
    if order := order_hint(card.confusion, conventions.labels):
        found.append(order)
    return tuple(found)
