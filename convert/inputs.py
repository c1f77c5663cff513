"""What a conversion works on: the network made fit for raw pixels, the faces, its own scores of them."""

from dataclasses import dataclass

import numpy as np

from edge.datasets import LabelledFaces, find_splits, load_split
from edge.evaluation.metrics import Scorecard, score
from edge.support.errors import ConversionError
from edge.support.progress import progress_bar

from .network import (
    INPUT_RANGES,
    RAW,
    Network,
    load_network,
    predict,
    with_input_range,
    with_labels,
    with_probabilities,
)
from .options import ConversionOptions
from .representative import Representative, representative_faces

_TRIED = 500  # faces on which each input range is tried where none is given


@dataclass(frozen=True)
class Inputs:
    """All that every precision is made from and measured with.

    Attributes:
        scores: the network's scores of the test faces, float32 `[n, 7]`.
        card: how right they are.
        warnings: what whoever converts should know.
    """

    network: Network
    sample: Representative
    test: LabelledFaces
    scores: np.ndarray
    card: Scorecard
    warnings: tuple[str, ...]


def gather(options: ConversionOptions) -> Inputs:
    """Read model and faces. Raises: ModelError, DatasetError, ConversionError."""
    network = load_network(options.model)
    if options.labels:
        network = with_labels(network, list(options.labels))
    shape = network.face_shape
    splits = find_splits(options.data)
    with progress_bar("reading faces to calibrate") as progress:
        faces = load_split(options.data, "train" if "train" in splits else None, shape, progress)
    sample = representative_faces(faces, options.faces, options.seed, options.lit)
    with progress_bar("reading faces to measure") as progress:
        test = load_split(options.data, None, shape, progress)
    network = _ranged(network, options, test)
    network = with_probabilities(network, test.images[:_TRIED])
    with progress_bar("scoring them in float") as progress:
        scores = predict(network, test.images, progress)
    if not np.isfinite(scores).all():
        raise ConversionError(
            f"{options.model}: gives NaN or infinite scores of real faces; check --input-range, or train "
            "it again"
        )
    card = score(test.labels, scores.argmax(axis=1))
    warnings = _warnings(faces, test, card)
    if network.scaled and options.input_range not in (None, RAW):
        warnings += ("its graph begins by scaling its input already; --input-range comes on top",)
    return Inputs(network, sample, test, scores, card, warnings)


def _ranged(network: Network, options: ConversionOptions, test: LabelledFaces) -> Network:
    if options.input_range:
        return with_input_range(network, options.input_range)
    if network.scaled:
        return network
    order = np.random.default_rng(0).permutation(len(test))[:_TRIED]
    faces, labels = test.images[np.sort(order)], test.labels[np.sort(order)]
    found = []
    for name in INPUT_RANGES:
        predicted = predict(with_input_range(network, name), faces).argmax(axis=1)
        found.append(f"{name} gives {np.mean(predicted == labels):.1%}")
    raise ConversionError(
        f"{options.model}: its graph does not scale its input, so say which values it was trained on: "
        f"--input-range {', '.join(INPUT_RANGES)}; on {len(faces)} faces of {options.data} "
        f"{', '.join(found)} accuracy"
    )


def _warnings(train: LabelledFaces, test: LabelledFaces, card: Scorecard) -> tuple[str, ...]:
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
    return tuple(found)
