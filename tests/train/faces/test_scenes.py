"""A scene's faces lie where it says, and the same draw gives the same scene."""

import numpy as np
import pytest

from train.faces.camera import as_a_camera
from train.faces.scenes import SMALLEST, make_scene

SIDE = 128


def scenes(material, count=40, **options):
    return [make_scene(material, SIDE, np.random.default_rng(i), **options) for i in range(count)]


def test_the_same_draw_gives_the_same_scene(material):
    first, again = (make_scene(material, SIDE, np.random.default_rng(3)) for _ in range(2))
    assert (first.picture == again.picture).all()
    assert (first.boxes == again.boxes).all()


def test_every_scene_is_a_gray_picture_with_its_faces(material):
    made = scenes(material)
    for scene in made:
        assert scene.picture.shape == (SIDE, SIDE)
        assert scene.picture.dtype == np.uint8
        assert len(scene.boxes) == len(scene.eyes)
        middles = scene.boxes[:, :2] + scene.boxes[:, 2:] / 2
        assert ((middles >= 0) & (middles <= SIDE)).all()
        assert (scene.boxes[:, 2] >= SMALLEST).all()
    assert sum(len(scene.boxes) for scene in made) > 100


def test_the_eyes_lie_in_the_box_however_the_face_is_turned(material):
    for scene in scenes(material):
        for box, eyes in zip(scene.boxes, scene.eyes, strict=True):
            assert ((eyes >= box[:2]) & (eyes <= box[:2] + box[2:])).all()


def test_upright_faces_have_the_persons_right_eye_on_the_left_mirrored_or_not(material):
    apart = np.array([e[1] - e[0] for scene in scenes(material) for e in scene.eyes])
    assert (apart[:, 0] > 0).mean() > 0.8  # the others are turned by more than 90 degrees


def test_scenes_without_faces_can_be_asked_for(material):
    assert all(len(scene.boxes) == 0 for scene in scenes(material, 10, empty=1.0))


def test_where_a_face_is_there_is_its_picture(material):
    scene = next(s for s in scenes(material) if len(s.boxes) and s.boxes[:, 2].max() > 40)
    x, y, width, height = scene.boxes[scene.boxes[:, 2].argmax()].astype(int)
    part = scene.picture[max(0, y) : y + height, max(0, x) : x + width]
    assert part.std() > 0


@pytest.mark.parametrize("seed", range(20))
def test_a_camera_keeps_the_pictures_shape(seed):
    canvas = np.linspace(0, 255, 64 * 48, dtype=np.float32).reshape(48, 64)
    picture = as_a_camera(canvas, 20, np.random.default_rng(seed))
    assert (picture.shape, picture.dtype) == ((48, 64), np.uint8)
