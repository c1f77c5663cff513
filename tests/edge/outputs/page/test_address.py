"""Where the page may listen."""

import os
import socket
import sys

import pytest

from edge.live.schema import settings_of
from edge.live.settings import RunConfig
from edge.outputs.page import address as place
from edge.support.errors import ConfigError, OutputError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:9000", "127.0.0.1:9000"),
        (":9000", "127.0.0.1:9000"),
        ("192.168.1.20", "192.168.1.20:8048"),
        ("localhost:9000", "127.0.0.1:9000"),
        ("[::1]:9000", "[::1]:9000"),
        ("[fe80::1%eth0]:80", "[fe80::1%eth0]:80"),
    ],
)
def test_an_address_is_read_as_written(text, expected):
    assert str(place.parse_address(text)) == expected


@pytest.mark.parametrize(
    "text", ["a page", "example.com:80", "127.0.0.1:70000", "::1:80", "1.2.3:8"]
)
def test_what_is_no_address_is_refused_by_the_settings_name(text):
    with pytest.raises(ConfigError, match=r"^page: "):
        place.parse_address(text)


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("127.0.0.1:1", True),
        ("127.9.9.9:1", True),
        ("[::1]:1", True),
        ("0.0.0.0:1", False),
        ("192.168.1.20:1", False),
        ("[::]:1", False),
    ],
)
def test_only_loopback_addresses_stay_within_the_machine(text, inside):
    assert place.parse_address(text).is_loopback is inside


def test_the_settings_default_is_the_pages_own():
    assert settings_of(RunConfig)["page"].bare == place.DEFAULT


def test_a_port_that_is_taken_is_an_error_that_says_so():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = place.bound_address(taken)
        with pytest.raises(OutputError, match=f"{address}: cannot listen"):
            place.listening_socket(address)


def test_a_socket_is_taken_over_only_if_it_was_meant_for_this_process(monkeypatch):
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setenv("LISTEN_PID", str(os.getpid() + 1))
    assert place.inherited_socket(place.parse_address(":0")) is None


@pytest.mark.skipif(sys.platform == "win32", reason="systemd passes sockets on Linux only")
def test_of_several_sockets_a_page_takes_over_its_own(monkeypatch):
    first = 900  # above what this process has open
    monkeypatch.setattr(place, "_FIRST_FD", first)
    monkeypatch.setenv("LISTEN_FDS", "2")
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    with (
        socket.create_server(("127.0.0.1", 0)) as front,
        socket.create_server(("127.0.0.1", 0)) as door,
    ):
        passed = [os.dup2(front.fileno(), first), os.dup2(door.fileno(), first + 1)]
        try:
            with place.inherited_socket(place.bound_address(door)) as taken:
                assert place.bound_address(taken) == place.bound_address(door)
            assert place.inherited_socket(place.parse_address("127.0.0.1:1")) is None
        finally:
            for number in passed:
                os.close(number)
