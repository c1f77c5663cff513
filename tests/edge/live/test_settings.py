"""Settings: the command line goes before the environment before the file before the defaults."""

import re
import tomllib

import pytest

from edge.live.schema import settings_of
from edge.live.settings import RunConfig
from edge.support.errors import ConfigError


@pytest.fixture
def in_force(edge_emo, assert_refused):
    """Return the settings that `run --print-config` tells for these arguments."""

    def run(*arguments):
        ended = edge_emo("run", *arguments, "--print-config")
        assert (ended.status, ended.err) == (0, "")
        return tomllib.loads(ended.out)

    return run


@pytest.fixture
def toml(tmp_path):
    """Write a configuration file and return its path."""

    def write(text):
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_command_line_goes_before_the_environment_before_the_file_before_the_default(
    in_force, toml, monkeypatch
):
    assert in_force().get("min_face") == RunConfig().min_face
    file = toml("min_face = 0.2\n")
    assert in_force("--config", file)["min_face"] == 0.2
    monkeypatch.setenv("EDGE_EMO_MIN_FACE", "0.3")
    assert in_force("--config", file)["min_face"] == 0.3
    assert in_force("--config", file, "--min-face", "0.4")["min_face"] == 0.4


def test_the_named_file_overrides_the_files_in_the_usual_places(
    in_force, toml, tmp_path, monkeypatch
):
    system = tmp_path / "system.toml"
    system.write_text("fps = 5.0\nthreads = 2\n")
    monkeypatch.setattr("edge.cli.run.CONFIG_FILES", (system, tmp_path / "none.toml"))
    assert in_force()["fps"] == 5
    settings = in_force("--config", toml("fps = 10\n"))
    assert (settings["fps"], settings["threads"]) == (10, 2)


def test_every_setting_can_stand_in_the_file(in_force, toml):
    file = toml(
        """
        source = "film ü.mp4"
        model = "edge-s"
        jsonl = "faces.jsonl"
        record = "out.mp4"
        window = false
        outputs = ["text", "jsonl=other.jsonl"]
        min_face = 0.2
        search_every = 0.5
        detector = "haar"
        size = "640x480"
        fps = 15
        duration = 2.5
        realtime = true
        threads = 2
        cv_threads = 3
        unsure_below = 0.4
        interpreter = "tflite-runtime"
        delegate = "libedgetpu.so.1"
        rotate = 90
        mirror = true
        max_exposure = 10.0
        reconnect = false
        camera_timeout = 3.0
        freeze_after = 0.0
        off_file = "/run/off"
        off_gpio = 17
        box = false
        blur = true
        page = "127.0.0.1:9000"
        page_video = false
        page_token = "/etc/edge-emo/token"
        metrics_file = "door.prom"
        label = "door"
        jsonl_mb = 5.0
        jsonl_hours = 24.0
        jsonl_days = 7.0
        record_minutes = 10.0
        record_total_mb = 500.0
        jsonl_total_mb = 50.0
        """
    )
    wanted = tomllib.loads(file.read_text(encoding="utf-8"))
    assert in_force("--config", file) == wanted


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("CAMERA", "picamera:1", "picamera:1"),
        ("FPS", "12.5", 12.5),
        ("WINDOW", "true", True),
        ("REALTIME", "1", True),
        ("SIZE", "640x480", "640x480"),
        ("OUTPUTS", "text jsonl=a.jsonl", ["text", "jsonl=a.jsonl"]),
    ],
)
def test_settings_can_stand_in_the_environment(in_force, monkeypatch, name, value, expected):
    monkeypatch.setenv(f"EDGE_EMO_{name}", value)
    assert in_force()[name.lower()] == expected


def test_what_is_printed_gives_the_same_settings_again(in_force, toml, edge_emo):
    odd = 'C:\\films\\"a"\tb\nc \x7f ü.mp4'
    arguments = ["--source", odd, "--fps", "1e-3", "--no-window", "--output", odd]
    first = in_force(*arguments)
    assert first["source"] == odd
    assert first["outputs"] == [odd]
    printed = edge_emo("run", *arguments, "--print-config").out
    assert in_force("--config", toml(printed)) == first


def test_a_setting_that_is_not_set_is_shown_as_a_comment(edge_emo):
    assert "# camera =\n" in edge_emo("run", "--print-config").out


def test_what_is_printed_explains_every_setting(edge_emo):
    printed = edge_emo("run", "--print-config").out
    explained = " ".join(printed.replace("\n# ", " ").split())
    for row in settings_of(RunConfig).values():
        assert row.help in explained
        assert f"\n{row.name} = " in printed or f"\n# {row.name} =\n" in printed


def test_help_shows_every_setting_under_its_heading(edge_emo):
    shown = edge_emo("run", "--help").out
    sections = {text.partition(":\n")[0]: text for text in shown.split("\n\n")}
    for row in settings_of(RunConfig).values():
        assert re.search(rf"^  --{row.option}\b", sections[row.group], re.MULTILINE)


@pytest.mark.parametrize("file", ['camera = "0"', 'camera = "picamera"'])
def test_a_source_on_the_command_line_goes_before_a_camera_in_the_file(in_force, toml, file):
    settings = in_force("--config", toml(file), "--source", "film.mp4")
    assert settings["source"] == "film.mp4"
    assert "camera" not in settings


def test_a_camera_on_the_command_line_goes_before_a_source_in_the_environment(
    in_force, monkeypatch
):
    monkeypatch.setenv("EDGE_EMO_SOURCE", "film.mp4")
    settings = in_force("--camera", "1")
    assert settings["camera"] == "1"
    assert "source" not in settings


def test_camera_and_source_together_on_the_command_line_are_refused(edge_emo, assert_refused):
    assert_refused(edge_emo("run", "--camera", "0", "--source", "demo"), "source: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("camra = 0", "'camra'"),
        ("min-face = 0.1", "'min-face'"),
        ("[run]\nfps = 1", "'run'"),
        ("fps = ", "config.toml: cannot be read"),
        ("size = [640, 480]", "size: "),
        ("min_face = 2", "min-face: 2"),
        ("fps = -1", "fps: -1"),
        ("threads = 0", "threads: 0"),
    ],
)
def test_a_setting_in_the_file_that_does_not_fit_is_refused_by_name(
    edge_emo, assert_refused, toml, text, said
):
    assert_refused(edge_emo("run", "--config", toml(text), "--print-config"), said)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("fps = [30]", "fps"),
        ('fps = "fast"', "fps"),
        ("threads = 1.5", "threads"),
        ('outputs = "text"', "output"),
        ('outputs = [["text"]]', "output"),
        ("realtime = []", "realtime"),
        ("window = 3", "window"),
        ("min_face = {a = 1}", "min-face"),
        ("jsonl = false", "jsonl"),
    ],
)
def test_a_setting_in_the_file_of_another_type_is_refused_by_name(edge_emo, toml, text, name):
    ended = edge_emo("run", "--config", toml(text), "--print-config")
    assert ended.status in (1, 2), ended
    assert ended.out == ""
    assert name in ended.err
    assert "unexpected" not in ended.err, ended.err


def test_a_file_that_cannot_be_read_is_refused_by_name(edge_emo, assert_refused, tmp_path):
    for path in (tmp_path, tmp_path / "none.toml"):
        assert_refused(edge_emo("run", "--config", path), f"{path}: cannot be read")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\0")
    assert_refused(edge_emo("run", "--config", binary), "binary.toml: cannot be read")


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"camera": "0", "source": "demo"}, "source"),
        ({"min_face": 0}, "min-face"),
        ({"min_face": 1.5}, "min-face"),
        ({"min_face": float("nan")}, "min-face"),
        ({"fps": 0}, "fps"),
        ({"fps": float("nan")}, "fps"),
        ({"fps": float("inf")}, "fps"),
        ({"duration": -1}, "duration"),
        ({"rotate": 45}, "rotate"),
        ({"max_exposure": 0}, "max-exposure"),
        ({"camera_timeout": 0}, "camera-timeout"),
        ({"freeze_after": -1}, "freeze-after"),
        ({"freeze_after": float("nan")}, "freeze-after"),
        ({"off_gpio": 28}, "off-gpio"),
        ({"jsonl_mb": 0}, "jsonl-mb"),
        ({"jsonl_hours": float("inf")}, "jsonl-hours"),
        ({"jsonl_mb": 5, "jsonl_total_mb": 4}, "jsonl-total-mb"),
        ({"duration": float("nan")}, "duration"),
        ({"threads": 0}, "threads"),
        ({"cv_threads": 0}, "cv-threads"),
        ({"unsure_below": 1.5}, "unsure-below"),
        ({"threads": 1_000_000}, "threads"),  # the interpreter would take the process down
        ({"size": "large"}, "size"),
        ({"size": "640"}, "size"),
        ({"size": "640x"}, "size"),
        ({"size": "0x0"}, "size"),
        ({"size": "-640x480"}, "size"),
        ({"size": "1000000x1000000"}, "size"),  # more memory than there is
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_the_settings_name(settings, name):
    with pytest.raises(ConfigError, match=f"^{name}: "):
        RunConfig(**settings)


def test_a_size_is_width_and_height():
    assert RunConfig(size="1280x720").frame_size == (1280, 720)
    assert RunConfig(size="640X480").frame_size == (640, 480)
    assert RunConfig().frame_size is None


def test_camera_0_is_what_runs_where_nothing_is_named():
    assert RunConfig().what == "0"
    assert RunConfig(camera="picamera").what == "picamera"
    assert RunConfig(source="film.mp4").what == "film.mp4"
