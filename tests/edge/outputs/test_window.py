"""A window shows the newest frame until `q`, and is opened only where there is a display."""

import os
import socket
import sys

import cv2
import numpy as np
import pytest

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="DISPLAY is Linux's")


class Screen:
    """Takes the place of OpenCV's windows: keeps what is shown, presses a key, closes the window."""

    def __init__(self):
        self.shown, self.key, self.visible, self.destroyed = [], -1, 1.0, False


@pytest.fixture
def screen(monkeypatch):
    screen = Screen()

    def destroy():
        screen.destroyed = True

    monkeypatch.setattr("edge.outputs.window.why_no_window", lambda: None)
    for name, stand_in in {
        "namedWindow": lambda *_: None,
        "resizeWindow": lambda *_: None,
        "imshow": lambda title, image: screen.shown.append(image),
        "waitKey": lambda _: screen.key if screen.shown else -1,
        "getWindowProperty": lambda *_: screen.visible if screen.shown else 1.0,
        "destroyAllWindows": destroy,
    }.items():
        monkeypatch.setattr(cv2, name, stand_in)
    return screen


@pytest.mark.slow
def test_a_video_is_shown_with_its_boxes_until_it_ends(edge_emo, short_video, read_video, screen):
    ended = edge_emo("run", "--source", short_video, "--window")
    assert (ended.status, ended.out) == (0, "")
    assert ended.err.startswith("edge-emo: 8 frames in ")
    assert screen.shown
    for picture in screen.shown:
        assert picture.shape == (360, 640, 3)
        assert all(np.abs(picture.astype(int) - f).max() > 100 for f in read_video(short_video))
    assert screen.destroyed


@pytest.mark.parametrize("key", [ord("q"), ord("Q"), 27], ids=["q", "Q", "Esc"])
def test_q_or_esc_ends_a_camera(edge_emo, screen, key):
    screen.key = key
    ended = edge_emo("run", "--camera", "mock", "--size", "320x240", "--window")
    assert (ended.status, ended.out) == (0, "")
    assert screen.destroyed


def test_the_windows_cross_ends_a_camera(edge_emo, screen):
    screen.visible = 0.0
    ended = edge_emo("run", "--camera", "mock", "--size", "320x240", "--window")
    assert (ended.status, ended.out) == (0, "")
    assert screen.destroyed


def test_any_other_key_does_not(edge_emo, screen, short_video):
    screen.key = ord("x")
    assert "8 frames" in edge_emo("run", "--source", short_video, "--window").err


def test_an_error_of_the_source_closes_the_window_and_is_said(
    edge_emo, assert_refused, screen, scene, write_video, tmp_path
):
    film = write_video(tmp_path / "film.avi", scene("nobody", 10), "MJPG")
    film.write_bytes(film.read_bytes()[: film.stat().st_size * 6 // 10])
    assert_refused(edge_emo("run", "--source", film, "--window"), "film.avi: ends after")
    assert screen.destroyed


def test_an_error_of_the_screen_ends_the_run(edge_emo, screen, monkeypatch):
    def broken(*_):
        raise cv2.error("no more screen")

    monkeypatch.setattr(cv2, "imshow", broken)
    ended = edge_emo("run", "--camera", "mock", "--size", "320x240", "--window")
    assert ended.status == 1
    assert "no more screen" in ended.err
    assert ended.err.count("\n") == 1


@linux
def test_where_there_is_no_display_a_window_is_refused(edge_emo, assert_refused, portrait_file):
    ended = edge_emo("run", "--source", portrait_file, "--window")
    assert_refused(ended, "window: there is no display")


@linux
def test_a_refused_window_leaves_nothing_of_other_outputs(
    edge_emo, assert_refused, portrait_file, tmp_path
):
    ended = edge_emo("run", "--source", portrait_file, "--window", "--record", tmp_path / "out.mp4")
    assert_refused(ended, "window: there is no display")
    assert list(tmp_path.iterdir()) == []


@linux
def test_a_display_that_does_not_answer_is_no_display(edge_emo_process, portrait_file):
    # As after a remote session has ended.
    environment = {**os.environ, "DISPLAY": ":7777"}
    ended = edge_emo_process("run", "--source", portrait_file, env=environment)
    assert ended.status == 0, ended
    assert "#1 happy" in ended.out


@pytest.mark.slow
@linux
def test_a_display_that_accepts_and_then_says_nothing_is_no_display(
    edge_emo_process, portrait_file
):
    # As through a tunnel whose other end has gone.
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1] - 6000  # X's display N listens at port 6000 + N
        environment = {**os.environ, "DISPLAY": f"127.0.0.1:{number}"}
        ended = edge_emo_process("run", "--source", portrait_file, env=environment)
    assert ended.status == 0, ended
    assert "#1 happy" in ended.out


@linux
def test_no_window_is_wanted_where_no_window_is_said(edge_emo, portrait_file):
    ended = edge_emo("run", "--source", portrait_file, "--no-window")
    assert ended.status == 0
    assert "#1 happy" in ended.out
