"""One connection to an MQTT broker: encrypted, its refusals in plain words, acknowledgements in order."""

import logging
import ssl
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from ...support.errors import ConfigError, PublishError
from .settings import PublishSettings

log = logging.getLogger(__name__)

KEEPALIVE_S = 30
ANSWER_S = 10.0  # a broker that took the connection must accept or refuse within
WINDOW = 64  # messages under way; the records on disk are the queue
_WRONG_LOGIN = {0x86, 0x87, 0x8C}  # reason codes: bad user name or password, not authorised
_NO_MQTT5 = 0x84


class BrokerAwayError(Exception):
    """The broker cannot be reached now, or no longer; the message says why."""


@dataclass
class _UnderWay:
    topic: str
    done: Callable[[], None] | None
    acknowledged: bool = False


class Broker:
    """A connection. It is made once and never again: a lost one is replaced by a new `Broker`."""

    def __init__(
        self,
        settings: PublishSettings,
        client_id: str,
        will: str | None = None,
        heard: Callable[[str, bytes, bool], None] | None = None,
    ) -> None:
        """Prepare a connection.

        Args:
            will: the topic on which the broker says `offline` once the connection is lost.
            heard: is called with each message's topic, payload and whether it was retained.

        Raises:
            ConfigError: a certificate, a key or the password cannot be used.
        """
        self._settings = settings
        self._under_way: deque[_UnderWay] = deque()
        self._by_id: dict[int, _UnderWay] = {}
        self._answer: ReasonCode | None = None
        self._ended = ""
        self._any_acknowledged = False
        self._asked: dict[int, tuple[str, ...]] = {}
        self._refused: str | None = None
        self._room = WINDOW
        self._client = client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
        )
        client.max_inflight_messages_set(WINDOW)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = lambda _client, _data, message: (
            heard(message.topic, bytes(message.payload), message.retain) if heard else None
        )
        if settings.tls:
            client.tls_set_context(_tls(settings))
        if settings.username is not None:
            client.username_pw_set(settings.username, settings.password())
        if will:
            client.will_set(will, "offline", qos=1, retain=True)

    @property
    def room(self) -> int:
        """How many more messages may be put under way now."""
        return max(0, self._room - len(self._under_way))

    @property
    def window(self) -> int:
        """How many messages may be under way at a time."""
        return self._room

    @property
    def under_way(self) -> int:
        """How many messages the broker has not acknowledged yet."""
        return len(self._under_way)

    def connect(self) -> None:
        """Connect and wait until the broker accepts.

        Raises:
            PublishError: it refuses, or its certificate is not to be trusted; trying again is no use.
            BrokerAwayError: it cannot be reached now.
        """
        host, port = self._settings.address
        where = f"{host}:{port}"
        try:
            self._client.connect(host, port, KEEPALIVE_S, clean_start=True)
        except ssl.SSLCertVerificationError as error:
            trusted = self._settings.ca or "the system's certificate authorities"
            raise PublishError(
                f"{where}: its certificate is not to be trusted: {error.verify_message} (checked "
                f"against {trusted}); give the authority that signed it as 'ca'"
            ) from error
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionResetError) as error:
            raise BrokerAwayError(
                f"{where}: ended the connection during the handshake; if it goes on doing so, this is "
                "not the broker's port for TLS"
            ) from error
        except ssl.SSLError as error:
            raise PublishError(
                f"{where}: no encrypted connection can be made ({error.reason}); see whether this "
                "is the broker's port for TLS"
            ) from error
        except OSError as error:
            raise BrokerAwayError(f"{where}: {error.strerror or error}") from error
        deadline_s = time.monotonic() + ANSWER_S
        while self._answer is None:
            try:
                self.step(0.1)
            except BrokerAwayError:
                if self._answer is None:  # else it said why before it ended the connection
                    raise
            if time.monotonic() > deadline_s:
                raise BrokerAwayError(f"{where}: took the connection but gives no answer")
        self._check_answer(where)

    def step(self, timeout_s: float) -> None:
        """Send, receive, and call what is to be called; returns after at most `timeout_s`.

        Raises:
            PublishError: the broker refused a message.
            BrokerAwayError: the connection ended.
        """
        state = self._client.loop(timeout_s)
        if self._refused:
            raise PublishError(self._refused)
        if state != mqtt.MQTT_ERR_SUCCESS:
            host, port = self._settings.address
            why = self._ended or mqtt.error_string(state)
            raise BrokerAwayError(f"{host}:{port}: the connection ended ({why}){self._hint()}")

    def publish(
        self,
        topic: str,
        payload: str,
        retain: bool = False,
        done: Callable[[], None] | None = None,
    ) -> None:
        """Put a message under way, QoS 1.

        Args:
            done: is called once the broker has this message and all before it.
        """
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        message = _UnderWay(topic, done)
        self._under_way.append(message)
        self._by_id[info.mid] = message

    def subscribe(self, *topics: str) -> None:
        if topics:
            wanted = [(topic, mqtt.SubscribeOptions(qos=1)) for topic in topics]
            _, mid = self._client.subscribe(wanted)
            if mid is not None:
                self._asked[mid] = topics

    def close(self) -> None:
        """Say goodbye: the broker then does not publish the will."""
        self._client.disconnect()
        self._client.loop(0.1)

    def drop(self) -> None:
        """End the connection without a goodbye, if there is one."""
        if socket := self._client.socket():
            socket.close()

    def _on_disconnect(
        self, _client: Any, _data: Any, _flags: Any, code: Any, _properties: Any
    ) -> None:
        self._ended = str(code)

    def _hint(self) -> str:
        """Return what may be the matter where the broker ends connections without a word."""
        if self._answer is None and self._settings.tls and not self._settings.certificate:
            return "; a broker that asks for a client certificate does so: set 'certificate'"
        if self._answer is not None and self._under_way and not self._any_acknowledged:
            topic = self._under_way[0].topic
            return f"; a broker whose access list forbids {topic} may do so: see there"
        return ""

    def _on_subscribe(
        self, _client: Any, _data: Any, mid: int, codes: list[ReasonCode], _properties: Any
    ) -> None:
        for topic, code in zip(self._asked.pop(mid, ()), codes, strict=False):
            if code.is_failure:
                log.warning("the broker refuses that we hear %s: %s", topic, code)

    def _on_connect(
        self, _client: Any, _data: Any, _flags: Any, code: Any, properties: Any
    ) -> None:
        self._answer = code
        self._room = min(WINDOW, getattr(properties, "ReceiveMaximum", WINDOW))

    def _on_publish(self, _client: Any, _data: Any, mid: int, code: Any, _properties: Any) -> None:
        message = self._by_id.pop(mid, None)
        if message is None:
            return
        if code.is_failure:
            self._refused = (
                f"the broker refuses what is published on {message.topic}: {code}; allow it there, "
                "in its access list"
            )
            return
        message.acknowledged = self._any_acknowledged = True
        while not self._refused and self._under_way and self._under_way[0].acknowledged:
            done = self._under_way.popleft().done
            if done:
                done()

    def _check_answer(self, where: str) -> None:
        code = self._answer
        assert code is not None
        if not code.is_failure:
            return
        if code.value in _WRONG_LOGIN:
            who = self._settings.username
            name = f"'{who}' and its password" if who else "a client without a user name"
            raise PublishError(
                f"{where}: does not accept {name}: {code}; see username and password_file"
            )
        if code.value == _NO_MQTT5:
            raise PublishError(f"{where}: does not speak MQTT 5; use a broker that does")
        raise BrokerAwayError(f"{where}: {code}")


def _tls(settings: PublishSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca)
    except (ssl.SSLError, OSError):
        raise ConfigError(f"ca: {settings.ca} holds no certificate in PEM form") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.ca:
        # Python 3.13 demands extensions that home-made authorities lack (mosquitto-tls(7) makes none).
        # Signature, dates and the broker's name are checked as before.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if settings.certificate:
        try:
            context.load_cert_chain(settings.certificate, settings.key, password=_no_password)
        except (ssl.SSLError, OSError, ConfigError) as error:
            why = error if isinstance(error, ConfigError) else "not a pair in PEM form"
            raise ConfigError(
                f"certificate: {settings.certificate} and key {settings.key}: {why}"
            ) from None
    return context


def _no_password() -> str:
    raise ConfigError("the key is protected by a password; give one that is not")
