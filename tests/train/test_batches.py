"""Training batches: whole, reproducible, augmented without harm, weighted against imbalance."""

import numpy as np
import pytest

pytest.importorskip("keras", reason="keras is not installed (extra 'train')")

from train.augment import augment_face
from train.batches import TrainingBatches, class_weights
from train.recipe import load_recipe


def test_an_epoch_shows_every_face_once(labelled_faces):
    recipe = load_recipe("paper", {"batch_size": "16"})
    batches = TrainingBatches(labelled_faces, recipe)
    shown = np.concatenate([batches[i][0] for i in range(len(batches))])
    assert sorted(image.sum() for image in shown) == sorted(
        float(image.sum()) for image in labelled_faces.images
    )


def test_batches_follow_from_seed_and_epoch_alone(labelled_faces):
    recipe = load_recipe("edge", {"batch_size": "16"})
    first, resumed = (
        TrainingBatches(labelled_faces, recipe),
        TrainingBatches(labelled_faces, recipe, 1),
    )
    before = first[0][0]
    first.on_epoch_end()
    assert not np.array_equal(first[0][0], before)
    for of_first, of_resumed in zip(first[2], resumed[2], strict=True):
        np.testing.assert_array_equal(of_first, of_resumed)


def test_pixels_stay_raw(labelled_faces):
    faces, labels, _ = TrainingBatches(labelled_faces, load_recipe("paper"))[0]
    assert faces.dtype == np.float32
    assert faces.max() > 200
    assert (labels.sum(axis=1) == 1).all()


def test_augmentation_keeps_shape_range_and_changes_the_face(labelled_faces):
    face = labelled_faces.images[0]
    changed = augment_face(face, np.random.default_rng(1))
    assert changed.shape == face.shape
    assert changed.dtype == np.uint8
    assert not np.array_equal(changed, face)
    np.testing.assert_array_equal(changed, augment_face(face, np.random.default_rng(1)))


def test_full_balance_gives_every_class_the_same_weight_in_all():
    labels = np.repeat(np.arange(7), [10, 1, 20, 30, 5, 5, 5])
    weights = class_weights(labels, 1.0)
    per_class = weights * np.bincount(labels)
    np.testing.assert_allclose(per_class, per_class[0], rtol=1e-5)
    np.testing.assert_allclose(class_weights(labels, 0.0), 1.0)
    assert weights[labels].mean() == pytest.approx(1.0)
