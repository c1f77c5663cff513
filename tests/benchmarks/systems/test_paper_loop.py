"""The paper's loop does what Fig. 15 prints."""

import numpy as np
from faces import portrait

from benchmarks.systems.paper_loop import PaperLoop
from edge.support.labels import EMOTIONS


class Happy:
    """Stands in for the Keras model: remembers what it is asked, and always says happy."""

    def __init__(self):
        self.asked = []

    def predict(self, faces, verbose):
        self.asked.append(faces)
        return np.eye(len(EMOTIONS), dtype="f4")[[EMOTIONS.index("happy")]]


def test_each_face_is_asked_for_by_itself_scaled_to_one():
    model = Happy()
    labels = PaperLoop(model)(portrait("astronaut"))
    assert labels
    assert set(labels) == {"happy"}
    assert len(model.asked) == len(labels)
    for face in model.asked:
        assert face.shape == (1, 48, 48, 1)
        assert 0 <= face.min() < 0.5 < face.max() <= 1


def test_a_black_frame_has_no_face():
    model = Happy()
    assert PaperLoop(model)(np.zeros((360, 640, 3), np.uint8)) == []
    assert model.asked == []
