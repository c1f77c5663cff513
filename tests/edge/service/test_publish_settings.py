"""What the publisher's settings refuse, each in one line that names the setting."""

import pytest

from edge.service import installer, system
from edge.service.publish import unit
from edge.service.publish.settings import PublishSettings, read_settings
from edge.support.errors import ConfigError, ServiceError


@pytest.fixture
def settings(tmp_path):
    def write(text):
        path = tmp_path / "settings.toml"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "broker: '' is not a broker"),
        ('broker = ""', "broker: "),
        ('broker = "mqtt://host"', "broker: "),
        ("broker = 5", "broker: is not text"),
        ('broker = "b"\nport = 70000', "port: 70000"),
        ('broker = "b"\nport = true', "port: is not a whole number"),
        ('broker = "b"\ntls = "no"', "tls: is not true or false"),
        ('broker = "b"\ntls = false\nca = "/etc/hostname"', "tls: is false"),
        ('broker = "b"\nca = "/no/such/file"', "ca: /no/such/file cannot be read"),
        ('broker = "b"\ncertificate = "/etc/hostname"', "certificate: it and key"),
        ('broker = "b"\npassword = "hunter2"', "password: must be in a separate file"),
        ('broker = "b"\nname = "a/b"', "name: 'a/b'"),
        ('broker = "b"\ntopic = "a/#"', "topic: 'a/#'"),
        ('broker = "b"\ntopic = ""', "topic: ''"),
        ('broker = "b"\nspeed = 1', "unknown setting 'speed'"),
        ("broker = ", "cannot be read"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(settings, edge_emo, assert_refused, text, said):
    path = settings(text)
    ended = edge_emo("publish", "--config", path)
    assert_refused(ended, said)
    assert "hunter2" not in ended.err


def test_a_binary_file_is_no_file_of_settings(tmp_path, edge_emo, assert_refused):
    path = tmp_path / "publish.toml"
    path.write_bytes(b"\x7fELF\xff\xd0")
    ended = edge_emo("publish", "--config", path)
    assert_refused(ended, f"{path}: cannot be read: it is not text in UTF-8, as a TOML file is")
    assert "codec" not in ended.err


def test_without_a_file_it_says_how_to_make_one(tmp_path, edge_emo, assert_refused):
    assert_refused(edge_emo("publish", "--config", tmp_path / "x.toml"), "service install publish")


def test_encryption_is_the_default_and_has_the_usual_port():
    assert PublishSettings(broker="b").address == ("b", 8883)
    assert PublishSettings(broker="b", tls=False).address == ("b", 1883)
    assert PublishSettings(broker="b", port=1234).address == ("b", 1234)


def test_the_shipped_settings_need_only_a_broker(settings):
    text = system.data("publish.toml")
    with pytest.raises(ConfigError, match="broker: "):
        read_settings(settings(text))
    named = read_settings(settings(text.replace("# broker", "broker")))
    assert named.broker == "mqtt.example.org"
    commented = [line[2:] for line in text.splitlines() if line.startswith("# ") and " = " in line]
    for line in commented:
        assert hasattr(named, line.partition(" = ")[0]), line


def test_a_password_is_read_from_a_file_that_others_cannot_read(tmp_path):
    file = tmp_path / "password"
    file.write_text("secret\n")
    file.chmod(0o640)
    settings = PublishSettings(broker="b", username="me", password_file=str(file))
    assert settings.password() == "secret"
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="everybody may read"):
        settings.password()
    file.chmod(0o640)
    for content in ("", "\n", "two\nlines\n"):
        file.write_text(content)
        with pytest.raises(ConfigError, match="does not hold a password in one line"):
            settings.password()


def test_a_password_may_be_a_credential_of_systemd(tmp_path, monkeypatch):
    (tmp_path / "mqtt-password").write_text("secret")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert PublishSettings(broker="b", username="me").password() == "secret"
    with pytest.raises(ConfigError, match="username: "):
        PublishSettings(broker="b").password()


@pytest.mark.parametrize("name", installer.RESERVED)
def test_no_camera_may_take_the_publishers_place(name):
    with pytest.raises(ServiceError, match="name: "):
        installer.camera_config(name, "0")


def test_the_publisher_sees_no_camera_and_none_of_their_settings():
    said = system.data(unit.SERVICE)
    for line in (
        "DevicePolicy=closed",
        "PrivateDevices=yes",
        "TemporaryFileSystem=/etc/edge-emo:ro",
        "BindReadOnlyPaths=/etc/edge-emo/publish",
        "CapabilityBoundingSet=",
    ):
        assert line in said.splitlines()
