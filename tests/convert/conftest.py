"""What the tests of the converter share. TensorFlow starts once for all of them."""

import pytest

pytest.importorskip("keras", reason="keras is not installed (extra 'convert')")
pytest.importorskip("tensorflow", reason="tensorflow is not installed (extra 'convert')")

from convert.reading.backend import start_tensorflow

start_tensorflow()

from networks import knowing, tiny

from edge.evaluation.datasets import load_split


@pytest.fixture(scope="session")
def keras_file(tmp_path_factory):
    """An untrained network: quantization must follow any weights."""
    path = tmp_path_factory.mktemp("keras") / "tiny.keras"
    tiny().save(path)
    return path


@pytest.fixture(scope="session")
def test_faces(labelled_folder_once):
    """The faces that a conversion is measured on."""
    return load_split(labelled_folder_once, "test")


@pytest.fixture(scope="session")
def fragile_file(tmp_path_factory, test_faces):
    """A network that is always right, and that int8 breaks."""
    path = tmp_path_factory.mktemp("fragile") / "fragile.keras"
    knowing(test_faces, nuisance=2000.0).save(path)
    return path
