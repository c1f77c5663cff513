"""One conversion: `convert_model` starts TensorFlow, names the files and converts."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .conversion import Conversion


def convert_model(model: Path, data: Path, output: Path | None = None, **more: Any) -> "Conversion":
    """Convert a Keras model to self-describing `.tflite` files, and write a report that compares them.

    Args:
        model: a `.keras` or `.h5` file, or a SavedModel's folder.
        data: the data set: its training split calibrates, its test split measures.
        output: the file; by default beside the model.
        more: any other attribute of `ConversionOptions`, such as `precisions=("int8",)`.

    Raises:
        ModelError, DatasetError, ConversionError, OutputError, ModuleNotFoundError.
    """
    from edge.support.errors import DatasetError, ModelError

    from .reading.backend import start_tensorflow

    # Said before TensorFlow starts, which takes a while.
    if not Path(model).exists():
        raise ModelError(f"{model}: no such file; train one with 'edge-emo train'")
    if not Path(data).exists():
        raise DatasetError(
            f"{data}: no such folder; give the folder that holds train/ and test/, or fer2013.csv"
        )
    start_tensorflow()
    from .conversion import convert
    from .options import ConversionOptions

    return convert(ConversionOptions.of(model, data, output, **more))
