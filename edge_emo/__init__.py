"""Facial expressions, recognised in real time on small devices.

    from edge_emo import Recognizer

    recognizer = Recognizer()                          # a shipped model, or model="mine.tflite"
    for face in recognizer.read("group.jpg"):          # a path, an array or a PIL image
        print(face.emotion, face.confidence, face.box)
    for seen in recognizer.watch(0):                   # a camera, a video, a stream
        print(seen.time, [face.emotion for face in seen.faces])

Importing it loads neither OpenCV nor an interpreter; that happens when a `Recognizer` is made.
"""

from edge import __version__
from edge.inference.runtime import Runtime
from edge.support.errors import (
    BatchError,
    ConfigError,
    ConversionError,
    DatasetError,
    DetectorError,
    EdgeEmoError,
    ImageError,
    InterpreterError,
    MissingExtraError,
    ModelError,
    OutputError,
    SourceError,
    TrainingError,
)
from edge.support.labels import EMOTIONS, UNSURE
from edge.support.values import Face, Frame, Gap, Observation, Status

from .recognizer import Recognizer
from .workshop import convert, evaluate, train

__all__ = [
    "EMOTIONS",
    "UNSURE",
    "BatchError",
    "ConfigError",
    "ConversionError",
    "DatasetError",
    "DetectorError",
    "EdgeEmoError",
    "Face",
    "Frame",
    "Gap",
    "ImageError",
    "InterpreterError",
    "MissingExtraError",
    "ModelError",
    "Observation",
    "OutputError",
    "Recognizer",
    "Runtime",
    "SourceError",
    "Status",
    "TrainingError",
    "__version__",
    "convert",
    "evaluate",
    "train",
]
