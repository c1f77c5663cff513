"""A window is opened only where there is a display; elsewhere it is said what to use instead."""

import os
import sys

import pytest

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="DISPLAY is Linux's")


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


@linux
def test_no_window_is_wanted_where_no_window_is_said(edge_emo, portrait_file):
    ended = edge_emo("run", "--source", portrait_file, "--no-window")
    assert ended.status == 0
    assert "#1 happy" in ended.out
