"""Start TensorFlow and Keras without their start-up chatter."""

import os

from edge.quiet import quiet_stderr


def start_tensorflow() -> None:
    """Import TensorFlow and Keras. Raises: ModuleNotFoundError."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with quiet_stderr():
        import keras
        import tensorflow  # noqa: F401

        keras.ops.zeros(1)  # lets the backend find its devices
