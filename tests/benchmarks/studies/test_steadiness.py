"""The studies of calm faces and leaning heads: what they count, and that they run."""

import click.testing
import numpy as np
import pytest

from benchmarks.studies import roll, steadiness
from edge.support.labels import EMOTIONS

NEUTRAL, HAPPY, SAD = (EMOTIONS.index(name) for name in ("neutral", "happy", "sad"))
FACE = np.zeros((48, 48), np.uint8)


def seen(times, track=(0, 1)):
    return [steadiness.Seen(track, time, FACE) for time in times]


def sure(*emotions):
    return np.eye(7)[list(emotions)] * 0.94 + 0.01


def test_only_what_is_neither_calm_nor_unsure_is_odd():
    far_apart = seen([0, 60, 120, 180])  # so that nothing is smoothed
    found = steadiness.steadiness(far_apart, sure(NEUTRAL, HAPPY, SAD, SAD), 0)
    assert found.odd == 0.5
    assert found.unsure == 0
    assert found.changes == pytest.approx(2 / 3)  # twice in three minutes
    found = steadiness.steadiness(far_apart, np.full((4, 7), 1 / 7), 0.4)
    assert (found.odd, found.unsure, found.changes) == (0, 1, 0)


def test_faces_of_other_tracks_are_no_change():
    faces = seen([0, 1], (0, 1)) + seen([0, 1], (1, 1))
    assert steadiness.steadiness(faces, sure(NEUTRAL, NEUTRAL, SAD, SAD), 0).changes == 0


def test_a_video_is_measured(short_video):
    ended = click.testing.CliRunner().invoke(steadiness.main, [str(short_video)])
    assert ended.exit_code == 0, ended.output
    assert "8 faces on 1 tracks in 1 clips, detector network" in ended.output
    assert [line.split()[:2] for line in ended.output.splitlines()[2:]] == [
        ["edge-s", "none"],
        ["edge-s", "everyday"],
    ]


def test_faces_are_turned_both_ways_and_back(gray_face):
    both = roll.turned(np.stack([gray_face, gray_face]), 20)
    back = roll.turned(np.stack([both[1], both[0]]), 20)
    inner = slice(12, 36)
    for face in back:
        off = face[inner, inner].astype(int) - gray_face[inner, inner]
        assert np.abs(off).mean() < 8
    assert np.abs(both[0].astype(int) - both[1]).mean() > 5


def test_leaning_faces_are_measured(labelled_folder_once):
    arguments = ["--data", str(labelled_folder_once), "--expect", "everyday"]
    ended = click.testing.CliRunner().invoke(roll.main, arguments)
    assert ended.exit_code == 0, ended.output
    assert ended.output.splitlines()[1].startswith("edge-s")
