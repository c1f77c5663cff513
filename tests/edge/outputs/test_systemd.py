"""systemd hears of the start, of life and of the end; nobody is spoken to where none listens."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest

from edge.outputs import Output
from edge.outputs.base import Outputs
from edge.outputs.systemd import Notifier, Systemd
from edge.support.values import Frame, Observation, Status

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="systemd is of Linux"),
]
PATIENCE_S = 600


@pytest.fixture
def listening():
    """A socket as systemd's; `heard()` waits for the next message."""
    # A socket's path may have no more than 107 bytes, fewer than pytest's folders.
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener,
    ):
        path = f"{folder}/notify"
        listener.bind(path)
        listener.settimeout(PATIENCE_S)
        yield SimpleNamespace(recv=listener.recv, settimeout=listener.settimeout, path=path)


def heard(listener):
    return listener.recv(4096).decode()


def test_the_messages_are_those_of_sd_notify(listening):
    notifier = Notifier(listening.path)
    notifier.ready()
    notifier.alive("12 frames/s,\n2 faces")
    notifier.reloading()
    notifier.stopping()
    assert heard(listening) == "READY=1"
    assert heard(listening) == "WATCHDOG=1\nSTATUS=12 frames/s, 2 faces"
    assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", heard(listening))
    assert heard(listening) == "STOPPING=1"


def test_an_abstract_socket_is_spoken_to():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        name = f"edge-emo-test-notify-{os.getpid()}"
        listener.bind(f"\0{name}")
        listener.settimeout(PATIENCE_S)
        Notifier(f"@{name}").ready()
        assert heard(listener) == "READY=1"


def test_where_nobody_listens_nothing_happens(monkeypatch, tmp_path):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not Notifier().listens
    Notifier().ready()
    Notifier(str(tmp_path / "gone")).ready()


@pytest.fixture
def service(listening, tmp_path):
    """Start a run as systemd would; it is ended with the test."""
    started = []

    def start(text, camera='camera = "mock"', jsonl="f.jsonl"):
        config = tmp_path / "camera.toml"
        config.write_text(f'{camera}\nsize = "320x240"\njsonl = "{tmp_path}/{jsonl}"\n{text}')
        command = [sys.executable, "-m", "edge", "run", "--config", str(config)]
        streams = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        environment = {"NOTIFY_SOCKET": listening.path, "RUNTIME_DIRECTORY": str(tmp_path)}
        process = subprocess.Popen(command, env=environment, **streams)
        started.append(process)
        return process, config

    yield start
    for process in started:
        process.kill()
        process.communicate()


def observation():
    return Observation(datetime.now(UTC), "0", 0, None, (2, 2), (), {})


def frame():
    gray = np.zeros((2, 2), np.uint8)
    return Frame("0", 0, datetime.now(UTC), None, (2, 2), gray, lambda: gray, 0.0)


def test_the_watchdog_hears_of_a_frame_only_when_every_other_output_took_it(listening):
    class Hanging(Output):
        def __init__(self):
            self.entered, self.go_on = threading.Event(), threading.Event()

        def write(self, frame, observation):
            self.entered.set()
            assert self.go_on.wait(PATIENCE_S)

    hanging = Hanging()
    outputs = Outputs([hanging, Systemd(Notifier(listening.path))], live=True)
    analysis = threading.Thread(target=outputs.write, args=(frame(), observation()))
    analysis.start()
    assert hanging.entered.wait(PATIENCE_S)
    listening.settimeout(0.3)
    with pytest.raises(TimeoutError):
        heard(listening)
    listening.settimeout(PATIENCE_S)
    hanging.go_on.set()
    analysis.join(PATIENCE_S)
    assert heard(listening) == "READY=1"
    assert heard(listening).startswith("WATCHDOG=1\n")


def test_nothing_feeds_the_watchdog_but_the_caller_s_own_frames_and_statuses(listening):
    output = Systemd(Notifier(listening.path))
    output.write(frame(), observation())
    assert heard(listening) == "READY=1"
    assert "WATCHDOG=1" in heard(listening)
    listening.settimeout(1.5)  # more than a second, in which the analysis hangs
    with pytest.raises(TimeoutError):
        heard(listening)
    listening.settimeout(PATIENCE_S)
    output.status(Status("0", "failed", "unplugged", datetime.now(UTC)))
    assert heard(listening) == "WATCHDOG=1\nSTATUS=camera failed: unplugged"


def test_a_camera_that_is_being_opened_keeps_the_service_alive_but_not_ready(
    listening, monkeypatch
):
    monkeypatch.setattr("edge.outputs.systemd.EVERY_S", 0)
    output = Systemd(Notifier(listening.path))
    output.status(Status("0", "opening", "", datetime.now(UTC)))
    assert heard(listening) == "WATCHDOG=1\nSTATUS=opening the camera"
    output.status(Status("0", "off", "switched off by the file off", datetime.now(UTC)))
    assert heard(listening) == "READY=1"


def wait_for(listener, text):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if text in (said := heard(listener)):
            return said
    raise AssertionError(text)


def test_a_run_is_ready_after_its_first_record_lives_and_says_when_it_stops(
    service, listening, tmp_path
):
    process, _ = service("")
    wait_for(listening, "READY=1")  # where the camera opens slowly, signs of life come first
    assert (tmp_path / "f.jsonl").read_text().count("\n") >= 1
    assert re.search(r"STATUS=[\d.]+ frames/s, \d faces?", wait_for(listening, "frames/s"))
    process.send_signal(signal.SIGTERM)
    wait_for(listening, "STOPPING=1")
    assert process.wait(PATIENCE_S) == 0


def test_sighup_reloads_the_settings_in_the_same_process(service, listening, tmp_path):
    process, config = service("box = true\n")
    wait_for(listening, "READY=1")
    config.write_text(config.read_text().replace("f.jsonl", "new.jsonl"))
    process.send_signal(signal.SIGHUP)
    wait_for(listening, "RELOADING=1")
    wait_for(listening, "READY=1")
    assert (tmp_path / "new.jsonl").stat().st_size > 0
    assert process.poll() is None


def test_a_reload_that_leaves_camera_and_outputs_as_they_are_misses_no_frame(
    service, listening, tmp_path
):
    process, config = service("")
    wait_for(listening, "READY=1")
    before = len((tmp_path / "f.jsonl").read_text().splitlines())
    config.write_text(config.read_text() + "min_face = 0.3\n")
    reload(process, listening)
    wait_for(listening, "frames/s")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert "settings read again; changed: min_face" in err
    numbers = frames(tmp_path / "f.jsonl")
    assert numbers == sorted(set(numbers))
    assert len(numbers) > before
    assert "gap" not in (tmp_path / "f.jsonl").read_text()


def reload(process, listening):
    process.send_signal(signal.SIGHUP)
    wait_for(listening, "RELOADING=1")
    wait_for(listening, "READY=1")


def frames(path):
    whole, _, _ = path.read_text().rpartition("\n")  # a record may be half written
    return [json.loads(line)["frame"] for line in whole.splitlines()]


def refusals(err):
    return [line for line in err.splitlines() if "not taken, the old ones stay: " in line]


def test_settings_that_cannot_be_opened_are_not_taken_and_no_frame_is_missed(
    service, listening, tmp_path
):
    wrong = {
        "fps = -1": "fps: -1",
        'model = "none.tflite"': "none.tflite: cannot be read",
        'detector = "none"': "detector: 'none' is not one of",
        'outputs = ["printer"]': "output: 'printer' is not one of",
        'record = "nowhere/film.mp4"': "nowhere/film.mp4: cannot write",
        'record = "film.gif"': "film.gif",
        "window = true": "window: there is no display",
        'interpreter = "none"': "interpreter: 'none' is not one of",
        'off_file = ""': "off-file: is empty",
        "fps = [": "cannot be read",
    }
    process, config = service("")
    wait_for(listening, "READY=1")
    right = config.read_text()
    for setting in wrong:
        config.write_text(f"{right}{setting}\n")
        reload(process, listening)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    for line, said in zip(refusals(err), wrong.values(), strict=True):
        assert said in line
    assert "gap" not in (tmp_path / "f.jsonl").read_text()
    numbers = frames(tmp_path / "f.jsonl")
    assert numbers == sorted(set(numbers))


def test_a_file_of_settings_in_the_making_ends_no_recording(service, listening, tmp_path):
    process, config = service("")
    wait_for(listening, "READY=1")
    for text in ("", "\n", 'camera = "mock"\njsonl = ""\n'):
        config.write_text(text)
        reload(process, listening)
        before = len(frames(tmp_path / "f.jsonl"))
        while len(frames(tmp_path / "f.jsonl")) <= before:
            wait_for(listening, "frames/s")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert ["is empty" in line for line in refusals(err)] == [True] * 3


def test_a_camera_that_cannot_be_opened_at_a_reload_gives_way_to_the_old_one(
    service, listening, tmp_path
):
    process, config = service("")
    wait_for(listening, "READY=1")
    config.write_text(config.read_text().replace('"mock"', '"mock:7"'))
    process.send_signal(signal.SIGHUP)
    wait_for(listening, "RELOADING=1")
    wait_for(listening, "frames/s")
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert "the old ones stay: mock:7: no such camera" in err


def test_hang_ups_in_quick_succession_do_no_harm(service, listening, tmp_path):
    process, config = service("")
    wait_for(listening, "READY=1")
    for number in range(30):
        process.send_signal(signal.SIGHUP)
        time.sleep(0.01 * (number % 4))
    config.write_text(config.read_text().replace("f.jsonl", "new.jsonl"))
    process.send_signal(signal.SIGHUP)  # the last one counts
    deadline = time.monotonic() + PATIENCE_S
    listening.settimeout(0.05)
    while not (tmp_path / "new.jsonl").exists() and time.monotonic() < deadline:
        with contextlib.suppress(TimeoutError):
            heard(listening)  # so that none of its messages has to wait
    assert process.poll() is None
    assert (tmp_path / "new.jsonl").exists()
    numbers = frames(tmp_path / "f.jsonl")
    assert numbers == sorted(set(numbers))


def test_switched_off_it_is_ready_without_a_camera(service, listening, tmp_path):
    off = tmp_path / "off"
    off.touch()
    service(f'off_file = "{off}"\n')
    wait_for(listening, "READY=1")
    wait_for(listening, "switched off by the file")
    assert not (tmp_path / "f.jsonl").exists()
    off.unlink()
    wait_for(listening, "frames/s")


def test_sigterm_ends_it_while_a_camera_hangs_in_being_opened(service, listening):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        process, config = service("")
        wait_for(listening, "READY=1")
        config.write_text(config.read_text().replace("mock", url))
        process.send_signal(signal.SIGHUP)
        silent.settimeout(PATIENCE_S)
        with silent.accept()[0]:
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert "settings read again; changed: camera" in err
    assert re.search(r"edge-emo: \d+ frames in", err.splitlines()[-1])


SEVERAL = '[cameras.here]\ncamera = "mock"\n[cameras.away]\ncamera = "mock:7"\n'


def health(path):
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return {"state": "starting"}


def test_of_several_cameras_one_that_is_away_does_not_keep_the_service_from_being_ready(
    service, listening, tmp_path
):
    process, _ = service(SEVERAL, camera="", jsonl="{camera}.jsonl")
    wait_for(listening, "READY=1")
    assert (tmp_path / "here.jsonl").stat().st_size > 0
    said = wait_for(listening, "camera failed: no such camera")
    assert re.search(r"STATUS=here: .*; away: camera failed", said)
    for name, state in (("here", "open"), ("away", "failed")):
        while health(tmp_path / f"health-{name}.json")["state"] != state:
            wait_for(listening, "WATCHDOG=1")
    process.send_signal(signal.SIGTERM)
    wait_for(listening, "STOPPING=1")
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert re.search(r"edge-emo: here: \d+ frames in", err)
    assert "edge-emo: away: ended before the first frame" in err
    assert "edge-emo: away: mock:7: no such camera" in err


def test_several_cameras_take_on_new_settings_without_missing_a_frame(service, listening, tmp_path):
    text = SEVERAL.replace("mock:7", "mock")
    process, config = service(text, camera="", jsonl="{camera}.jsonl")
    wait_for(listening, "READY=1")
    both_run(listening)
    config.write_text(config.read_text().replace("{camera}.jsonl", "new-{camera}.jsonl"))
    reload(process, listening)
    both_run(listening)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    for name in ("here", "away"):
        assert f"edge-emo: {name}: settings read again; changed: jsonl" in err
        old, new = frames(tmp_path / f"{name}.jsonl"), frames(tmp_path / f"new-{name}.jsonl")
        assert old
        assert new
        assert old + new == sorted(set(old + new))


def both_run(listening):
    """Wait until a sign of life says of both cameras that frames flow."""
    while wait_for(listening, "WATCHDOG=1").count("frames/s") < 2:
        pass


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (SEVERAL.replace("away", "yard"), "cameras: away, yard cannot come or go"),
        ('camera = "mock"\n', "cannot come or go"),
        (SEVERAL.replace("mock:7", "mock") + "fps = 0", "cameras.away: fps: 0.0 is not above 0"),
    ],
)
def test_a_reload_of_other_cameras_or_wrong_settings_leaves_all_as_they_are(
    service, listening, tmp_path, new, said
):
    process, config = service(SEVERAL.replace("mock:7", "mock"), camera="", jsonl="{camera}.jsonl")
    wait_for(listening, "READY=1")
    both_run(listening)
    config.write_text(new)
    process.send_signal(signal.SIGHUP)
    refused = ""
    while "the old ones stay" not in refused:
        refused = process.stderr.readline()
        assert refused  # it lives
    assert said in refused
    both_run(listening)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0


def test_one_camera_does_not_become_several_by_a_reload(service, listening):
    process, config = service("")
    wait_for(listening, "READY=1")
    config.write_text(SEVERAL)
    reload(process, listening)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert "the old ones stay: cameras: are 2 now; restart the program for that" in err
