"""What is seen, in words: a line for each change on a pipe, one line kept up to date on a terminal."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from edge.outputs import OutputOptions
from edge.outputs.text import Text
from edge.support.labels import EMOTIONS
from edge.support.values import Face, Observation


def observation(frame, *faces, position_s=None):
    """Return what is seen in a frame; a face is (track, emotion)."""
    found = tuple(
        Face(track, (0, 0, 9, 9), {e: 0.88 if e == name else 0.02 for e in EMOTIONS}, name)
        for track, name in faces
    )
    now = datetime.now(UTC)
    return Observation(now, "test", frame, position_s, (640, 360), found, {})


@pytest.fixture
def said(capsys):
    """Return the lines that are written for these observations."""

    def run(*observations):
        output = Text(OutputOptions("", live=True, fps=30))
        for seen in observations:
            output.write(None, seen)
        output.close()
        return capsys.readouterr().out.splitlines()

    return run


def test_each_change_has_a_line_and_no_other_frame(said):
    lines = said(
        observation(0, (1, "happy")),
        observation(1, (1, "happy")),
        observation(2, (1, "sad")),
        observation(3, (1, "sad"), (2, "fear")),
        observation(4, (1, "sad"), (2, "fear")),
        observation(5),
        observation(6),
    )
    assert [line.split("  ", 1)[1] for line in lines] == [
        "#1 happy 88%",
        "#1 sad 88%",
        "#1 sad 88%  #2 fear 88%",
        "No Faces",
    ]


def test_a_frame_without_faces_is_said_in_the_papers_words(said):
    (line,) = said(observation(0))
    assert line.endswith("No Faces")


def test_the_first_frame_has_a_line_even_if_a_camera_dropped_those_before_it(said):
    (line,) = said(observation(3), observation(4))
    assert line.endswith("No Faces")


def test_the_line_shows_the_position_in_a_file(said):
    (line,) = said(observation(0, position_s=12.34))
    assert "12.34 s" in line


def test_a_video_is_reported_line_by_line_on_a_pipe(edge_emo, scene, write_video, tmp_path):
    film = write_video(tmp_path / "film.mp4", [*scene("nobody", 3), *scene("one face", 12)])
    ended = edge_emo("run", "--source", film, "--output", "text")
    assert ended.status == 0
    first, *others = ended.out.splitlines()
    assert first.endswith("No Faces")
    assert others
    assert all("#1 happy" in line for line in others)
    assert "\r" not in ended.out


def test_without_a_display_text_is_what_is_written_where_nothing_is_asked_for(
    edge_emo, portrait_file
):
    ended = edge_emo("run", "--source", portrait_file)
    assert ended.status == 0
    assert "#1 happy" in ended.out


@pytest.mark.skipif(os.name != "posix", reason="POSIX terminals are needed")
def test_on_a_terminal_one_line_is_kept_up_to_date(short_video):
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "edge", "run", "--source", short_video, "--output", "text"]
    done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, timeout=120, check=False)
    os.close(theirs)
    written = b""
    while chunk := _read(ours):
        written += chunk
    os.close(ours)
    assert done.returncode == 0
    assert written.count(b"\r") >= 8
    assert written.count(b"\n") == 1
    assert written.endswith(b"\n")
    assert b"FPS  #1 happy" in written


def _read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side has gone
        return b""
