"""Values that Python would read and no person means end in one clear line."""

import subprocess
import sys

import pytest

HUGE = "9" * 5000


@pytest.mark.parametrize("value", ["\u0661\u0660", "1_0", HUGE, "\uff11"])
@pytest.mark.parametrize("option", ["--duration", "--fps", "--threads", "--off-gpio"])
def test_a_number_is_written_in_plain_digits(edge_emo, option, value):
    ended = edge_emo("run", "--source", "demo", option, value, "--print-config")
    assert ended.status == 2
    assert "not a number in the digits 0 to 9" in ended.err or "too long" in ended.err
    assert len(ended.err) < 1000


def test_a_usual_number_is_taken(edge_emo):
    ended = edge_emo("run", "--source", "demo", "--fps", "1e1", "--print-config")
    assert ended.status == 0
    assert "fps = 10.0" in ended.out


@pytest.mark.parametrize("camera", ["\u0663", HUGE])
def test_a_camera_of_such_a_number_is_none(edge_emo, assert_refused, camera):
    assert_refused(edge_emo("run", "--camera", camera), "no such")


def test_an_argument_with_a_nul_is_wrong_usage(edge_emo):
    ended = edge_emo("run", "--source", "a\0b")
    assert ended.status == 2
    assert "NUL" in ended.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = " + "[" * 5000, "nested too deeply"),
        ('camera = "a\\u0000b"', "holds a NUL"),
        ("threads = " + HUGE, "cannot be read"),
        (f'camera = "{HUGE}"', "no such number"),
        ("# " + "x" * 1_100_000, "more than 1,000,000 bytes"),
    ],
)
def test_a_strange_file_of_settings_is_refused_in_one_line(
    edge_emo, assert_refused, tmp_path, text, said
):
    path = tmp_path / "settings.toml"
    path.write_text(text)
    assert_refused(edge_emo("run", "--config", path), said)


def test_a_binary_file_is_no_file_of_settings(edge_emo, assert_refused, tmp_path):
    path = tmp_path / "settings.toml"
    path.write_bytes(b"\x7fELF\xff\xd0")
    for option in ("--config", "--expect"):
        ended = edge_emo("run", "--source", "demo", option, path)
        assert_refused(ended, f"{path}: cannot be read: it is not text in UTF-8, as a TOML file is")
        assert "codec" not in ended.err


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/zero")
def test_a_device_that_never_ends_is_no_file_of_settings(edge_emo, assert_refused):
    assert_refused(edge_emo("run", "--config", "/dev/zero"), "more than 1,000,000 bytes")


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/null")
def test_an_off_file_that_would_never_go_away_is_refused(edge_emo, assert_refused, tmp_path):
    for name in ("/dev/null", tmp_path):
        ended = edge_emo("run", "--camera", "mock", "--off-file", name, "--duration", 1)
        assert_refused(ended, "off-file: ")


def test_codes_for_the_terminal_are_spelled_out(edge_emo, assert_refused, tmp_path):
    name = tmp_path / "a\x1b[31m\u202eb.tflite"
    name.write_bytes(b"")
    ended = edge_emo("run", "--model", name, "--source", "demo")
    assert_refused(ended, r"a\x1b[31m\u202eb.tflite")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no file can have such a name there")
def test_codes_in_the_name_of_a_batchs_input_are_spelled_out_too(edge_emo, portrait_file, tmp_path):
    (tmp_path / "a\a\u202eb.jpg").touch()
    ended = edge_emo("batch", tmp_path, portrait_file, "--jobs", 1, "--out", tmp_path / "out")
    assert ended.status == 0
    assert r"a\x07\u202eb.jpg: is empty" in ended.err


def test_it_holds_for_the_program_as_it_is_run():
    done = subprocess.run(
        [sys.executable, "-m", "edge", "run", "--duration", "\u0661"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "option", ["--expect", "--model", "--source", "--record", "--off-file", "--jsonl"]
)
def test_a_name_longer_than_any_file_ends_in_one_line(edge_emo, option):
    rest = [] if option == "--source" else ["--source", "demo"]
    ended = edge_emo("run", *rest, "--duration", 0.1, "--jsonl", "-", option, HUGE)
    assert ended.status in (0, 1)
    assert "unexpected" not in ended.err
