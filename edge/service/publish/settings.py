"""The settings of `edge-emo publish`, from a TOML file, checked at once."""

import os
import re
import socket
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ...support.atomic import toml_of_user
from ...support.errors import ConfigError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TOPIC = re.compile(r"[^\s+#/]+(/[^\s+#/]+)*")
CREDENTIAL = "mqtt-password"  # as systemd's LoadCredential= may provide it


@dataclass(frozen=True)
class PublishSettings:
    """Where records go, and how.

    Attributes:
        broker: name or address of the MQTT broker.
        port: 8883 with TLS, 1883 without, where it is not set.
        tls: encrypt and check the broker's certificate; there is no encryption without the check.
        ca: file of the certificate authorities to trust, PEM; the system's where not set.
        certificate: this machine's own certificate, PEM, where the broker asks for one.
        key: its private key, PEM.
        username: as the broker knows this machine.
        password_file: file that holds the password and nothing else.
        name: how topics and Home Assistant call this machine; the host's name where not set.
        topic: what all topics begin with.
        records: publish every record, not only the cameras' states.
        discovery: what Home Assistant's discovery topics begin with; empty: no discovery.
        switch: let MQTT switch the cameras off and on.
        state: folder with a folder of records for each camera.
        off_file: the off switch of the cameras' settings.

    Raises:
        ConfigError: naming the setting that does not fit.
    """

    broker: str = ""
    port: int | None = None
    tls: bool = True
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    username: str | None = None
    password_file: str | None = None
    name: str = ""
    topic: str = "edge-emo"
    records: bool = True
    discovery: str = "homeassistant"
    switch: bool = True
    state: str = "/var/lib/edge-emo"
    off_file: str = "/var/lib/edge-emo/off"

    def __post_init__(self) -> None:
        if not self.broker or self.broker != self.broker.strip() or "/" in self.broker:
            raise ConfigError(
                f"broker: '{self.broker}' is not a broker's name or address; give one, such as mqtt.example.org"
            )
        if self.port is not None and not 0 < self.port < 65536:
            raise ConfigError(f"port: {self.port} is not between 1 and 65535")
        if not self.name:
            object.__setattr__(self, "name", socket.gethostname().partition(".")[0])
        if not _NAME.fullmatch(self.name):
            raise ConfigError(
                f"name: '{self.name}' cannot be part of a topic; use letters, digits, - and _"
            )
        for setting, value in (("topic", self.topic), ("discovery", self.discovery)):
            if not _TOPIC.fullmatch(value) and (value or setting == "topic"):
                raise ConfigError(f"{setting}: '{value}' cannot begin a topic; try edge-emo")
        if not self.tls and (self.ca or self.certificate or self.key):
            raise ConfigError("tls: is false, so ca, certificate and key have no use; remove them")
        if (self.certificate is None) != (self.key is None):
            raise ConfigError("certificate: it and key belong together; give both or neither")
        for setting in ("ca", "certificate", "key", "password_file"):
            path = getattr(self, setting)
            if path is not None and not os.access(path, os.R_OK):
                raise ConfigError(f"{setting}: {path} cannot be read; see its path and owner")

    @property
    def address(self) -> tuple[str, int]:
        return self.broker, self.port or (8883 if self.tls else 1883)

    def password(self) -> str | None:
        """Return the password, from its file or systemd's credential. Raises: ConfigError."""
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        given = Path(folder, CREDENTIAL) if folder else None
        path = Path(self.password_file) if self.password_file else given
        if path is None or not path.exists():
            return None
        if self.username is None:
            raise ConfigError("username: there is a password but no name; set it")
        if path is not given and path.stat().st_mode & 0o004:
            raise ConfigError(f"password_file: everybody may read {path}; run 'chmod o= {path}'")
        try:
            word = path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, ValueError):
            raise ConfigError(f"password_file: {path} cannot be read as UTF-8 text") from None
        if not word or "\n" in word:
            raise ConfigError(f"password_file: {path} does not hold a password in one line")
        return word


def read_settings(path: Path) -> PublishSettings:
    """Return the settings of a TOML file. Raises: ConfigError."""
    said = toml_of_user(
        path,
        "a TOML file with the publisher's settings",
        missing="'sudo edge-emo service install publish' makes /etc/edge-emo/publish/settings.toml",
    )
    try:
        _check_types(said)
        return PublishSettings(**said)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def _check_types(said: dict[str, Any]) -> None:
    if "password" in said:
        raise ConfigError("password: must be in a separate file; name that file as password_file")
    known = {field.name: field.type for field in fields(PublishSettings)}
    for name, value in said.items():
        if name not in known:
            raise ConfigError(f"unknown setting '{name}'; there are {', '.join(known)}")
        wanted = known[name]
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):  # type: ignore[arg-type]
            words = {bool: "true or false", str: "text in quotes"}
            raise ConfigError(f"{name}: is not {words.get(wanted, 'a whole number')}")  # type: ignore[arg-type]
