"""Which requests are let through."""

import base64
from types import SimpleNamespace

import pytest

pytest.importorskip("aiohttp", reason="aiohttp is not installed (extra 'page')")

from edge.outputs.page.access import BURST, COOKIE, Access
from edge.outputs.page.address import Address
from edge.outputs.page.token import cookie_of

TOKEN = "a token of many letters"
LOCAL, PUBLIC = Address("127.0.0.1", 8048), Address("0.0.0.0", 8048)


def status(access, headers=None, query=None, path="/record"):
    """Return the status of a refusal; 200 if there is none."""
    headers = {"Host": "127.0.0.1:8048"} | (headers or {})
    refusal = access.refusal("127.0.0.1", headers, query or {}, path)
    return 200 if refusal is None else refusal[0]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:8048", 200),
        ("localhost:9000", 200),
        ("LOCALHOST", 200),
        ("[::1]:8048", 200),
        ("evil.example:8048", 403),
        ("127.0.0.1.evil.example", 403),
        ("192.168.1.20:8048", 403),
        ("", 403),
        ("127.0.0.1:8048, evil", 403),
        ("[::1", 403),
    ],
)
def test_a_page_on_loopback_takes_only_loopback_hosts(host, expected):
    assert status(Access(LOCAL, None), {"Host": host}) == expected


@pytest.mark.parametrize(
    ("host", "expected"), [("192.168.1.20:8048", 200), ("10.0.0.1", 200), ("evil.example", 403)]
)
def test_a_public_page_takes_addresses_but_no_foreign_names(host, expected):
    headers = {"Host": host, "Authorization": f"Bearer {TOKEN}"}
    assert status(Access(PUBLIC, TOKEN), headers) == expected


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://127.0.0.1:8048", 200),
        ("http://127.0.0.1:1", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_only_the_pages_own_scripts_may_ask(origin, expected):
    assert status(Access(LOCAL, None), {"Origin": origin}) == expected


def test_a_link_from_another_site_opens_the_page_and_nothing_else():
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    access = Access(LOCAL, None)
    assert status(access, link, path="/") == 200
    assert status(access, link, path="/snapshot.jpg") == 403
    assert status(access, {**link, "Sec-Fetch-Mode": "no-cors"}, path="/") == 403


def basic(password):
    return {"Authorization": "Basic " + base64.b64encode(f"x:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("headers", "query", "expected"),
    [
        ({}, {}, 401),
        ({}, {"token": TOKEN}, 200),
        ({}, {"token": TOKEN + "x"}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, {}, 200),
        ({"Authorization": "Bearer "}, {}, 401),
        (basic(TOKEN), {}, 200),
        (basic("wrong"), {}, 401),
        ({"Authorization": "Basic ?"}, {}, 401),
        ({"Cookie": f"a=b; {COOKIE}={cookie_of(TOKEN)}"}, {}, 200),
        ({"Cookie": f"{COOKIE}={TOKEN}"}, {}, 401),
    ],
)
def test_the_token_is_needed_where_there_is_one(headers, query, expected):
    assert status(Access(LOCAL, TOKEN), headers, query) == expected


def test_too_many_requests_from_one_address_are_refused_and_others_are_not(monkeypatch):
    monkeypatch.setattr("edge.outputs.page.access.time", SimpleNamespace(monotonic=lambda: 1.0))
    access = Access(LOCAL, None)
    headers = {"Host": "localhost"}
    answers = [access.refusal("10.0.0.1", headers, {}, "/") for _ in range(int(BURST) + 50)]
    assert answers[0] is None
    assert answers[-1][0] == 429
    assert access.refusal("10.0.0.2", headers, {}, "/") is None
