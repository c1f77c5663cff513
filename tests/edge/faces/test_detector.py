"""A detector is found by its entry point, also one that another package brings."""

import json

import pytest

from edge.faces import Detection, DetectorOptions, make_detector
from edge.support.errors import ConfigError, DetectorError

THIRD_PARTY = '''
from edge.faces import Detection


class CornerDetector:
    """Takes the upper left corner of every picture for a face."""

    def __init__(self, options):
        self.share = options.min_face

    def detect(self, image):
        side = round(self.share * image.shape[0])
        return [Detection((8, 8, side, side), 0.9), Detection((200, 8, side, side), 0.4)]


class OfAnotherVersion:
    def __init__(self, options):
        pass
'''


@pytest.fixture
def site(tmp_path):
    """A folder with another package installed in it that declares two detectors."""
    (tmp_path / "corner.py").write_text(THIRD_PARTY)
    about = tmp_path / "corner-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: corner\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[edge_emo.detectors]\ncorner = corner:CornerDetector\nold = corner:OfAnotherVersion\n"
    )
    return tmp_path


@pytest.fixture
def with_site(edge_emo_process, site):
    """Run `edge-emo` where that package is installed."""
    import os

    return lambda *arguments: edge_emo_process(
        *arguments, env={**os.environ, "PYTHONPATH": str(site)}
    )


def test_a_detector_from_another_package_runs_by_its_name(with_site, short_video):
    ran = with_site(
        "run", "--source", short_video, "--detector", "corner", "--min-face", "0.25", "--jsonl", "-"
    )
    assert ran.status == 0, ran.err
    records = [json.loads(line) for line in ran.out.splitlines()]
    height = records[0]["size"][1]
    assert [face["box"] for face in records[0]["faces"]] == [[8, 8, height // 4, height // 4]]
    assert {face["track"] for record in records for face in record["faces"]} == {1}


def test_an_unknown_detector_is_refused_with_the_names_of_all(with_site, short_video):
    ran = with_site("run", "--source", short_video, "--detector", "yolo", "--jsonl", "-")
    assert ran.status == 1
    assert "'yolo' is not one of corner, haar" in ran.err


def test_a_detector_made_for_another_version_is_refused_in_one_line(with_site, short_video):
    ran = with_site("run", "--source", short_video, "--detector", "old", "--jsonl", "-")
    assert ran.status == 1
    assert "detector 'old'" in ran.err
    assert "--detector haar" in ran.err
    assert len(ran.err.strip().splitlines()) == 1


@pytest.mark.parametrize("share", [0, -0.1, 1.1, float("nan")])
def test_a_smallest_face_that_is_no_share_is_refused(share):
    with pytest.raises(ConfigError, match="min-face"):
        DetectorOptions(min_face=share)


def test_haar_is_always_there():
    assert make_detector("haar").detect
    with pytest.raises(ConfigError, match="'yolo' is not one of"):
        make_detector("yolo")


def test_a_detection_is_a_value():
    assert Detection((1, 2, 3, 4), 0.5) == Detection((1, 2, 3, 4), 0.5, None)
    assert issubclass(DetectorError, RuntimeError)
