"""The errors that edge-emo raises on purpose; the command line prints each as one line and exits 1.

Every class also derives from the fitting builtin, so that a caller may catch either.
"""


class EdgeEmoError(Exception):
    """Base of all: the message says what happened, with which value, and what to do."""


class SourceError(EdgeEmoError, OSError):
    """A camera, file or folder gives no frames."""


class ImageError(EdgeEmoError, ValueError):
    """What should be an image is none."""


class DetectorError(EdgeEmoError, RuntimeError):
    """The face detector cannot be made."""


class InterpreterError(EdgeEmoError, ImportError):
    """No TFLite interpreter can be imported."""


class ModelError(EdgeEmoError, ValueError):
    """A model file is missing, damaged, or of another task."""


class DatasetError(EdgeEmoError, ValueError):
    """A folder of labelled faces cannot be used."""


class OutputError(EdgeEmoError, OSError):
    """A result cannot be written or shown."""


class ConfigError(EdgeEmoError, ValueError):
    """A setting has a value that does not fit; the message begins with the setting's name."""


class MissingExtraError(EdgeEmoError, ImportError):
    """A command needs packages that an extra installs."""


class TrainingError(EdgeEmoError, RuntimeError):
    """A training run cannot start, resume or go on."""


class ServiceError(EdgeEmoError, RuntimeError):
    """The service cannot be installed, removed or looked at."""


class PublishError(EdgeEmoError, ConnectionError):
    """The broker cannot be trusted, or refuses what is published."""


class DoctorError(EdgeEmoError, RuntimeError):
    """The machine is not ready."""


class BatchError(EdgeEmoError, RuntimeError):
    """A batch cannot start, go on or be merged."""


class ConversionError(EdgeEmoError, RuntimeError):
    """A Keras model cannot become the TFLite file that was asked for."""
