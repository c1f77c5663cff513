"""Which frames of a source are measured."""

import pytest

from benchmarks.clip import RUN, choose, read_clip


@pytest.mark.parametrize(("count", "most"), [(300, 60), (301, 60), (62, 40), (16, 15), (7, 1)])
def test_as_many_frames_as_asked_are_chosen(count, most):
    chosen = choose(count, most)
    assert len(chosen) == most
    assert chosen <= set(range(count))


@pytest.mark.parametrize("count", [1, 59, 60])
def test_a_short_clip_is_taken_whole(count):
    assert choose(count, 60) == frozenset(range(count))


def test_frames_are_taken_in_runs_from_all_over_the_clip():
    chosen = sorted(choose(300, 60))
    starts = [n for n in chosen if n - 1 not in chosen]
    assert starts == [0, 50, 100, 150, 200, 250]
    assert chosen == [start + n for start in starts for n in range(RUN)]


def test_pictures_are_full_colour_frames_in_order(short_video):
    clip = read_clip(str(short_video), 5)
    assert [p.index for p in clip.pictures] == sorted(choose(8, 5))
    assert all(p.image.shape == (360, 640, 3) for p in clip.pictures)
    assert clip.size == (640, 360)
    assert clip.sampling.startswith("5 of its 8 frames")


def test_more_frames_than_memory_holds_are_not_taken(short_video, monkeypatch, caplog):
    monkeypatch.setattr("benchmarks.clip.MEMORY", 3 * 640 * 360 * 3)
    clip = read_clip(str(short_video), 5)
    assert len(clip.pictures) == 3
    assert "only 3 frames" in caplog.text
