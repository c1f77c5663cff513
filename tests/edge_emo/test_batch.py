"""A batch from Python, and what other libraries take of an observation."""

import json
import subprocess
import sys

import numpy as np
import pytest

from edge_emo import EMOTIONS, ConfigError, Recognizer
from edge_emo.testing import FakeDetector, observation

pytestmark = pytest.mark.slow


def test_a_batch_from_python_is_that_of_the_command(short_video, edge_emo, tmp_path):
    edge_emo("batch", short_video, "-o", tmp_path / "command", "--jobs", "1")
    done = Recognizer().batch(short_video, tmp_path / "python", jobs=1)
    assert [row["frames"] for row in done.files] == [8]
    assert done.failed == ()
    assert sum(len(record["faces"]) for record in done.records()) == done.files[0]["faces"]
    for name in ("faces.csv", "files.csv"):
        assert (tmp_path / "command" / name).read_bytes() == (
            (tmp_path / "python" / name).read_bytes()
        )


def test_a_script_needs_no_main_guard(short_video, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from edge_emo import Recognizer\n"
        f"print(Recognizer().batch({str(short_video)!r}, {str(tmp_path / 'out')!r}, jobs=2).analysed)\n"
    )
    ended = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=600, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "1\n"), ended.stderr


def test_a_detector_that_is_an_object_is_refused(short_video, tmp_path):
    with pytest.raises(ConfigError, match="detector: a batch needs a registered name"):
        Recognizer(detector=FakeDetector()).batch(short_video, tmp_path / "out")


def test_supervision_takes_what_an_observation_gives():
    given = observation("happy", "unsure").to_supervision()
    assert set(given) == {"xyxy", "confidence", "class_id", "tracker_id", "data"}
    np.testing.assert_array_equal(given["xyxy"], [[0, 40, 36, 76], [40, 40, 76, 76]])
    assert given["class_id"].tolist() == [EMOTIONS.index("happy"), -1]
    assert given["tracker_id"].tolist() == [1, 2]
    assert observation().to_supervision()["xyxy"].shape == (0, 4)
    supervision = pytest.importorskip("supervision")
    for seen in (observation("happy", "sad"), observation()):
        detections = supervision.Detections(**seen.to_supervision())
        assert len(detections) == len(seen.faces)


def test_records_go_to_pandas_and_back(short_video, tmp_path):
    pandas = pytest.importorskip("pandas")
    done = Recognizer().batch(short_video, tmp_path / "out", jobs=1)
    faces = pandas.read_csv(done.faces_table)
    again = tmp_path / "again.csv"
    faces.to_csv(again, index=False)
    pandas.testing.assert_frame_equal(pandas.read_csv(again), faces)
    happiest = faces.groupby("track")["happy"].mean()
    records = [face for record in done.records() for face in record["faces"]]
    for track, mean in happiest.items():
        wanted = [face["scores"]["happy"] for face in records if face["track"] == track]
        assert mean == pytest.approx(np.mean(wanted))
    assert json.loads(pandas.read_csv(done.files_table)["settings"][0])
