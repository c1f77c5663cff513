"""Counts, as Prometheus reads them."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest

pytest.importorskip("prometheus_client", reason="prometheus-client is not installed (extra 'page')")

from prometheus_client.parser import text_string_to_metric_families

from edge.outputs import OutputOptions
from edge.outputs.monitoring import metrics as module
from edge.outputs.monitoring import metrics_file
from edge.outputs.monitoring.about import About
from edge.outputs.monitoring.metrics import BUCKETS, Metrics
from edge.outputs.monitoring.metrics_file import MetricsFile
from edge.support.errors import ConfigError, OutputError
from edge.support.labels import EMOTIONS
from edge.support.values import Face, Gap, Observation, Status

PATIENCE_S = 600
START = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
SCORES = dict.fromkeys(EMOTIONS, 1 / 7)


def seen(index, *emotions, ms=None, gap=None, track=1):
    faces = tuple(Face(track + n, (0, 0, 9, 9), SCORES, e) for n, e in enumerate(emotions))
    return Observation(START, "0", index, None, (64, 48), faces, ms or {}, gap)


def failed(reason, seconds=0):
    return Status("0", "failed", reason, START + timedelta(seconds=seconds))


@pytest.fixture
def metrics():
    return Metrics(About(camera="door", model="edge-s", model_version="2"))


def samples(metrics):
    """Return what a scrape gives: name and labels but the camera -> value."""
    found = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            labels = {k: v for k, v in sample.labels.items() if k != "camera"}
            found[sample.name.removeprefix("edge_emo_"), *sorted(labels.values())] = sample.value
            assert sample.labels["camera"] == "door"
    return found


def test_frames_and_those_that_the_camera_gave_in_vain_are_counted(metrics):
    for index in (0, 1, 4, 5):
        metrics.write(None, seen(index))
    found = samples(metrics)
    assert found["frames_total",] == 4
    assert found["frames_dropped_total", "camera"] == 2


def test_frames_that_outputs_dropped_are_counted_by_output():
    metrics = Metrics(About(camera="door", dropped=lambda: {"jsonl": 3, "page": 0}))
    found = samples(metrics)
    assert found["frames_dropped_total", "jsonl"] == 3
    assert found["frames_dropped_total", "page"] == 0


def test_faces_are_counted_by_emotion(metrics):
    metrics.write(None, seen(0, "happy", "sad"))
    metrics.write(None, seen(1, "happy"))
    found = samples(metrics)
    assert found["faces",] == 1
    assert found["faces_total", "happy"] == 2
    assert found["faces_total", "sad"] == 1
    assert found["faces_total", "angry"] == 0


def test_stages_are_a_histogram(metrics):
    for ms in (1, 4, 4, 10_000):
        metrics.write(None, seen(0, ms={"detect": ms}))
    found = samples(metrics)
    assert found["stage_duration_seconds_bucket", "0.001", "detect"] == 1
    assert found["stage_duration_seconds_bucket", "0.005", "detect"] == 3
    assert found["stage_duration_seconds_bucket", str(BUCKETS[-1]), "detect"] == 3
    assert found["stage_duration_seconds_bucket", "+Inf", "detect"] == 4
    assert found["stage_duration_seconds_sum", "detect"] == pytest.approx(10.009)


def test_a_failure_is_counted_once_however_often_it_is_repeated(metrics):
    metrics.write(None, seen(0, "happy"))
    for _ in range(5):
        metrics.status(failed("gave no frame for 5 s"))
    found = samples(metrics)
    assert found["camera_up",] == 0
    assert found["faces",] == 0
    assert found["camera_reopens_total", "no_frame"] == 1
    metrics.write(None, seen(1, gap=Gap(7.5, "gave no frame for 5 s")))
    metrics.status(failed("gave only black pictures for 10 s", 60))
    metrics.write(None, seen(2, gap=Gap(2.5, "black")))
    found = samples(metrics)
    assert found["camera_up",] == 1
    assert found["camera_reopens_total", "black"] == 1
    assert found["gap_seconds_total",] == 10


def test_the_off_switch_shows(metrics):
    metrics.status(Status("0", "off", "switched off at GPIO 17", START))
    found = samples(metrics)
    assert found["switched_off",] == 1
    assert found["camera_up",] == 0
    assert "last_frame_timestamp_seconds" not in {name for name, *_ in found}


def test_series_do_not_grow_with_tracks(metrics):
    metrics.write(None, seen(0, "happy", ms={"total": 1}))
    before = set(samples(metrics))
    for index in range(1, 50):
        metrics.write(None, seen(index, "sad", "fear", track=index * 10, ms={"total": 1}))
    assert set(samples(metrics)) == before


def test_the_size_of_all_records_and_the_room_beside_them_show(tmp_path):
    (tmp_path / "faces.jsonl").write_text("12345")
    (tmp_path / "faces-000001.jsonl").write_text("1234567")
    found = samples(Metrics(About(camera="door", records=tmp_path / "faces.jsonl")))
    assert found["records_bytes",] == 12
    assert 0 < found["records_disk_free_bytes",] <= found["records_disk_bytes",]


def test_what_a_board_says_shows(metrics, monkeypatch):
    monkeypatch.setattr(module, "temperatures_c", lambda: [41.5, 60.2])
    monkeypatch.setattr(module, "throttled", lambda: {"under_voltage": True, "throttled": False})
    found = samples(metrics)
    assert found["soc_temperature_celsius",] == 60.2
    assert found["throttled", "under_voltage"] == 1
    assert found["throttled", "throttled"] == 0


def wait_for(path):
    end_s = time.monotonic() + PATIENCE_S
    while not path.exists() and time.monotonic() < end_s:
        time.sleep(0.01)


def test_the_file_is_whole_readable_and_last_written_at_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(metrics_file, "EVERY_S", 0.05)
    path = tmp_path / "door.prom"
    output = MetricsFile(OutputOptions(str(path), True, 30.0, about=About(camera="door")))
    output.write(None, seen(0))
    wait_for(path)
    assert b'edge_emo_frames_total{camera="door"} ' in path.read_bytes()
    output.write(None, seen(1))
    output.close()
    assert b'edge_emo_frames_total{camera="door"} 2.0' in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in tmp_path.iterdir()] == ["door.prom"]


def test_a_file_that_cannot_be_written_is_an_error_at_the_start_or_a_warning_later(
    tmp_path, monkeypatch
):
    with pytest.raises(ConfigError, match=r"\.prom"):
        MetricsFile(OutputOptions(str(tmp_path / "door.txt"), True, 30.0))
    with pytest.raises(OutputError, match="cannot write"):
        MetricsFile(OutputOptions(str(tmp_path / "missing" / "door.prom"), True, 30.0))
    monkeypatch.setattr(metrics_file, "EVERY_S", 0.05)
    folder = tmp_path / "folder"
    folder.mkdir()
    output = MetricsFile(OutputOptions(str(folder / "door.prom"), True, 30.0))
    wait_for(folder / "door.prom")
    folder.rename(tmp_path / "moved")

    def write_on():
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            output.write(None, seen(0))
            time.sleep(0.01)

    with pytest.raises(OutputError, match="cannot write"):
        write_on()
    output.close()


def test_every_metric_is_documented(monkeypatch, tmp_path):
    documentation = Path(__file__).parents[4] / "docs" / "metrics.md"
    monkeypatch.setattr(module, "temperatures_c", lambda: [40.0])
    monkeypatch.setattr(module, "throttled", lambda: {"throttled": False})
    (tmp_path / "faces.jsonl").touch()
    metrics = Metrics(About(camera="door", records=tmp_path / "faces.jsonl"))
    metrics.page = lambda: (0, 0)
    metrics.write(None, seen(0, "happy", ms={"total": 1}))
    told = set(re.findall(r"edge_emo_[a-z_]+", documentation.read_text(encoding="utf-8")))
    names = {
        re.sub("_(bucket|sum|count)$", "", f"edge_emo_{name}") for name, *_ in samples(metrics)
    }
    assert told == names


def shipped(name):
    return resources.files("edge.outputs.monitoring").joinpath(name).read_text(encoding="utf-8")


def test_alerts_and_dashboard_use_only_metrics_that_there_are(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "temperatures_c", lambda: [40.0])
    monkeypatch.setattr(module, "throttled", lambda: {"throttled": False})
    (tmp_path / "faces.jsonl").touch()
    metrics = Metrics(About(camera="door", records=tmp_path / "faces.jsonl"))
    metrics.write(None, seen(0, "happy", ms={"total": 1}))
    known = {f"edge_emo_{name}" for name, *_ in samples(metrics)}
    queries = [
        t["expr"] for p in json.loads(shipped("dashboard.json"))["panels"] for t in p["targets"]
    ]
    queries += re.findall(r"expr: (.*)", shipped("alerts.yml"))
    used = {name for query in queries for name in re.findall(r"edge_emo_\w+", query)}
    assert len(used) > 12
    assert used <= known
