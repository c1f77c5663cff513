"""The page as a viewer and a machine see it: over HTTP."""

import asyncio
import json
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

aiohttp = pytest.importorskip("aiohttp", reason="aiohttp is not installed (extra 'page')")

from edge.outputs import OutputOptions
from edge.outputs.page import figures, viewers
from edge.outputs.page.page import Page
from edge.support.errors import ConfigError

PATIENCE_S = 600


def split(message):
    """Return the head and the picture of a message of the live view."""
    (length,) = struct.unpack(">I", message[:4])
    return json.loads(message[4 : 4 + length]), message[4 + length :]


def live(page, steps):
    """Watch the live view; before each message is asked for a step is taken. Return messages."""

    async def watch():
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(page.url + "/live") as view,
        ):
            messages = [split(await view.receive_bytes())]
            for step in steps:
                await asyncio.get_running_loop().run_in_executor(None, step)
                await view.send_str("ack")
                messages.append(split(await view.receive_bytes()))
            return messages

    return asyncio.run(watch())


def test_the_page_and_its_files_come_with_a_strict_policy(page):
    for path in ("/", "/page.js", "/timeline.js", "/page.css", "/icon.svg"):
        status, headers, body = page.get(path)
        assert status == 200
        assert body
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert b"http://" not in body.replace(b"http://www.w3.org/", b"")  # nothing from elsewhere


def test_record_and_picture_of_a_message_belong_to_the_same_frame(page):
    values = [40, 90, 140, 190]
    messages = live(page, [lambda v=v: page.show(v) for v in values])
    heads, pictures = zip(*messages[1:], strict=True)
    assert [head["record"]["frame"] for head in heads] == [1, 2, 3, 4]
    for value, picture in zip(values, pictures, strict=True):
        image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
        assert image.shape == (360, 640, 3)
        assert abs(int(image.mean()) - value) <= 1


def test_a_viewer_learns_of_the_run_first_and_gets_figures_later(page, monkeypatch):
    for module in (figures, viewers):
        monkeypatch.setattr(module, "EVERY_S", 0.0)
    (hello, _), *_, (last, _) = live(page, [page.show, page.show])
    assert hello["hello"]["camera"] == "door"
    assert hello["hello"]["model"] == "edge-s"
    assert last["figures"]["ms"] == {"total": 5.0}
    assert last["figures"]["fps"] > 0


def test_a_viewer_that_takes_no_more_gets_no_more_and_then_the_newest(page, monkeypatch):
    monkeypatch.setattr(viewers, "SIGN_OF_LIFE_S", 0.05)

    async def watch():
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(page.url + "/live") as view,
        ):
            await view.receive_bytes()
            for _ in range(20):
                page.show()
            with pytest.raises(TimeoutError):  # it has not acknowledged
                await asyncio.wait_for(view.receive_bytes(), 0.5)

        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(page.url + "/live") as view,
        ):
            page.show()
            await view.receive_bytes()
            for _ in range(20):
                page.show()
            await view.send_str("ack")
            return split(await view.receive_bytes())[0]["record"]["frame"]

    assert asyncio.run(watch()) == 41


def test_nothing_is_asked_of_a_frame_while_nobody_watches(page):
    for _ in range(10):
        page.show()
    assert page.asked == 0
    assert b'edge_emo_page_pictures_total{camera="door"} 0.0' in page.get("/metrics")[2]


def test_a_frame_is_encoded_once_for_all_viewers(page):
    everybody_watches = threading.Barrier(4, action=page.show, timeout=PATIENCE_S)
    with ThreadPoolExecutor(4) as pool:
        watching = [pool.submit(live, page, [everybody_watches.wait]) for _ in range(4)]
        seen = [viewer.result() for viewer in watching]
    assert [bool(picture) for messages in seen for _, picture in messages] == [False, True] * 4
    pictures = {picture for messages in seen for _, picture in messages if picture}
    assert len(pictures) == 1
    assert b'edge_emo_page_pictures_total{camera="door"} 1.0' in page.get("/metrics")[2]


def test_a_snapshot_is_the_next_annotated_frame(page):
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(page.get, "/snapshot.jpg")
        while not asked.done():  # the request arrives when it does
            page.show(55)
            time.sleep(0.01)
        status, headers, body = asked.result()
    assert status == 200
    assert headers["Content-Type"] == "image/jpeg"
    assert abs(cv2.imdecode(np.frombuffer(body, np.uint8), 1).mean() - 200) <= 1


def test_records_name_the_camera_without_its_address(page):
    page.show()
    status, _, body = page.get("/record")
    record = json.loads(body)
    assert status == 200
    assert record["source"] == "door"
    assert record["faces"][0]["box"] == [10, 20, 30, 40]


def test_events_carry_records_and_states(page):
    async def data(events):
        """Return the next event that has data."""
        while not (line := await events.content.readline()).startswith(b"data: "):
            pass
        return json.loads(line.removeprefix(b"data: "))

    async def watch():
        async with aiohttp.ClientSession() as session, session.get(page.url + "/events") as events:
            started = await data(events)
            page.show()
            record = await data(events)
            page.status("failed", "gone")
            while (state := await data(events)).get("state") == "open":  # as it was before
                pass
            return started, record, state

    started, record, failed = asyncio.run(watch())
    assert started["state"] == "starting"
    assert record["frame"] == 1
    assert failed["words"] == "camera failed: gone"


def test_switched_off_no_picture_is_served(page):
    page.show()
    messages = live(
        page, [page.show, lambda: page.status("off", "switched off by the file /x/off")]
    )
    head, picture = messages[-1]
    assert head["state"]["state"] == "off"
    assert head["state"]["words"] == "camera closed: switched off by the file [path]"
    assert not picture
    assert page.get("/snapshot.jpg")[0] == 503
    assert page.get("/stream.mjpg")[0] == 503
    assert page.get("/record")[0] == 503
    assert page.get("/health")[0] == 200  # somebody meant it


def test_a_failed_camera_is_not_healthy(page):
    page.show()
    assert page.get("/health")[0] == 200
    page.status("failed", "rtsp://viewer:secret@camera/live: no stream came")
    status, _, body = page.get("/health")
    assert status == 503
    assert json.loads(body)["reason"] == "[address] no stream came"


def test_without_video_there_is_no_picture_anywhere(make_page):
    page = make_page(video=False)
    messages = live(page, [page.show, page.show])
    assert [bool(picture) for _, picture in messages] == [False] * 3
    assert messages[-1][0]["record"]["frame"] == 2
    assert page.get("/snapshot.jpg")[0] == 404
    assert page.asked == 0


def test_the_token_opens_the_page_by_a_cookie(make_page, tmp_path):
    page = make_page(token=str(tmp_path / "token"))
    token = (tmp_path / "token").read_text().strip()
    assert page.get("/metrics")[0] == 401
    assert page.get("/metrics", Authorization=f"Bearer {token}")[0] == 200

    async def visit():
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            async with session.get(f"{page.url}/?token={token}") as answer:
                assert answer.status == 200
                assert "token" not in str(answer.url)
                assert token not in answer.history[0].headers["Set-Cookie"]
            async with session.get(f"{page.url}/metrics") as answer:
                return answer.status

    assert asyncio.run(visit()) == 200


def test_a_public_address_needs_a_token():
    with pytest.raises(ConfigError, match="--page-token"):
        Page(OutputOptions("0.0.0.0:0", True, 30.0))


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
def test_foreign_pages_are_refused(page, headers):
    for path in ("/", "/record", "/live", "/metrics", "/nothing"):
        assert page.get(path, **headers)[0] == 403


def test_closing_leaves_no_thread_and_frees_the_port(make_page):
    before = set(threading.enumerate())
    page = make_page()
    page.show()
    live(page, [page.show])
    page.page.close()
    assert_ended(before)
    with pytest.raises(OSError, match="refused"):
        page.get("/")


def assert_ended(before):
    """Wait until there are no other threads than before."""
    deadline = time.monotonic() + PATIENCE_S
    while left := set(threading.enumerate()) - before:
        assert time.monotonic() < deadline, left
        time.sleep(0.01)


def test_a_page_is_closed_in_the_moment_in_which_it_begins_to_listen(make_page, monkeypatch):
    from edge.outputs.page import server

    class Slow(threading.Event):
        def set(self):
            super().set()
            time.sleep(0.3)  # its maker goes on, and closes it, before this thread does

    before = set(threading.enumerate())
    monkeypatch.setattr(server, "threading", SimpleNamespace(Event=Slow, Thread=threading.Thread))
    page = make_page()
    page.page.close()
    with pytest.raises(OSError, match="refused"):
        page.get("/")
    assert_ended(before)


def test_a_page_takes_over_the_address_of_the_one_that_it_replaces(make_page):
    first = make_page()
    second = make_page(target=str(first.page.address), video=False)
    assert second.page.address == first.page.address
    first.page.close()
    second.show()
    assert second.get("/record")[0] == 200
    assert second.get("/snapshot.jpg")[0] == 404
    second.page.close()
    with pytest.raises(OSError, match="refused"):
        second.get("/")


def test_a_viewer_is_left_when_the_page_closes(make_page):
    before = set(threading.enumerate())
    page = make_page()

    async def watch():
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(page.url + "/live") as view,
        ):
            await view.receive_bytes()
            await asyncio.get_running_loop().run_in_executor(None, page.page.close)
            assert (await view.receive()).type in (
                aiohttp.WSMsgType.CLOSE,
                aiohttp.WSMsgType.CLOSED,
            )

    asyncio.run(watch())
    assert_ended(before)
