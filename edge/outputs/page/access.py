"""Who may see the page: this machine alone, or whoever has the token; no page of another site."""

import base64
import binascii
import ipaddress
import re
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from aiohttp import web

from .address import Address
from .token import cookie_of, same

COOKIE = "edge_emo_page"
RATE, BURST = 50.0, 400.0  # requests a second from one address, and at once
MOST_ADDRESSES = 256  # that are remembered for that
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Server": "edge-emo",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Access:
    """Decides on every request, before anything else sees it."""

    def __init__(self, address: Address, token: str | None) -> None:
        self._loopback = address.is_loopback
        self._token = token
        self._cookie = cookie_of(token) if token else ""
        name = socket.gethostname().lower()
        self._names = {"localhost"} if self._loopback else {"localhost", name, f"{name}.local"}
        self._rates: dict[str, tuple[float, float]] = {}

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer 403, 401 or 429, or let the request through. Every answer has `HEADERS`."""
        refusal = self.refusal(request.remote or "", request.headers, request.query, request.path)
        if refusal is not None:
            status, why = refusal
            response = web.json_response({"error": why}, status=status)
            if status == 401:
                response.headers["WWW-Authenticate"] = 'Basic realm="edge-emo", charset="UTF-8"'
            return response
        if self._token and request.path == "/" and "token" in request.query:
            # The token must not stay in the address bar, the history, or a bookmark.
            response = web.Response(status=303, headers={"Location": "/"})
            response.set_cookie(
                COOKIE,
                self._cookie,
                max_age=365 * 86400,
                httponly=True,
                samesite="Strict",
                secure=request.secure,
            )
            return response
        return await handler(request)

    def refusal(
        self, remote: str, headers: Mapping[str, str], query: Mapping[str, str], path: str
    ) -> tuple[int, str] | None:
        """Return status and reason if a request is refused."""
        if not self._within_rate(remote):
            return 429, "too many requests; try again in a moment"
        host = headers.get("Host", "")
        if not self._knows(host):
            return 403, "unknown Host; open the page by its IP address"
        origin = headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return 403, "requests from pages of another site are refused"
        if headers.get("Sec-Fetch-Site") in ("cross-site", "same-site") and not (
            path == "/" and headers.get("Sec-Fetch-Mode") == "navigate"
        ):
            return 403, "requests from pages of another site are refused"
        if self._token and not self._is_known(headers, query):
            return 401, "a token is needed: open /?token=TOKEN once, or send it as a password"
        return None

    def _knows(self, host: str) -> bool:
        """A name that somebody else may point at this machine is not taken (DNS rebinding)."""
        match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9_.-]+))(?::\d{1,5})?", host)
        if not match:
            return False
        name = match[1] or match[2]
        try:
            ip = ipaddress.ip_address(name)
        except ValueError:
            return name.lower() in self._names
        return ip.is_loopback or not self._loopback

    def _is_known(self, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        assert self._token
        kind, _, value = headers.get("Authorization", "").partition(" ")
        given = [query.get("token", "")]
        if kind.lower() == "bearer":
            given.append(value.strip())
        elif kind.lower() == "basic":
            given.append(_password(value))
        cookies = _cookies(headers.get("Cookie", ""))
        return any(same(word, self._token) for word in given) or same(
            cookies.get(COOKIE, ""), self._cookie
        )

    def _within_rate(self, remote: str) -> bool:
        now_s = time.monotonic()
        left, then_s = self._rates.pop(remote, (BURST, now_s))
        left = min(BURST, left + (now_s - then_s) * RATE)
        if len(self._rates) >= MOST_ADDRESSES:  # the one that was silent for longest
            del self._rates[next(iter(self._rates))]
        self._rates[remote] = max(0.0, left - 1), now_s
        return left >= 1


def _password(basic: str) -> str:
    try:
        return base64.b64decode(basic, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def _cookies(header: str) -> dict[str, str]:
    return {
        name.strip(): value.strip()
        for name, _, value in (c.partition("=") for c in header.split(";"))
    }
