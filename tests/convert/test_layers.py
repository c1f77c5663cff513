"""What int8 does to each layer."""

from convert.inputs import gather
from convert.options import ConversionOptions
from convert.writing.layers import LayerStudy


def test_the_layer_that_int8_cannot_hold_is_found(fragile_file, labelled_folder_once, tmp_path):
    options = ConversionOptions(fragile_file, labelled_folder_once, tmp_path / "x.tflite", tmp_path)
    inputs = gather(options)
    study = LayerStudy(inputs.network, inputs.sample, lambda *_: None)
    lone = next(error for error in study.errors if "lone" in error.layer)
    likeness = next(error for error in study.errors if "likeness" in error.layer)
    assert likeness.reached < 0.1 < lone.reached
    assert likeness.steps < 1  # no more than rounding does
    assert study.worst(1) == {lone.tensor, likeness.tensor}
