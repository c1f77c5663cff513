"""What may be said of a camera to strangers."""

import pytest

from edge.outputs.monitoring.public import REASONS, camera_label, public_reason, reason_kind


@pytest.mark.parametrize(
    ("source", "label"),
    [
        ("0", "0"),
        ("picamera:1", "picamera:1"),
        ("/dev/video2", "video2"),
        ("rtsp://viewer@10.0.0.7/live?pwd=***", "network camera"),
        ("/home/anna/films/clip.mp4", "clip.mp4"),
    ],
)
def test_a_label_has_neither_address_nor_folder(source, label):
    assert camera_label(source) == label


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("gave no frame for 5 s", "gave no frame for 5 s"),
        ("switched off by the file /var/lib/edge-emo/off", "switched off by the file [path]"),
        (
            "rtsp://a:b@c/d: no stream came; check the URL",
            "[address] no stream came; check the URL",
        ),
        ("there are /dev/video0, /dev/video1", "there are video0, video1"),
        ("~/films/x.mp4: ends after 3 of 9 frames", "[path]: ends after 3 of 9 frames"),
        ("12/24 frames", "12/24 frames"),
    ],
)
def test_a_reason_has_neither_address_nor_path(reason, shown):
    assert public_reason(reason) == shown


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("gave no frame for 5 s", "no_frame"),
        ("gave the same picture for 10 s", "same_picture"),
        ("gave only black pictures for 10 s", "black"),
        ("camera 0: cannot be opened", "cannot_open"),
        ("no stream came; check the URL", "cannot_open"),
        ("could not be opened for 20 s", "cannot_open"),
        ("3 calls of its driver do not return", "driver"),
        ("ended", "ended"),
        ("gave no more frames after 168; is it unplugged or switched off?", "ended"),
        ("something that nobody thought of", "other"),
    ],
)
def test_failures_are_counted_under_a_closed_set(reason, kind):
    assert reason_kind(reason) == kind
    assert kind in REASONS
