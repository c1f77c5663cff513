"""Start TensorFlow and Keras without their start-up chatter."""

import os
import sys
import warnings

from edge.support.quiet import quiet_stderr


def start_tensorflow() -> None:
    """Import TensorFlow, and Keras on top of it. Raises: ModuleNotFoundError."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"  # the converter takes no other's graphs
    # TensorFlow warns that its own interpreter will go; we use it only to check files with.
    warnings.filterwarnings("ignore", r"(?s).*tf\.lite\.Interpreter is deprecated", UserWarning)
    # It expects statistics of full-int8 inputs beside the representative dataset that gives them.
    warnings.filterwarnings("ignore", "Statistics for quantized inputs", UserWarning)
    with quiet_stderr():
        import keras
        import tensorflow  # noqa: F401

        keras.ops.zeros(1)  # lets the backend find its devices
