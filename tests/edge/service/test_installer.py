"""What the service's files say; that they work is shown on a real systemd by tests/device/nspawn.py."""

import configparser
import re
import shutil
import subprocess
import tomllib

import pytest

from edge.live.schema import check_types
from edge.live.settings import RunConfig
from edge.service import installer, page
from edge.service.page import socket_unit
from edge.service.system import cameras_of, keep_or_write, user_of
from edge.support.errors import ConfigError, ServiceError


@pytest.mark.parametrize("name", ["0", "12", "picamera", "picamera:1", "mock"])
def test_a_cameras_own_name_says_which_it_is(name):
    settings = tomllib.loads(installer.camera_config(name, None))
    check_types(settings, RunConfig)
    config = RunConfig(**settings)
    assert config.camera == name
    assert config.jsonl_total_mb > config.jsonl_mb > 0


def test_an_address_with_any_characters_stands_in_the_settings():
    url = 'rtsp://me:p"w\\d@host/1'
    assert tomllib.loads(installer.camera_config("door", url))["camera"] == url


@pytest.mark.parametrize(
    ("settings", "opened"),
    [
        ({"camera": "0"}, set()),
        ({"camera": "rtsp://host/1"}, {"network"}),
        ({"camera": "0", "outputs": ["text", "jsonl=a"]}, set()),
        ({"camera": "0", "outputs": ["not-installed=mqtt://host"]}, set()),
        ({"camera": "picamera", "off_gpio": 0}, {"gpio"}),
        ({"camera": "0", "page": "127.0.0.1:8048"}, {"page"}),
    ],
)
def test_network_and_pins_are_opened_only_where_the_settings_use_them(settings, opened):
    assert installer.needs(settings) == opened
    for name in opened:
        assert "\n[" in installer.data(f"{name}.conf")


def test_an_output_that_needs_the_network_says_so_itself(monkeypatch):
    class Speaking:
        network = True

    monkeypatch.setattr("edge.service.installer.registry.names", lambda group: ["speaking"])
    monkeypatch.setattr("edge.service.installer.registry.load", lambda group, name: Speaking)
    assert installer.needs({"camera": "0", "outputs": ["speaking=host"]}) == {"network"}


@pytest.mark.parametrize("name", ["", "a/b", "../x", "config", "a b", "-x", "ü"])
def test_a_name_that_can_be_no_services_is_refused(name):
    with pytest.raises(ServiceError, match=r"^name: "):
        installer.camera_config(name, "0")


def test_a_name_that_says_nothing_of_a_camera_needs_one(edge_emo, assert_refused):
    assert_refused(edge_emo("service", "install", "door"), "camera: which one is 'door'?")


def test_settings_that_are_there_say_which_camera_it_is(monkeypatch, tmp_path):
    """So a password in its URL stands in no process list."""
    monkeypatch.setattr(installer, "CONFIG", tmp_path)
    with pytest.raises(ServiceError, match="which one is 'door'"):
        installer.camera_config("door", None)
    (tmp_path / "door.toml").write_text('camera = "rtsp://me:secret@host/1"\n')
    assert "secret" not in installer.camera_config("door", None)
    (tmp_path / "door.toml").write_text("camera = ")
    with pytest.raises(ServiceError, match=r"door\.toml: cannot be read"):
        installer.camera_config("door", None)


def test_the_unit_that_is_printed_is_the_one_that_is_installed(edge_emo):
    ended = edge_emo("service", "print")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == installer.unit_text()


def test_the_unit_is_quiet_about_nothing_and_restarts_for_ever():
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read_string(installer.unit_text())
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    service = unit["Service"]
    assert (service["Type"], service["Restart"]) == ("notify", "always")
    assert int(service["WatchdogSec"]) > 10
    assert (service["User"], service["DevicePolicy"]) == ("edge-emo", "closed")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is needed")
def test_the_unit_is_hardened(tmp_path):
    path = tmp_path / "edge-emo@0.service"
    path.write_text(installer.unit_text())
    asked = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(path)]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout[-300:]


def test_without_a_service_the_status_says_how_to_make_one(edge_emo, monkeypatch, tmp_path):
    monkeypatch.setattr(installer, "CONFIG", tmp_path)
    ended = edge_emo("service")
    assert ended.status == 0
    assert "edge-emo service install NAME" in ended.out


@pytest.mark.parametrize("arguments", [["install", "0"], ["uninstall"]])
def test_without_root_nothing_is_changed(edge_emo, assert_refused, monkeypatch, arguments):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(installer, "runs_from_prefix", lambda: True)
    assert_refused(edge_emo("service", *arguments), "needs root: run it with sudo")


@pytest.mark.parametrize(
    ("page", "listens"),
    [("127.0.0.1:8048", "127.0.0.1:8048"), (":9000", "127.0.0.1:9000"), ("[::1]", "[::1]:8048")],
)
def test_systemd_listens_where_the_settings_say(page, listens):
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read_string(socket_unit("door", page))
    assert unit["Socket"]["ListenStream"] == listens
    assert unit["Socket"]["Service"] == "edge-emo@door.service"


def test_a_page_that_is_no_address_is_refused_by_its_name():
    with pytest.raises(ConfigError, match=r"^page: 'door'"):
        socket_unit("door", "door")


def test_without_a_page_the_unit_has_no_network_and_with_one_neither():
    assert "PrivateNetwork=yes" in installer.unit_text()
    assert "PrivateNetwork" not in installer.data("page.conf")


def test_an_older_systemd_is_not_given_what_it_does_not_know():
    assert "RestartSteps=" in installer.unit_text(254)
    older = installer.unit_text(252)
    assert "RestartSteps" not in older
    assert "RestartMaxDelaySec" not in older
    assert "RestartSec=5" in older


@pytest.mark.parametrize("name", ["0", "door", "picamera:1", "Door", "a" * 60, "a.b", "a-b"])
def test_every_instance_has_a_user_of_its_own(name):
    names = ["0", "door", "picamera:1", "picamera:0", "Door", "a" * 60, "a" * 61, "a.b", "a-b"]
    users = [user_of(n) for n in names]
    assert len(set(users)) == len(names)
    assert re.fullmatch(r"edge-emo-[a-z0-9_-]{1,23}", user_of(name))


def test_settings_are_readable_by_one_user_only(monkeypatch, tmp_path):
    owners = {}
    monkeypatch.setattr("edge.service.system.shutil.chown", lambda p, *o: owners.update({p: o}))
    path = tmp_path / "door.toml"
    said = []
    keep_or_write(path, "camera = 0", said.append, "edge-emo-door")
    path.chmod(0o644)
    keep_or_write(path, "other", said.append, "edge-emo-door")  # an upgrade narrows it, too
    assert path.read_text() == "camera = 0"
    assert path.stat().st_mode & 0o777 == 0o600
    assert owners == {path: ("edge-emo-door", "root")}


SEVERAL = {
    "jsonl": "{camera}.jsonl",
    "cameras": {
        "front": {"camera": "0", "page": "127.0.0.1:8048"},
        "door": {"camera": "rtsp://host/1", "page": ":8049", "off_gpio": 17},
    },
}


def test_for_several_cameras_the_unit_opens_what_any_of_them_needs():
    assert installer.needs(SEVERAL) == {"network", "gpio", "page"}
    assert installer.needs({"camera": ["0", "rtsp://host/1"]}) == {"network"}


def test_systemd_listens_for_each_camera_s_page(tmp_path, monkeypatch):
    monkeypatch.setattr("edge.service.page.FOLDER", tmp_path)
    assert page.install("house", cameras_of(SEVERAL), lambda line: None)
    lines = page.unit_path("house").read_text().splitlines()
    assert [line for line in lines if line.startswith("ListenStream=")] == [
        "ListenStream=127.0.0.1:8048",
        "ListenStream=127.0.0.1:8049",
    ]
