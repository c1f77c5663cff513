"""No secret of a URL is shown anywhere; a URL of a file is not taken for a camera."""

import pytest

from edge.sources import is_camera
from edge.sources.urls import advice_on_password, without_secrets
from edge.support.errors import SourceError

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://host/1", "rtsp://host/1"),
        ("rtsp://user@host/1", "rtsp://user@host/1"),
        ("rtsp://user:s3cr3t@host:554/1", "rtsp://user@host:554/1"),
        ("rtsp://user:a@s3cr3t@host/1", "rtsp://user@host/1"),
        ("rtsp://[::1]:8554/1?channel=2&subtype=0", "rtsp://[::1]:8554/1?channel=2&subtype=0"),
        ("http://h/v?token=s3cr3t", "http://h/v?token=***"),
        ("http://h/v?auth=s3cr3t&channel=1", "http://h/v?auth=***&channel=1"),
        ("http://h/v?key=s3cr3t;width=640", "http://h/v?key=***;width=640"),
        ("http://h/v?loginuse=a&loginpas=s3cr3t", "http://h/v?loginuse=***&loginpas=***"),
        ("http://h/v?psw=s3cr3t#frag=s3cr3t", "http://h/v?psw=***#frag=***"),
        ("http://h/v?channel=s3cr3t_and_more_than_a_channel_has", "http://h/v?channel=***"),
        ("http://h/v?s3cr3ts3cr3ts3cr3t", "http://h/v?***"),
        ("rtsps://h:7441/x?enableSrtp", "rtsps://h:7441/x?enableSrtp"),
        ("rtsp://h/user=a&password=s3cr3t&channel=1", "rtsp://h/user=***&password=***&channel=1"),
        ("rtsp://h/user=a_password=s3cr3t_channel=1", "rtsp://h/user=***"),
        ("http://h/v?q=a@s3cr3t", "http://h/v?q=***"),
        ("rtsp://user:s3/cr3t@host/1", "rtsp://user@host/1"),
        ("rtsp://user:s3?cr3t@host/1", "rtsp://user@host/1"),
        ("rtsp://user:1/s3cr3t@host/1", "rtsp://user@host/1"),
        ("rtsp://user:s3#cr3t@host/1?channel=1", "rtsp://user@host/1?channel=1"),
        ("rtsps://h:7441/s3cr3tQ1oBpaP9Yt?enableSrtp", "rtsps://h:7441/***?enableSrtp"),
        ("http://h/9f8a7b6c5d4e3f2a1b0c/stream", "http://h/***/stream"),
        ("http://h/550e8400-e29b-41d4-a716-446655440000", "http://h/***"),
        ("rtsp://h/ISAPI/Streaming/channels/102/httpPreview",) * 2,
        ("rtsp://h/h264Preview_01_main",) * 2,
        ("rtsp://h/live_stream_1080p_h265_main_2",) * 2,
    ],
)
def test_a_url_is_shown_without_its_secrets(url, shown):
    assert without_secrets(url) == shown
    assert SECRET not in shown


@pytest.mark.parametrize("url", ["rtsp://u:a/b@h/1", "rtsp://u:a?b@h/1", "rtsp://u:a#b@h/1"])
def test_a_password_that_breaks_its_url_gets_advice(url):
    assert "as %2F" in advice_on_password(url)
    assert (
        advice_on_password(url.replace("/b", "%2Fb").replace("?", "%3F").replace("#", "%23")) == ""
    )


@pytest.mark.parametrize(
    "url", ["rtsp://h/1", "rtsp://u:p@h:554/1?a=b@c", "http://h:80/x?mail=a@b", "http://[::1]:80/"]
)
def test_a_sound_url_gets_none(url):
    assert advice_on_password(url) == ""


def test_the_advice_is_in_the_refusal_and_the_password_is_not(edge_emo, assert_refused):
    ended = edge_emo("run", "--camera", "rtsp://user:s3/cr3t@127.0.0.1:1/x")
    assert_refused(ended, "rtsp://user@127.0.0.1:1/x: no stream came")
    assert "%2F" in ended.err
    assert "cr3t" not in ended.err


def test_a_url_that_lost_a_slash_shows_no_password(edge_emo, assert_refused):
    ended = edge_emo("run", "--camera", "rtsp:/user:s3cr3t@127.0.0.1/x")
    assert_refused(ended, "no such file")
    assert SECRET not in ended.err


def test_a_password_under_a_wrong_name_is_not_printed(edge_emo, tmp_path):
    config = tmp_path / "config.toml"
    for text in (
        'fps = "s3cr3t"',
        'camera = [["rtsp://u:s3cr3t@h"]]',
        'camra = "rtsp://u:s3cr3t@h"',
    ):
        config.write_text(text)
        ended = edge_emo("run", "--config", config)
        assert ended.status == 1
        assert SECRET not in ended.err


@pytest.mark.parametrize(
    ("url", "camera"),
    [
        ("http://h/clip.mp4", False),
        ("https://h/a/clip.MKV?token=1", False),
        ("http://h/video.mjpg", True),
        ("http://h:8080/", True),
        ("rtsp://h/clip.mp4", True),  # RTSP plays a file as a camera does
    ],
)
def test_a_url_of_a_video_file_is_no_camera(url, camera):
    assert is_camera(url) == camera


def test_a_file_url_is_the_file(edge_emo, short_video):
    ended = edge_emo("run", "--source", short_video.as_uri(), "--jsonl", "-")
    assert ended.status == 0
    assert len(ended.out.splitlines()) == 8


def test_a_file_of_another_machine_is_refused():
    with pytest.raises(SourceError, match="another machine"):
        is_camera("file://server/share/clip.mp4")


def test_a_url_of_one_picture_is_refused_as_such(edge_emo, assert_refused):
    ended = edge_emo("run", "--camera", "http://user:s3cr3t@127.0.0.1/snapshot.jpg?token=s3cr3t")
    assert_refused(ended, "is one picture, not a stream")
    assert SECRET not in ended.err
