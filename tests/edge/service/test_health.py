"""`edge-emo service --json` and `--check`."""

import json
from datetime import UTC, datetime

import pytest

from edge.outputs import OutputOptions
from edge.outputs.monitoring.about import About
from edge.outputs.monitoring.health_file import HealthFile
from edge.service import health, installer
from edge.support.values import Observation, Status


@pytest.fixture
def services(tmp_path, monkeypatch):
    """Return a function that makes a service by the output that it writes its health with."""
    monkeypatch.setattr(installer, "CONFIG", tmp_path / "etc")
    monkeypatch.setattr(health, "RUN", tmp_path / "run")
    (tmp_path / "etc").mkdir()

    def make(name, runs=True):
        (tmp_path / "etc" / f"{name}.toml").touch()
        folder = tmp_path / "run" / name
        if not runs:
            return None
        folder.mkdir(parents=True)
        options = OutputOptions(str(folder / "health.json"), True, 30.0, about=About(camera=name))
        return HealthFile(options)

    return make


def frame():
    return Observation(datetime.now(UTC), "0", 0, None, (64, 48), (), {})


def test_services_whose_frames_flow_are_healthy(edge_emo, services):
    for name in ("door", "yard"):
        services(name).write(None, frame())
    checked = edge_emo("service", "--check")
    assert (checked.status, checked.out, checked.err) == (0, "", "")
    told = json.loads(edge_emo("service", "--json").out)["services"]
    assert set(told) == {"door", "yard"}
    assert told["door"]["ready"] is told["door"]["alive"] is told["door"]["ok"] is True


def test_a_service_that_is_ill_is_named_with_its_reason(edge_emo, services, assert_refused):
    services("yard").write(None, frame())
    services("door").status(Status("0", "failed", "gave no frame for 5 s", datetime.now(UTC)))
    ended = edge_emo("service", "--check")
    assert_refused(ended, "edge-emo@door: failed: gave no frame for 5 s, since 20")
    assert "yard" not in ended.err
    assert edge_emo("service", "status", "--json", "--check").status == 1


def test_a_service_that_does_not_run_is_ill(edge_emo, services, assert_refused):
    services("door", runs=False)
    assert_refused(edge_emo("service", "--check"), "edge-emo@door: stopped")
    told = json.loads(edge_emo("service", "--json").out)["services"]["door"]
    assert (told["alive"], told["ready"], told["ok"]) == (False, False, False)


def test_a_camera_that_a_person_switched_off_is_not_ill(edge_emo, services):
    services("door").status(Status("0", "off", "switched off at GPIO 17", datetime.now(UTC)))
    assert edge_emo("service", "--check").status == 0
    told = json.loads(edge_emo("service", "--json").out)["services"]["door"]
    assert (told["ready"], told["state"]) == (False, "off")


def test_no_service_at_all_is_no_healthy_one(edge_emo, services, assert_refused):
    assert_refused(edge_emo("service", "--check"), "no service is installed")
    ended = edge_emo("service", "--json")
    assert json.loads(ended.out) == {"services": {}}


@pytest.mark.parametrize("what", ["alerts", "dashboard"])
def test_rules_and_dashboard_are_printed(edge_emo, what):
    ended = edge_emo("service", "print", what)
    assert ended.status == 0
    assert "edge_emo_frames_total" in ended.out


def test_a_service_of_several_cameras_reports_each(edge_emo, services, assert_refused, tmp_path):
    services("house", runs=False)
    (tmp_path / "run" / "house").mkdir(parents=True)
    for name in ("front", "door"):
        target = str(tmp_path / "run" / "house" / f"health-{name}.json")
        output = HealthFile(OutputOptions(target, True, 30.0, about=About(camera=name)))
        if name == "front":
            output.write(None, frame())
        else:
            output.status(Status("0", "failed", "gave no frame for 5 s", datetime.now(UTC)))
    told = json.loads(edge_emo("service", "--json").out)["services"]
    assert {name: found["ok"] for name, found in told.items()} == {
        "house/door": False,
        "house/front": True,
    }
    assert_refused(edge_emo("service", "--check"), "edge-emo@house/door: failed: gave no frame")
