"""Each line of the doctor is ok, warn or fail, and says what to do about what is not ok."""

import json
import sys
from types import SimpleNamespace

import pytest

from edge.doctor import board, cameras
from edge.doctor import checks as doctor
from edge.doctor.checks import CHECKS, examine
from edge.inference.runtime import installed
from edge.support.errors import EdgeEmoError


def test_every_check_reports_and_this_machine_can_run(edge_emo):
    ended = edge_emo("doctor", "--json")
    findings = json.loads(ended.out)
    assert {f["check"] for f in findings} == set(CHECKS)
    assert {f["state"] for f in findings} <= {"ok", "warn", "fail"}
    state = {f["check"]: f["state"] for f in findings}
    assert {state[c] for c in ("python", "interpreter", "opencv", "detector")} == {"ok"}
    # tflite-runtime 2.14 leaves int8 to its own kernels.
    assert state["xnnpack"] == ("ok" if installed()[0] == "ai-edge-litert" else "warn")
    assert all(f["mend"] for f in findings if f["state"] != "ok")


def test_as_text_the_advice_stands_below_the_finding(edge_emo, monkeypatch):
    def broken():
        yield "fail", "no camera", "plug one in"

    monkeypatch.setattr(doctor, "CHECKS", {"v4l2": broken})
    ended = edge_emo("doctor")
    assert ended.status == 1
    assert ended.out == "fail v4l2        no camera\n                 -> plug one in\n"
    assert ended.err == "edge-emo: error: not ready: v4l2; see the lines above\n"


def test_a_warning_is_no_failure(edge_emo, monkeypatch):
    monkeypatch.setattr(doctor, "CHECKS", {"clock": lambda: iter([("warn", "late", "set it")])})
    assert edge_emo("doctor").status == 0


def test_a_check_that_breaks_does_not_hide_the_others(monkeypatch):
    def broken():
        raise ZeroDivisionError("x")
        yield

    def refused():
        raise EdgeEmoError("no model")
        yield

    checks = {"a": broken, "b": refused, "c": lambda: iter([("ok", "fine", "")])}
    monkeypatch.setattr(doctor, "CHECKS", checks)
    assert [(f.check, f.state) for f in examine()] == [("a", "warn"), ("b", "fail"), ("c", "ok")]


@pytest.mark.parametrize(
    ("report", "states"),
    [
        (None, ["ok"]),
        ("throttled=0x0", ["ok"]),
        ("throttled=0x50000", ["warn", "warn"]),
        ("throttled=0x50005", ["fail", "fail", "warn", "warn"]),
        ("VCHI initialization failed", ["warn"]),
    ],
)
def test_each_power_flag_of_a_raspberry_pi_is_reported(monkeypatch, report, states):
    monkeypatch.setattr(board, "throttled_report", lambda: report)
    findings = list(CHECKS["power"]())
    assert [f[0] for f in findings] == states
    assert all(advice for state, _, advice in findings if state != "ok")


@pytest.mark.parametrize(
    ("zone", "said"), [("UTC", " UTC, "), ("CET", " UTC, local time in CET, ")]
)
def test_the_clock_names_the_local_zone_where_it_is_another(monkeypatch, zone, said):
    monkeypatch.setattr(board.time, "tzname", (zone, zone))
    ((_, found, _),) = board.clock()
    assert found.count("UTC") == 1
    assert said in found


def test_the_pis_cameras_are_listed(monkeypatch):
    cameras = [{"Model": "imx708"}, {"Model": "ov5647"}]
    module = SimpleNamespace(Picamera2=SimpleNamespace(global_camera_info=lambda: cameras))
    monkeypatch.setitem(sys.modules, "picamera2", module)
    said = [said for _, said, _ in CHECKS["picamera"]()]
    assert said == ["picamera:0: imx708", "picamera:1: ov5647"]
    cameras.clear()
    assert [state for state, _, _ in CHECKS["picamera"]()] == ["warn"]


def test_a_webcam_is_listed_by_name_and_the_pis_own_nodes_are_only_counted(monkeypatch, tmp_path):
    names = {
        0: "HD Webcam",
        10: "bcm2835-codec-decode",
        13: "bcm2835-isp-output0",
        9: "unicam-image",
    }
    for number, name in names.items():
        (tmp_path / f"video{number}").mkdir()
        (tmp_path / f"video{number}" / "name").write_text(name + "\n")
    monkeypatch.setattr(cameras, "_V4L2", tmp_path)
    pis, webcam = CHECKS["v4l2"]()
    assert pis[:2] == ("ok", "3 nodes of the Pi's own: --camera picamera uses them")
    assert webcam[1].startswith("/dev/video0: HD Webcam")
