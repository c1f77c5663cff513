"""A small labelled data set in FER-2013's layout, made from the two portraits of the demo clip.

Which emotion a face is filed under means nothing; it is there to be read, learnt and measured.
"""

from importlib import resources

import cv2
import numpy as np
import pytest

from edge.evaluation.datasets import load_split
from edge.faces.crop import crop_face, to_gray
from edge.support.labels import EMOTIONS

# Face boxes in the two portraits, x, y, width, height.
FACES = {"astronaut": (174, 63, 101, 101), "grace_hopper": (155, 130, 215, 215)}


def portrait(name):
    """Return a portrait of the demo clip, BGR uint8."""
    raw = resources.files("edge.sources").joinpath("portraits", f"{name}.jpg").read_bytes()
    return cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)


def write_labelled_folder(root, per_emotion=(8, 3)):
    """Write `root/train` and `root/test`: varied crops of the two faces, full black to full white."""
    rng = np.random.default_rng(7)
    grays = {name: to_gray(portrait(name)) for name in FACES}
    for split, count in zip(("train", "test"), per_emotion, strict=True):
        for place, emotion in enumerate(EMOTIONS):
            folder = root / split / emotion
            folder.mkdir(parents=True)
            for number in range(count):
                name = list(FACES)[(place + number) % 2]
                x, y, side, _ = FACES[name]
                dx, dy, more = rng.integers(-8, 9, 3)
                box = (x + int(dx), y + int(dy), side + int(more), side + int(more))
                face = crop_face(grays[name], box, (48, 48))
                face = cv2.normalize(face, None, 0, 255, cv2.NORM_MINMAX)
                cv2.imwrite(str(folder / f"{number}.png"), face)
    return root


@pytest.fixture(scope="session")
def labelled_folder_once(tmp_path_factory):
    """The data set, for tests that only read it."""
    return write_labelled_folder(tmp_path_factory.mktemp("labelled"))


@pytest.fixture
def labelled_folder(tmp_path):
    """The data set, for tests that change it."""
    return write_labelled_folder(tmp_path / "labelled")


@pytest.fixture(scope="session")
def labelled_faces(labelled_folder_once):
    """The training faces."""
    return load_split(labelled_folder_once, "train")
