"""The built-in clip, played whole: its faces are found, none where none are, and always the same."""

import json
from datetime import datetime

import numpy as np
import pytest

from edge.emotions.classifier import TFLiteClassifier
from edge.faces.haar import HaarDetector
from edge.inference.model_file import find_model, read_model
from edge.live.pipeline import Pipeline
from edge.sources import SourceOptions, open_source
from edge.sources.demo import FPS, SECONDS, DemoClip
from edge.support.boxes import iou
from edge.support.errors import SourceError
from edge.support.labels import EMOTIONS

WIDTH, HEIGHT = 640, 360  # a quarter of its usual size, where the same faces are found sooner


@pytest.fixture(scope="module")
def records():
    """What is seen in every fourth frame of the clip, and in every one of its empty scene."""
    pipeline = Pipeline(HaarDetector(), TFLiteClassifier(read_model(find_model(None))))
    with open_source("demo", SourceOptions(size=(WIDTH, HEIGHT))) as source:
        return [
            pipeline.analyse(frame).as_record()
            for frame in source
            if frame.index % 4 == 0 or 8.0 <= frame.position_s < 9.5
        ]


def between(records, start_s, end_s):
    return [r for r in records if start_s <= r["position_s"] < end_s]


@pytest.mark.slow
def test_a_record_has_the_fields_of_schema_1_and_no_others(records):
    for record in records:
        assert list(record) == [
            *("schema", "time", "source", "frame", "position_s", "size", "faces", "ms")
        ]
        assert record["schema"] == 1
        assert set(record["ms"]) == {"capture", "detect", "classify", "work", "total"}
        for face in record["faces"]:
            assert list(face) == ["track", "box", "emotion", "confidence", "scores"]
            assert list(face["scores"]) == list(EMOTIONS)


def test_time_is_utc_and_never_goes_back(records):
    assert all(r["time"].endswith("Z") for r in records)
    times = [datetime.fromisoformat(r["time"]) for r in records]
    assert all(t.utcoffset().total_seconds() == 0 for t in times)
    assert times == sorted(times)


def test_scores_are_probabilities_and_the_emotion_is_the_likeliest(records):
    for face in (face for record in records for face in record["faces"]):
        scores = face["scores"]
        # Seven numbers, each rounded to four places.
        assert sum(scores.values()) == pytest.approx(1, abs=7 * 0.00005)
        assert all(0 <= p <= 1 for p in scores.values())
        assert face["confidence"] == max(scores.values()) == scores[face["emotion"]]


def test_boxes_lie_in_the_frame(records):
    for record in records:
        width, height = record["size"]
        for x, y, w, h in (face["box"] for face in record["faces"]):
            assert min(x, y) >= 0
            # The small picture that is searched and the frame round differently by a pixel.
            assert x + w <= width + 1
            assert y + h <= height + 1
            assert min(w, h) >= 0.1 * height - 1  # min_face


@pytest.mark.parametrize(
    ("start_s", "end_s", "faces"), [(0, 5, 1), (5, 8, 2), (9.5, 12, 2)], ids=["one", "two", "dark"]
)
def test_as_many_faces_are_found_as_hang_there(records, start_s, end_s, faces):
    found = [len(r["faces"]) for r in between(records, start_s, end_s)]
    assert max(found) == faces
    assert np.median(found) == faces  # a cascade may miss a face for a moment


def test_none_is_ever_found_on_the_empty_wall_and_the_record_is_written_all_the_same(records):
    empty = between(records, 8.0, 9.5)
    assert len(empty) == 38  # 1.5 s at 25 frames a second
    assert [r["faces"] for r in empty] == [[]] * len(empty)


def test_the_smiling_astronaut_is_happy_in_every_frame(records):
    alone = between(records, 0, 5)
    emotions = {face["emotion"] for record in alone for face in record["faces"]}
    assert emotions == {"happy"}


def test_a_face_keeps_its_number_as_long_as_it_is_there(records):
    assert {f["track"] for r in between(records, 0, 5) for f in r["faces"]} == {1}
    both = [{f["track"] for f in r["faces"]} for r in between(records, 5, 8)]
    assert max(both, key=len) == set().union(*both)
    later = {f["track"] for r in between(records, 9.5, 12) for f in r["faces"]}
    assert not later & set().union(*both)


def test_the_face_moves_with_its_picture(records):
    lefts = [r["faces"][0]["box"][0] for r in between(records, 0, 3) if r["faces"]]
    shown = 0.2 * WIDTH * 3  # the first scene moves the portrait so far, in pixels
    assert lefts[-1] - lefts[0] == pytest.approx(shown, rel=0.1)


@pytest.mark.slow
def test_every_run_sees_the_same(edge_emo_process):
    runs = []
    for _ in range(2):
        options = ["--size", f"{WIDTH}x{HEIGHT}", "--duration", "0.5", "--jsonl", "-"]
        lines = edge_emo_process("run", "--source", "demo", *options).out.splitlines()
        runs.append([{**json.loads(line), "time": None, "ms": None} for line in lines])
    shorter = min(map(len, runs))  # how far they come in half a second is up to the machine
    assert shorter > 0
    assert runs[0][:shorter] == runs[1][:shorter]


@pytest.mark.parametrize("size", [(320, 180), (854, 480), (360, 640), (101, 77)])
def test_the_clip_can_be_composed_at_any_size(size):
    clip = DemoClip(size)
    for t in (0.0, 4.0, 6.0, 8.5, 10.0):
        picture = clip.picture(t)
        assert picture.shape == (size[1], size[0], 3)
        assert picture.dtype == np.uint8
    assert clip.picture(10.0).mean() < 0.5 * clip.picture(6.0).mean()


def test_the_same_second_is_the_same_picture_and_the_clip_repeats():
    clip = DemoClip((320, 180))
    first = clip.picture(6.4)
    clip.picture(1.0)
    np.testing.assert_array_equal(clip.picture(6.4), first)
    np.testing.assert_array_equal(clip.picture(6.4 + SECONDS), first)


def test_the_demo_is_a_file_of_twelve_seconds():
    with open_source("demo", SourceOptions(size=(64, 36))) as source:
        assert not source.live
        assert source.continuous
        assert source.fps == FPS
        frames = list(source)
    assert [frame.index for frame in frames] == list(range(int(SECONDS * FPS)))
    assert [frame.position_s for frame in frames] == [i / FPS for i in range(len(frames))]
    assert {frame.size for frame in frames} == {(64, 36)}
    assert {frame.gray.shape for frame in frames} == {(36, 64)}
    assert {frame.color().shape for frame in frames} == {(36, 64, 3)}


def test_the_demo_takes_no_argument():
    with pytest.raises(SourceError, match="demo:2"):
        open_source("demo:2")


@pytest.mark.slow
def test_at_its_usual_size_the_same_faces_are_found(edge_emo, records, tmp_path):
    path = tmp_path / "faces.jsonl"
    arguments = ["--source", "demo", "--duration", "0.001", "--jsonl", path]
    assert edge_emo("run", *arguments).status == 0
    record = json.loads(path.read_text().splitlines()[0])
    assert record["size"] == [1280, 720]
    small = records[0]["faces"][0]["box"]
    assert iou(tuple(2 * n for n in small), tuple(record["faces"][0]["box"])) > 0.5
