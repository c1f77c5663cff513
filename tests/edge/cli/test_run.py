"""`edge-emo run` refuses whatever is wrong in one line, and leaves nothing half-written."""

import json

import cv2
import pytest

from edge.inference.model_file import find_model, read_model, write_model


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder to run in."""
    folder = tmp_path / "place"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def bad(tmp_path, scene, write_video, pixels):
    """Make an input of this name that is wrong in the way that its name says; return its path."""
    model = read_model(find_model(None))
    content = model.path.read_bytes()
    half_way = len(model.flatbuffer) // 2

    def about(**changes):
        return {**model.about, **changes}

    def film(path, codec, share):
        write_video(path, scene("one face", 10), codec)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])

    makers = {
        "no-images": lambda p: p.mkdir(),
        "empty.png": lambda p: p.touch(),
        "empty.mp4": lambda p: p.touch(),
        "random.mp4": lambda p: p.write_bytes(pixels(50_000).tobytes()),
        "text.mp4": lambda p: p.write_text("no video\n"),
        "half.mp4": lambda p: film(p, "mp4v", 0.5),
        "cut.avi": lambda p: film(p, "MJPG", 0.6),
        "cut.mkv": lambda p: film(p, "MJPG", 0.6),
        "truncated.tflite": lambda p: p.write_bytes(content[:half_way]),
        "shortened.tflite": lambda p: p.write_bytes(content[:-100]),
        "random.tflite": lambda p: p.write_bytes(pixels(50_000).tobytes()),
        "empty.tflite": lambda p: p.touch(),
        "flipped.tflite": lambda p: p.write_bytes(
            content[:half_way] + bytes([content[half_way] ^ 1]) + content[half_way + 1 :]
        ),
        "age.tflite": lambda p: write_model(p, model.flatbuffer, about(task="age")),
        "deep.tflite": lambda p: write_model(
            p, model.flatbuffer, about(input={"shape": [1, 48, 48, 4]})
        ),
        "color.tflite": lambda p: write_model(
            p, model.flatbuffer, about(input={"shape": [1, 48, 48, 3]})
        ),
        "larger.tflite": lambda p: write_model(
            p, model.flatbuffer, about(input={"shape": [1, 64, 64, 1]})
        ),
        "folder.tflite": lambda p: p.mkdir(),
    }

    def make(name):
        makers[name](tmp_path / name)
        return tmp_path / name

    return make


def assert_nothing_half_written(folder):
    assert {p.name for p in folder.iterdir()} <= {"faces.jsonl", "out.mp4"}
    if (folder / "out.mp4").exists():  # what was seen until a source broke off is kept, as a whole
        recording = cv2.VideoCapture(str(folder / "out.mp4"), cv2.CAP_FFMPEG)
        frames = (folder / "faces.jsonl").read_text().count("\n")
        assert recording.get(cv2.CAP_PROP_FRAME_COUNT) == frames > 0
    if (folder / "faces.jsonl").exists():
        text = (folder / "faces.jsonl").read_text()
        assert text == "" or text.endswith("\n")
        for line in text.splitlines():
            json.loads(line)


OUTPUTS = ["--jsonl", "faces.jsonl", "--record", "out.mp4"]
BAD_SOURCES = [
    ("no-images", "no-images: holds no image"),
    ("empty.png", "empty.png: "),
    ("empty.mp4", "empty.mp4: is not a video"),
    ("random.mp4", "random.mp4: is not a video"),
    ("text.mp4", "text.mp4: is not a video"),
    ("half.mp4", "half.mp4: is not a video"),
    ("cut.avi", "cut.avi: ends after"),
    ("cut.mkv", "cut.mkv: ends after"),
]
BAD_MODELS = [
    ("truncated.tflite", "truncated.tflite: has no model.json"),
    ("shortened.tflite", "shortened.tflite: has no model.json"),
    ("random.tflite", "random.tflite: is not a TFLite file"),
    ("empty.tflite", "empty.tflite: is not a TFLite file"),
    ("flipped.tflite", "flipped.tflite: its checksum differs"),
    ("age.tflite", "age.tflite: is for another task (age"),
    ("deep.tflite", "deep.tflite: takes input of shape [1, 48, 48, 4]"),
    ("color.tflite", "color.tflite: takes input of shape [1, 48, 48, 1], but its model.json"),
    ("larger.tflite", "larger.tflite: takes input of shape [1, 48, 48, 1], but its model.json"),
    ("folder.tflite", "folder.tflite: cannot be read"),
]


@pytest.mark.parametrize(("name", "said"), BAD_SOURCES, ids=[name for name, _ in BAD_SOURCES])
def test_a_source_that_is_none_is_refused(edge_emo, assert_refused, bad, place, name, said):
    assert_refused(edge_emo("run", "--source", bad(name), *OUTPUTS), said)
    assert_nothing_half_written(place)


@pytest.mark.parametrize(("name", "said"), BAD_MODELS, ids=[name for name, _ in BAD_MODELS])
def test_a_model_that_is_none_is_refused(edge_emo, assert_refused, bad, place, name, said):
    ended = edge_emo("run", "--source", "demo", "--model", bad(name), *OUTPUTS)
    assert_refused(ended, said)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--camera", "9"], "camera 9: cannot be opened"),
        (["--camera", "webcam"], "webcam: no such file or folder, and no camera's name"),
        (["--camera", "mock:3"], "mock:3: no such camera"),
        (["--camera", "rtsp://user:s3cret@127.0.0.1:1/x"], "rtsp://user@127.0.0.1:1/x: no stream"),
        (["--camera", "mock", "--source", "demo"], "source: cannot be combined with --camera"),
        (["--source", "none.mp4"], "none.mp4: no such file"),
        (["--source", "a" * 300], "no such file"),
        (["--model", "none.tflite"], "none.tflite: cannot be read: No such file"),
        (["--model", "edge-xxl"], "model 'edge-xxl': no such file"),
        (["--detector", "yolo"], "detector: 'yolo' is not one of"),
        (["--interpreter", "tensorrt"], "interpreter: 'tensorrt' is not one of"),
        (["--output", "printer"], "output: 'printer' is not one of"),
        (["--output", "=faces"], "output: '' is not one of"),
        (["--size", "large"], "size: 'large' is not a size"),
        (["--size", "1x1"], "size: '1x1' is not a size"),
        (["--min-face", "0"], "min-face: 0.0"),
        (["--fps", "0"], "fps: 0.0"),
        (["--fps", "nan"], "fps: nan"),
        (["--duration", "-1"], "duration: -1.0"),
        (["--threads", "0"], "threads: 0"),
        (["--record", "film.gif"], "film.gif: a recording must end in .mp4, .avi or .mkv"),
        (["--record", "nowhere/film.mp4"], "nowhere/film.mp4: cannot write"),
        (["--jsonl", "nowhere/faces.jsonl"], "nowhere/faces.jsonl: cannot write"),
        (["--config", "none.toml"], "none.toml: cannot be read"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(edge_emo, assert_refused, place, arguments, said):
    named = {"--camera", "--source"} & set(arguments)
    source = [] if named else ["--source", "demo"]
    output = [] if {"--jsonl", "--record"} & set(arguments) else OUTPUTS
    assert_refused(edge_emo("run", *source, *output, *arguments), said)
    assert list(place.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "name", "said"),
    [
        ("--source", "half.mp4", "half.mp4: is not a video"),
        ("--source", "cut.avi", "cut.avi: ends after"),
        ("--model", "larger.tflite", "larger.tflite: takes input of shape"),
    ],
)
def test_no_library_adds_words_of_its_own(
    edge_emo_process, assert_refused, bad, place, option, name, said
):
    source = [] if option == "--source" else ["--source", "demo"]
    ended = edge_emo_process("run", *source, option, bad(name), *OUTPUTS, cwd=place)
    assert_refused(ended, said)
    assert_nothing_half_written(place)


def test_outputs_combine(edge_emo, portrait_file, read_video, place):
    ended = edge_emo(
        *("run", "--source", portrait_file, "--jsonl", "faces.jsonl", "--record", "out.mp4"),
        *("--output", "text", "--output", "picture=out.png", "--output", "jsonl=more.jsonl"),
    )
    assert ended.status == 0
    assert "#1 happy" in ended.out
    assert (place / "faces.jsonl").read_bytes() == (place / "more.jsonl").read_bytes()
    assert len(read_video(place / "out.mp4")) == 1
    assert {p.name for p in place.iterdir()} == {
        *("faces.jsonl", "more.jsonl", "out.mp4", "out.png")
    }


def test_the_end_tells_frames_and_faces(edge_emo, short_video, place):
    ended = edge_emo("run", "--source", short_video, "--jsonl", "faces.jsonl")
    faces = sum(
        len(json.loads(line)["faces"]) for line in (place / "faces.jsonl").read_text().splitlines()
    )
    assert ended.err.startswith("edge-emo: 8 frames in ")
    assert f", {faces} faces" in ended.err


def test_a_smaller_least_face_finds_smaller_faces(edge_emo, short_video, place):
    for share in ("0.1", "0.5"):
        edge_emo("run", "--source", short_video, "--min-face", share, "--jsonl", f"{share}.jsonl")
    small, large = (
        sum(len(json.loads(line)["faces"]) for line in path.read_text().splitlines())
        for path in (place / "0.1.jsonl", place / "0.5.jsonl")
    )
    assert small > 0
    assert large == 0
