"""Where the page listens: an address of its own, or the socket that systemd hands over."""

import ipaddress
import os
import re
import socket
from dataclasses import dataclass
from weakref import WeakSet

from ...support.errors import ConfigError, OutputError

DEFAULT = "127.0.0.1:8048"
_listening: WeakSet[socket.socket] = WeakSet()  # what this process listens at
_FIRST_FD = 3  # as sd_listen_fds(3) fixes it


@dataclass(frozen=True)
class Address:
    """Host and port to listen on.

    Attributes:
        host: an IP address.
        port: 0 lets the system choose.
    """

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only programs of this machine can reach it."""
        return ipaddress.ip_address(self.host.partition("%")[0]).is_loopback

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """Return the address that a user wrote.

    Args:
        text: `ADDRESS:PORT`, `ADDRESS` or `:PORT`; an IPv6 address stands in brackets.

    Raises:
        ConfigError: it is none.

    Example:
        >>> str(parse_address(":9000")), str(parse_address("[::1]"))
        ('127.0.0.1:9000', '[::1]:8048')
    """
    default_host, _, default_port = DEFAULT.rpartition(":")
    match = re.fullmatch(r"(?:\[([^\]]+)\]|([^:\[\]]*))(?::(\d{1,5}))?", text)
    wrong = ConfigError(
        f"page: '{text}' is not an address such as {DEFAULT}, 192.168.1.20:8048 or [::1]:8048"
    )
    if not match:
        raise wrong
    host = match[1] or match[2] or default_host
    host = default_host if host == "localhost" else host
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        raise wrong from None
    port = int(match[3] or default_port)
    if port > 65535:
        raise wrong
    return Address(host, port)


def inherited_socket(wanted: Address) -> socket.socket | None:
    """Return the listening socket that systemd passed to this process; None if it passed none.

    Args:
        wanted: which one, where it passed those of several cameras' pages.
    """
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    count = int(os.environ.get("LISTEN_FDS", "0"))
    for number in range(_FIRST_FD, _FIRST_FD + count):
        # A copy: the settings may be read again, and the socket must outlive this page.
        passed = socket.socket(fileno=os.dup(number))
        if count == 1 or bound_address(passed) == wanted:
            return passed
        passed.close()
    return None


def listening_socket(address: Address) -> socket.socket:
    """Return a socket that listens. Raises: OutputError."""
    for other in _listening:  # of the page that this one replaces, as its settings were read again
        if other.fileno() >= 0 and address.port and bound_address(other) == address:
            return _kept(socket.socket(fileno=os.dup(other.fileno())))
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address.host, address.port))
        listening.listen(64)
    except OSError as error:
        listening.close()
        raise OutputError(
            f"page: {address}: cannot listen: {error.strerror or error}; is another page there? "
            "Choose another port with --page ADDRESS:PORT"
        ) from error
    return _kept(listening)


def _kept(listening: socket.socket) -> socket.socket:
    _listening.add(listening)
    return listening


def bound_address(listening: socket.socket) -> Address:
    """Return where a socket listens; one of the file system counts as loopback."""
    name = listening.getsockname()
    return Address(name[0], name[1]) if isinstance(name, tuple) else Address("127.0.0.1", 0)
