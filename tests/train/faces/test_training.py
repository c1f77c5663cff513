"""A training writes its network after each epoch and goes on where it stopped."""

import keras
import numpy as np

from train.faces.network import CHANNELS, STRIDES
from train.faces.training import Plan, train, write_scenes

PLAN = Plan(steps=2, steps_per_epoch=1, batch=1, side=64)


def coarse():
    """Return a network with the detector's maps, one convolution each: it compiles fast."""
    picture = keras.Input((None, None, 1))
    maps = [keras.layers.Conv2D(CHANNELS, stride, stride)(picture) for stride in STRIDES]
    return keras.Model(picture, maps)


def test_a_stopped_training_goes_on_and_ends_as_planned(tmp_path, material):
    keras.utils.set_random_seed(1)
    first = coarse()
    before = [w.copy() for w in first.get_weights()]
    train(first, material, Plan(steps=1, steps_per_epoch=1, batch=1, side=64), tmp_path)
    kept = keras.models.load_model(tmp_path / "network.keras", compile=False)
    assert any((a != b).any() for a, b in zip(before, kept.get_weights(), strict=True))
    train(coarse(), material, PLAN, tmp_path)
    rows = (tmp_path / "history.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["epoch", "0", "1"]


def test_scenes_to_convert_with_are_written_with_their_faces(tmp_path, material):
    write_scenes(material, tmp_path / "scenes.npz", seed=1, count=4)
    with np.load(tmp_path / "scenes.npz") as arrays:
        assert arrays["pictures"].shape == (4, 320, 320)
        assert (~np.isnan(arrays["boxes"][..., 0])).sum() > 0
