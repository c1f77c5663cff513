"""Start Keras and its backend without their start-up chatter."""

import os

from edge.quiet import quiet_stderr


def start_keras() -> None:
    """Import Keras and let the backend find its devices. Raises: ModuleNotFoundError."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with quiet_stderr():
        import keras

        keras.ops.zeros(1)
