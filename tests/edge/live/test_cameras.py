"""Each camera of a run gets its own settings, and nothing that two would both write to."""

import os
import tomllib

import pytest

from edge.live.cameras import MOST, check_tables, each_camera
from edge.live.settings import RunConfig
from edge.support.errors import ConfigError


def cameras(*named, **common):
    return each_camera(common, named, {})


def of_file(found, common=None):
    check_tables(found)
    return each_camera(common or {}, (), found)


def tables(common=None, **found):
    return of_file(found, common)


@pytest.fixture
def in_force(edge_emo, tmp_path):
    """Return what `run --print-config` prints for a file of settings and arguments."""

    def run(text, *arguments):
        path = tmp_path / "cameras.toml"
        path.write_text(text, encoding="utf-8")
        ended = edge_emo("run", "--config", path, *arguments, "--print-config")
        assert (ended.status, ended.err) == (0, "")
        return tomllib.loads(ended.out)

    return run


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ([], ["0"]),
        (["0", "1"], ["0", "1"]),
        (["mock", "mock", "mock"], ["mock", "mock-2", "mock-3"]),
        (["/dev/video2", "picamera:1"], ["video2", "picamera-1"]),
        (["rtsp://a:b@h/TOKEN", "http://h/2"], ["network-camera", "network-camera-2"]),
    ],
)
def test_a_camera_is_called_as_it_is_asked_for_without_a_secret(given, names):
    assert list(cameras(*given)) == names


def test_the_name_stands_wherever_the_settings_ask_for_it():
    found = cameras(
        *("0", "1"),
        jsonl="{camera}.jsonl",
        record="films/{camera}.mkv",
        outputs=("jsonl=more-{camera}.jsonl",),
        off_file="off-{camera}",
        label="hall {camera}",
        metrics_file="{camera}.prom",
    )
    one = found["1"]
    assert (one.camera, one.jsonl, one.record) == ("1", "1.jsonl", "films/1.mkv")
    assert (one.outputs, one.off_file) == (("jsonl=more-1.jsonl",), "off-1")
    assert (one.label, one.metrics_file) == ("hall 1", "1.prom")


def test_one_camera_is_as_it_always_was():
    assert cameras("0", jsonl="a.jsonl") == {"0": RunConfig(camera="0", jsonl="a.jsonl")}
    assert cameras(source="films/a.mp4") == {"a.mp4": RunConfig(source="films/a.mp4")}


def test_a_table_goes_before_what_all_share_and_names_its_camera():
    found = tables(
        {"fps": 5.0, "label": "house", "jsonl": "{camera}.jsonl"},
        front={"camera": "0", "fps": 15},
        door={"camera": "rtsp://h/1", "label": "the door", "outputs": ["text"]},
    )
    assert [(c.fps, c.label, c.jsonl) for c in found.values()] == [
        (15.0, "front", "front.jsonl"),
        (5.0, "the door", "door.jsonl"),
    ]
    assert type(found["front"].fps) is float
    assert found["door"].outputs == ("text",)


@pytest.mark.parametrize(
    ("common", "said"),
    [
        ({"jsonl": "a.jsonl"}, "jsonl: the cameras 0 and 1 would share a.jsonl; put {camera} into"),
        ({"record": "a.mkv"}, "record: the cameras 0 and 1 would share a.mkv; put {camera} into"),
        ({"metrics_file": "a.prom"}, "metrics-file: the cameras 0 and 1 would share a.prom"),
        ({"page": "127.0.0.1:1"}, "page: the cameras 0 and 1 would share 127.0.0.1:1; set one for"),
        ({"outputs": ("jsonl=a",)}, "jsonl: the cameras 0 and 1 would share a"),
        ({"outputs": ("picture=a.png",)}, "picture: the cameras 0 and 1 would share a.png"),
        ({"outputs": ("page",)}, "page: the cameras 0 and 1 would share one address"),
        ({"outputs": ("window",)}, "window: shows one camera"),
        ({"window": True}, "window: shows one camera"),
        ({"source": "a.mp4"}, "source: cannot be combined with --camera"),
    ],
)
def test_what_two_cameras_cannot_share_is_refused_by_name(common, said):
    with pytest.raises(ConfigError) as refused:
        cameras("0", "1", **common)
    assert str(refused.value).startswith(said)


def test_files_that_are_one_by_another_path_are_refused():
    with pytest.raises(ConfigError, match="would share"):
        tables(a={"camera": "0", "jsonl": "a.jsonl"}, b={"camera": "1", "record": "./x/../a.jsonl"})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("127.0.0.1:8048", "localhost:8048"),
        ("127.0.0.1:8048", ":8048"),
    ],
)
def test_pages_at_one_address_in_two_spellings_are_refused(one, other):
    with pytest.raises(ConfigError, match=r"^page: the cameras a and b would share"):
        tables(a={"camera": "0", "page": one}, b={"camera": "1", "page": other})


@pytest.mark.parametrize(
    "given",
    [
        {"jsonl": "a.mp4", "record": "a.mp4"},
        {"jsonl": "a.jsonl", "outputs": ("jsonl=./a.jsonl",)},
        {"outputs": ("page", "page=localhost:8048")},
    ],
)
def test_two_outputs_of_one_camera_to_one_place_are_refused(given):
    with pytest.raises(ConfigError, match="two outputs would share"):
        cameras("0", **given)


@pytest.mark.parametrize(
    "given",
    [
        {"source": "film.mp4", "record": "film.mp4"},
        {"source": "film.mp4", "jsonl": "link.mp4"},
        {"camera": "film.mp4", "record": "./film.mp4"},
        {"source": ".", "record": "film.mp4"},
        {"model": "film.mp4", "jsonl": "film.mp4"},
    ],
)
def test_no_output_writes_over_what_is_read(tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "film.mp4").write_bytes(b"film")
    (tmp_path / "link.mp4").symlink_to("film.mp4")
    camera = [given.pop("camera")] if "camera" in given else []
    with pytest.raises(ConfigError, match="is read by this run, and would be overwritten"):
        cameras(*camera, **given)


def test_outputs_may_stand_beside_what_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.jsonl").write_text("")
    assert cameras(source=".", jsonl="old.jsonl", record="new.mp4", outputs=("picture=new.png",))
    assert cameras("0", jsonl="/dev/null", record="new.mp4")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are needed")
def test_a_pipe_is_no_camera_beside_others(tmp_path):
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    for source in (pipe, "-"):
        with pytest.raises(ConfigError, match="b is a pipe, and opening it could hold up"):
            tables(a={"camera": "0"}, b={"source": source})
        assert tables(b={"source": source})


def test_what_cameras_can_share_they_do():
    shared = {"jsonl": "-", "outputs": ("text", "other=host"), "page": "127.0.0.1:0"}
    assert len(cameras("0", "1", off_file="off", page_token="token", **shared)) == 2


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("text", "cameras: is not a table for each camera"),
        ({"front": "0"}, "cameras: is not a table for each camera"),
        ({"../x": {"camera": "0"}}, "cameras: '../x' cannot be a camera's name"),
        ({"front": {}}, "cameras.front: names no camera"),
        ({"front": {"camera": ["0", "1"]}}, "cameras.front: camera: is a list"),
        ({"front": {"camera": "0", "colour": 1}}, "cameras.front: unknown setting 'colour'"),
        ({"front": {"camera": "0", "fps": "s3cret"}}, "cameras.front: fps: is a text, not a num"),
        ({"front": {"camera": "0", "cv_threads": 1}}, "cameras.front: cv_threads: is of the whole"),
        ({"front": {"camera": "0", "window": True}}, "cameras.front: window: is of the whole"),
        ({"front": {"camera": "0", "fps": 0}}, "cameras.front: fps: 0.0 is not above 0"),
        ({f"n{n}": {"camera": "0"} for n in range(MOST + 1)}, "camera: 17 are too many"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_by_its_name(found, said):
    with pytest.raises(ConfigError) as refused:
        of_file(found)
    assert str(refused.value).startswith(said)
    assert "s3cret" not in str(refused.value)


TWO = (
    '[cameras.front]\ncamera = "0"\nfps = 15\n[cameras.door]\ncamera = "rtsp://h/1"\nrotate = 90\n'
)


def test_the_command_line_goes_before_a_table(in_force, monkeypatch):
    monkeypatch.setenv("EDGE_EMO_ROTATE", "180")
    found = in_force(f"fps = 20\n{TWO}", "--fps", "5")
    assert (found["fps"], found["rotate"]) == (5, 180)
    assert {name: table["camera"] for name, table in found["cameras"].items()} == {
        "front": "0",
        "door": "rtsp://h/1",
    }


@pytest.mark.parametrize("option", [("--camera", "7"), ("--source", "demo")])
def test_a_camera_or_source_of_the_command_line_stands_for_all_tables(in_force, option):
    found = in_force(TWO, *option)
    assert "cameras" not in found
    assert found[option[0][2:]] == option[1]


def test_the_later_file_says_what_is_watched(in_force, tmp_path, monkeypatch):
    system = tmp_path / "system.toml"
    monkeypatch.setattr("edge.cli.run.CONFIG_FILES", (system,))
    system.write_text(TWO)
    assert "cameras" not in in_force('source = "demo"')
    assert "cameras" in in_force("fps = 3")
    system.write_text('camera = "0"\nfps = 3\n')
    assert in_force(TWO)["rotate"] == 0


def test_a_list_of_cameras_in_a_file_or_the_environment_is_one_each(in_force, monkeypatch):
    assert set(in_force('camera = ["0", "1"]')["cameras"]) == {"0", "1"}
    assert in_force('camera = ["0"]')["camera"] == "0"
    monkeypatch.setenv("EDGE_EMO_CAMERA", "2 3")
    assert set(in_force(TWO)["cameras"]) == {"2", "3"}


def test_a_camera_beside_tables_is_refused(edge_emo, assert_refused, tmp_path):
    path = tmp_path / "cameras.toml"
    path.write_text(f'camera = "0"\n{TWO}')
    assert_refused(edge_emo("run", "--config", path), "camera: cannot stand beside tables")


@pytest.mark.parametrize(
    "text", [TWO, 'camera = ["mock", "mock"]', '[cameras."a.b"]\ncamera = "0"']
)
def test_what_is_printed_gives_the_same_cameras_again(in_force, edge_emo, tmp_path, text):
    first = in_force(f'jsonl = "{{camera}}.jsonl"\n{text}')
    path = tmp_path / "cameras.toml"
    path.write_text(f'jsonl = "{{camera}}.jsonl"\n{text}')
    printed = edge_emo("run", "--config", path, "--print-config").out
    assert in_force(printed) == first
