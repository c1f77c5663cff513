"""One frame's way through stand-ins for the detector and the network, then through the real ones."""

from datetime import UTC, datetime

import numpy as np
import pytest
from faces import FACES, portrait

from edge.emotions.classifier import TFLiteClassifier
from edge.faces import Detection, make_detector
from edge.faces.crop import to_gray
from edge.inference.model_file import find_model, read_model
from edge.live.pipeline import Pipeline
from edge.support.boxes import iou
from edge.support.labels import EMOTIONS
from edge.support.values import Frame

TIME = datetime(2026, 1, 1, tzinfo=UTC)


def frame(gray, index=0, position_s=None, size=None, color=lambda: None):
    size = size or gray.shape[::-1]
    return Frame("test", index, TIME, position_s, size, gray, color, 1.5)


class Detector:
    """Finds what it is told to, and remembers the shape of what it was given."""

    def __init__(self, *boxes):
        self.found, self.asked = [Detection(box, 0.9) for box in boxes], []

    def detect(self, image):
        self.asked.append(image.shape)
        return list(self.found)


class Classifier:
    """Says what it is told to, and keeps the faces."""

    input_size = (48, 48)

    def __init__(self, *emotions):
        self.emotions, self.faces = list(emotions), []

    def classify(self, face):
        self.faces.append(face.copy())
        said = self.emotions[min(len(self.faces), len(self.emotions)) - 1]
        return np.eye(7, dtype="f4")[EMOTIONS.index(said)]


def test_each_face_is_cut_out_where_it_was_found(pixels):
    gray = pixels(200, 300)
    classifier = Classifier("happy", "sad")
    seen = Pipeline(Detector((10, 20, 48, 48), (120, 100, 48, 48)), classifier).analyse(frame(gray))
    np.testing.assert_array_equal(classifier.faces[0], gray[20:68, 10:58])
    np.testing.assert_array_equal(classifier.faces[1], gray[100:148, 120:168])
    assert [(f.box, f.emotion) for f in seen.faces] == [
        ((10, 20, 48, 48), "happy"),
        ((120, 100, 48, 48), "sad"),
    ]


def test_boxes_are_detected_in_the_small_frame_and_reported_in_pixels_of_the_full_one(pixels):
    gray = pixels(180, 320)
    detector, classifier = Detector((10, 20, 48, 48)), Classifier("happy")
    pipeline = Pipeline(detector, classifier)
    for index in range(2):
        seen = pipeline.analyse(frame(gray, index, index / 25, size=(1280, 720)))
    assert seen.faces[0].box == (40, 80, 192, 192)
    np.testing.assert_array_equal(classifier.faces[0], gray[20:68, 10:58])
    assert detector.asked == [(180, 320), (180, 320)]


def test_what_is_known_of_the_frame_is_in_the_observation(pixels):
    seen = Pipeline(Detector(), Classifier()).analyse(frame(pixels(60, 80), 7, 0.28, (160, 120)))
    assert (seen.source, seen.frame, seen.position_s) == ("test", 7, 0.28)
    assert (seen.size, seen.time, seen.faces) == ((160, 120), TIME, ())


def test_the_stages_times_add_up(pixels):
    ms = Pipeline(Detector(), Classifier()).analyse(frame(pixels(60, 80))).ms
    assert list(ms) == ["capture", "detect", "classify", "work", "total"]
    assert ms["capture"] == 1.5
    assert min(ms.values()) >= 0
    assert ms["total"] == pytest.approx(ms["capture"] + ms["detect"] + ms["classify"])
    assert ms["work"] == pytest.approx(ms["detect"] + ms["classify"])


def test_scores_are_smoothed_by_the_medias_own_time(pixels):
    gray = pixels(200, 300)

    def sadness(seconds):
        pipeline = Pipeline(Detector((10, 20, 48, 48)), Classifier("happy", "sad"))
        pipeline.analyse(frame(gray, 0, 0.0))
        return pipeline.analyse(frame(gray, 1, seconds)).faces[0].scores["sad"]

    assert 0 < sadness(0.04) < sadness(0.4) < sadness(0.9) < 1


def test_still_images_are_analysed_each_by_itself(pixels):
    gray = pixels(200, 300)
    detector = Detector((10, 20, 48, 48))
    pipeline = Pipeline(detector, Classifier("happy", "sad"), continuous=False)
    faces = [pipeline.analyse(frame(gray, index)).faces[0] for index in range(2)]
    assert [(f.track, f.emotion, f.confidence) for f in faces] == [(1, "happy", 1), (1, "sad", 1)]
    assert len(detector.asked) == 2


def test_the_portraits_faces_are_found_where_they_are():
    pipeline = Pipeline(
        make_detector("haar"), TFLiteClassifier(read_model(find_model(None))), continuous=False
    )
    for name, box in FACES.items():
        seen = pipeline.analyse(frame(to_gray(portrait(name))))
        assert len(seen.faces) == 1
        assert iou(seen.faces[0].box, box) > 0.5
        assert sum(seen.faces[0].scores.values()) == pytest.approx(1, abs=1e-6)
        if name == "astronaut":
            assert seen.faces[0].emotion == "happy"


def test_a_face_is_reported_in_every_frame_with_the_same_number(pixels):
    detector = Detector((10, 20, 48, 48))
    pipeline = Pipeline(detector, Classifier("happy"), search_every_s=0.25)
    gray = pixels(180, 320)
    seen = [pipeline.analyse(frame(gray, i, i / 10)) for i in range(7)]
    assert [len(s.faces) for s in seen] == [1] * 7
    assert {s.faces[0].track for s in seen} == {1}


def test_an_emotion_below_the_threshold_is_reported_as_unsure(pixels):
    class Torn(Classifier):
        def classify(self, face):
            return np.array([0.3, 0.1, 0.1, 0.2, 0.1, 0.1, 0.1], "f4")

    for least, told in ((0.0, "angry"), (0.29, "angry"), (0.35, "unsure")):
        pipeline = Pipeline(Detector((10, 20, 48, 48)), Torn(), unsure_below=least)
        (face,) = pipeline.analyse(frame(pixels(200, 300))).faces
        assert face.emotion == told
        assert face.confidence == pytest.approx(0.3)


def test_of_still_images_each_is_searched_whole(pixels):
    detector = Detector((10, 20, 48, 48))
    pipeline = Pipeline(detector, Classifier("happy"), continuous=False, search_every_s=9.0)
    for index in range(3):
        pipeline.analyse(frame(pixels(180, 320), index))
    assert len(detector.asked) == 3


def test_a_classifier_that_takes_colour_gets_it_from_the_full_frame(pixels):
    full = pixels(720, 1280, 3)
    classifier = Classifier("happy")
    classifier.input_size = (192, 192, 3)
    seen = frame(pixels(180, 320), size=(1280, 720), color=lambda: full)
    Pipeline(Detector((10, 20, 48, 48)), classifier).analyse(seen)
    np.testing.assert_array_equal(classifier.faces[0], full[80:272, 40:232, ::-1])


def test_colour_is_asked_for_only_where_a_face_needs_it(pixels):
    def color():
        raise AssertionError("a copy for nothing")

    Pipeline(Detector((10, 20, 48, 48)), Classifier("happy")).analyse(
        frame(pixels(180, 320), color=color)
    )
    in_color = Classifier("happy")
    in_color.input_size = (48, 48, 3)
    Pipeline(Detector(), in_color).analyse(frame(pixels(180, 320), color=color))
