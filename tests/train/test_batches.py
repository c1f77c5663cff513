"""Training batches: whole, reproducible, augmented without harm, shared among processes."""

import numpy as np
import pytest

pytest.importorskip("keras", reason="keras is not installed (extra 'train')")

from train.data.augment import augment_face, augment_tile, corrupt_face
from train.data.views import Views
from train.learning.batches import TrainingBatches, ValidationBatches
from train.learning.devices import Devices
from train.recipe import load_recipe

ONE = Devices(("CPU:0",))


@pytest.fixture
def batches(labelled_faces):
    """Return training batches of sixteen faces by this recipe."""
    opened = []

    def make(recipe, devices=ONE, epoch=0, **changes):
        settings = load_recipe(recipe, {"batch_size": "16", **changes})
        opened.append(TrainingBatches(labelled_faces, settings, devices, epoch))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def assert_same(these, those):
    for this, that in zip(these, those, strict=True):
        np.testing.assert_array_equal(this, that)


def test_an_epoch_shows_every_face_once(batches, labelled_faces):
    made = batches("paper")
    shown = np.concatenate([made[i][0] for i in range(len(made))])
    assert sorted(image.sum() for image in shown) == sorted(
        float(image.sum()) for image in labelled_faces.images
    )


def test_batches_follow_from_seed_and_epoch_alone(batches):
    first, resumed = batches("edge"), batches("edge", epoch=1)
    before = first[0]
    first.on_epoch_end()
    assert not np.array_equal(first[0][0], before[0])
    assert_same(batches("edge", epoch=1)[2], resumed[2])


def test_a_batch_asked_for_again_or_out_of_turn_is_the_same(batches):
    made = batches("edge")
    first, third = made[0], made[2]
    assert_same(made[0], first)
    assert_same(made[2], third)


def test_mixup_blends_faces_and_targets_alike(batches):
    faces, targets, weights = batches("paper")[0]
    mixed, blended, blend = batches("paper", mixup="0.5")[0]
    np.testing.assert_array_equal(weights, 1)
    np.testing.assert_array_equal(blend, 1)
    np.testing.assert_allclose(blended.sum(axis=1), 1, atol=1e-6)
    for place in range(len(faces)):
        own, before = faces[place], faces[place - 1]
        shares = np.linspace(0.5, 1, 101)[:, None, None, None]
        errors = np.abs(shares * own + (1 - shares) * before - mixed[place])
        share = shares[errors.mean(axis=(1, 2, 3)).argmin()].item()
        expected = share * targets[place] + (1 - share) * targets[place - 1]
        np.testing.assert_allclose(blended[place], expected, atol=0.02)


def test_mixup_follows_from_seed_and_epoch_alone(batches):
    first = batches("edge", epoch=1, mixup="0.2")[2]
    assert_same(batches("edge", epoch=1, mixup="0.2")[2], first)
    assert not np.array_equal(batches("edge", epoch=2, mixup="0.2")[2][0], first[0])


def test_the_shares_of_two_processes_make_up_the_batch(batches):
    whole = batches("edge")[0]
    halves = [batches("edge", Devices(("CPU:0",), process, 2))[0] for process in (0, 1)]
    assert_same([np.concatenate(parts) for parts in zip(*halves, strict=True)], whole)


def test_pixels_stay_raw(batches):
    faces, labels, _ = batches("paper")[0]
    assert faces.dtype == np.float32
    assert faces.max() > 200
    assert (labels.sum(axis=1) == 1).all()


def test_validation_shows_every_face_in_order(labelled_faces):
    made = ValidationBatches(labelled_faces, ONE)
    faces = np.concatenate([made[i][0] for i in range(len(made))])
    np.testing.assert_array_equal(faces[..., 0], labelled_faces.images)


def test_augmentation_keeps_shape_range_and_changes_the_face(labelled_faces):
    face = labelled_faces.images[0]
    changed = augment_face(face, np.random.default_rng(1))
    assert changed.shape == face.shape
    assert changed.dtype == np.uint8
    assert not np.array_equal(changed, face)
    np.testing.assert_array_equal(changed, augment_face(face, np.random.default_rng(1)))


@pytest.mark.parametrize("seed", range(20))
def test_a_corrupted_face_keeps_shape_and_range(labelled_faces, seed):
    face = labelled_faces.images[0]
    spoilt = corrupt_face(face, np.random.default_rng(seed))
    assert spoilt.shape == face.shape
    assert spoilt.dtype == np.uint8
    assert not np.array_equal(spoilt, face)
    np.testing.assert_array_equal(spoilt, corrupt_face(face, np.random.default_rng(seed)))


def test_the_recipe_sets_the_share_of_corrupted_faces(labelled_faces):
    recipe = load_recipe("paper", {"camera": "0.3"})
    shown = TrainingBatches(labelled_faces, recipe, ONE)
    whole = {image.tobytes() for image in labelled_faces.images}
    faces = np.concatenate([shown[i][0] for i in range(len(shown))]).astype(np.uint8)
    spoilt = np.mean([face.tobytes() not in whole for face in faces])
    assert 0.15 < spoilt < 0.45
    shown.close()


def test_the_samples_of_the_report_are_as_many_of_each_emotion(labelled_faces):
    images, labels = Views(labelled_faces, load_recipe("edge")).samples(each=3)
    assert images.shape == (21, 48, 48)
    assert np.bincount(labels).tolist() == [3] * 7


def test_the_weakest_augmentation_only_mirrors(labelled_faces):
    face, rng = labelled_faces.images[0], np.random.default_rng(1)
    seen = [augment_face(face, rng, strength=0) for _ in range(16)]
    for changed in seen:
        assert np.array_equal(changed, face) or np.array_equal(changed, face[:, ::-1])
    assert len({changed.tobytes() for changed in seen}) == 2


def test_a_tile_is_drawn_with_the_room_around_it_and_turned_by_no_more_than_asked():
    # A bright bar across the middle of a dark tile shows by how much it was turned.
    tile = np.zeros((96, 96), np.uint8)
    tile[44:52] = 255
    turns = []
    for seed in range(60):
        face = augment_tile(
            tile, np.array([24, 18, 48, 60]), (48, 48), np.random.default_rng(seed), 0.0, 25
        )
        assert face.shape == (48, 48)
        rows, columns = np.nonzero(face > 128)
        turns.append(np.degrees(np.arctan(np.polyfit(columns, rows, 1)[0])))
    assert 18 < np.abs(turns).max() < 26.5


def test_roll_turns_a_face_however_weak_the_augmentation(labelled_faces):
    face = labelled_faces.images[0]
    turned = augment_face(face, np.random.default_rng(1), strength=0, roll=25)
    assert not np.array_equal(turned, face)
    assert not np.array_equal(turned, face[:, ::-1])
