"""Several cameras in one process: each with its own records and end, none waiting for another."""

import json
import os
import queue
import re
import subprocess
import sys
import threading

import pytest

from edge.live.cameras import each_camera
from edge.live.loop import Summary
from edge.live.session import Outcome
from edge.live.several import hold_sessions
from edge.outputs.systemd import Notifier, Together
from edge.support.errors import SourceError

PATIENCE_S = 600
linux = pytest.mark.skipif(sys.platform != "linux", reason="systemd and pipes are of Linux")


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Write a file of settings, into an empty folder to run in, and return its path."""
    monkeypatch.chdir(tmp_path)

    def write(text):
        (tmp_path / "cameras.toml").write_text(text, encoding="utf-8")
        return tmp_path / "cameras.toml"

    return write


def table(name, **settings):
    return "\n".join(
        [f"[cameras.{name}]", *(f"{k} = {json.dumps(v)}" for k, v in settings.items())]
    )


def records(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def without_times(record):
    return {k: v for k, v in record.items() if k not in ("time", "ms", "camera")}


def test_each_has_its_own_records_as_alone_and_its_own_end(
    edge_emo, files, tmp_path, short_video, portrait_file
):
    said = f'jsonl = "{{camera}}.jsonl"\nthreads = 1\n{table("a", source=str(short_video))}\n'
    said += table("b", source=str(portrait_file), record="b.png")
    ended = edge_emo("run", "--config", files(said))
    assert (ended.status, ended.out) == (0, "")
    assert sorted(re.sub(r" in .*", "", line) for line in ended.err.splitlines()) == [
        "edge-emo: a: 8 frames",
        "edge-emo: b: 1 frames",
    ]
    assert (tmp_path / "b.png").exists()
    for name, source in (("a", short_video), ("b", portrait_file)):
        edge_emo("run", "--source", source, "--threads", "1", "--jsonl", "alone.jsonl")
        both, alone = records(tmp_path / f"{name}.jsonl"), records(tmp_path / "alone.jsonl")
        assert {record["camera"] for record in both} == {name}
        assert [*map(without_times, both)] == [*map(without_times, alone)]
        (tmp_path / "alone.jsonl").unlink()


def test_on_standard_output_lines_are_whole_and_say_whose_they_are(edge_emo, files, short_video):
    said = "\n".join(table(name, source=str(short_video)) for name in "abc")
    ended = edge_emo("run", "--config", files(said), "--jsonl", "-")
    found = [json.loads(line)["camera"] for line in ended.out.splitlines()]
    assert {name: found.count(name) for name in "abc"} == {"a": 8, "b": 8, "c": 8}


def test_where_no_output_is_asked_for_each_line_of_text_has_its_camera(
    edge_emo, files, portrait_file
):
    said = "\n".join(table(name, source=str(portrait_file)) for name in "ab")
    ended = edge_emo("run", "--config", files(said))
    assert sorted(line.split()[-4:-1] for line in ended.out.splitlines()) == [
        ["a", "#1", "happy"],
        ["b", "#1", "happy"],
    ]


def test_mock_cameras_run_side_by_side(edge_emo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = edge_emo(
        *("run", "--camera", "mock", "--camera", "mock", "--size", "320x240"),
        *("--duration", "0.5", "--jsonl", "{camera}.jsonl"),
    )
    assert ended.status == 0
    for name in ("mock", "mock-2"):
        assert f"edge-emo: {name}: " in ended.err
        found = records(tmp_path / f"{name}.jsonl")
        assert [record["sequence"] for record in found] == [*range(len(found))]


def test_one_that_fails_is_named_and_holds_no_other(edge_emo, files, tmp_path, short_video):
    said = f'jsonl = "{{camera}}.jsonl"\n{table("whole", source=str(short_video))}\n'
    ended = edge_emo("run", "--config", files(said + table("gone", camera="mock:7")))
    assert ended.status == 1
    assert "edge-emo: error: gone: mock:7: no such camera" in ended.err
    assert "edge-emo: whole: 8 frames" in ended.err
    assert len(records(tmp_path / "whole.jsonl")) == 8


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"source": "none.mp4"}, "none.mp4: no such file"),
        ({"source": "demo", "detector": "none"}, "detector: 'none' is not one of"),
        ({"source": "demo", "jsonl": "nowhere/a.jsonl"}, "nowhere/a.jsonl: cannot write"),
    ],
)
def test_what_is_seen_to_be_wrong_at_the_start_is_refused_before_any_runs(
    edge_emo, assert_refused, files, tmp_path, settings, said
):
    config = files(table("a", source="demo", jsonl="a.jsonl") + "\n" + table("b", **settings))
    assert_refused(edge_emo("run", "--config", config), said)
    assert not (tmp_path / "a.jsonl").exists()


def test_what_should_not_have_happened_ends_all_and_is_raised(monkeypatch, short_video):
    def broken(*arguments):
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr("edge.live.opened.Opened.run", broken)
    stop = threading.Event()
    configs = each_camera({"jsonl": os.devnull}, (), {"a": {"source": str(short_video)}})
    with pytest.raises(ZeroDivisionError):
        hold_sessions(configs, stop, Notifier(), threading.Event(), dict, print)
    assert stop.is_set()


@pytest.mark.slow
@linux
def test_an_output_that_hangs_holds_only_its_own_camera(files, tmp_path, short_video):
    os.mkfifo(tmp_path / "full")  # a pipe that nobody reads takes less than the clip's records
    said = table("held", source="demo", size="320x240", jsonl=str(tmp_path / "full")) + "\n"
    said += table("free", source=str(short_video), jsonl=str(tmp_path / "free.jsonl"))
    command = [sys.executable, "-m", "edge", "run", "--config", str(files(said))]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert "edge-emo: free: 8 frames" in process.stderr.readline()
        assert len(records(tmp_path / "free.jsonl")) == 8
        assert process.poll() is None
        with open(tmp_path / "full", encoding="utf-8") as pipe:
            assert sum(1 for _ in pipe) == 300
        assert "edge-emo: held: 300 frames" in process.stderr.read()
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        process.communicate()


class Heard(Notifier):
    """What a service manager would hear."""

    def __init__(self):
        super().__init__("nobody")
        self.said = queue.SimpleQueue()

    def _send(self, message):
        self.said.put(message)

    def take(self):
        taken = []
        while not self.said.empty():
            taken.append(self.said.get())
        return taken


def test_the_watchdog_is_fed_only_when_every_camera_s_loop_has_shown_that_it_lives():
    heard = Heard()
    front, door = (Together(heard, ["front", "door"]).part(n) for n in ("front", "door"))
    assert front.listens
    for _ in range(3):
        front.alive("15.0 frames/s, 1 face")
    assert heard.take() == []
    together = Together(heard, ["front", "door"])
    front, door = together.part("front"), together.part("door")
    for _ in range(2):  # both are needed every time
        front.alive("15.0 frames/s, 1 face")
        assert heard.take() == []
        door.alive("camera failed: unplugged")
        assert heard.take() == [
            "WATCHDOG=1\nSTATUS=front: 15.0 frames/s, 1 face; door: camera failed: unplugged"
        ]


def test_a_camera_that_has_ended_is_not_waited_for():
    heard = Heard()
    together = Together(heard, ["front", "door"])
    together.part("door").stopping()
    together.part("door").stopping()
    together.part("front").alive("analysing")
    assert heard.take() == ["WATCHDOG=1\nSTATUS=front: analysing"]
    together.part("front").stopping()
    assert heard.take() == ["STOPPING=1"]


def test_the_service_is_ready_with_its_first_camera_and_reloads_once_for_all():
    heard = Heard()
    together = Together(heard, ["front", "door"])
    front, door = together.part("front"), together.part("door")
    front.ready()
    door.ready()
    assert heard.take() == ["READY=1"]
    front.reloading()
    door.reloading()
    front.ready()
    (said,) = heard.take()
    assert said.startswith("RELOADING=1")
    door.ready()
    assert heard.take() == ["READY=1"]
    front.reloading()
    heard.take()
    front.stopping()  # one that ends within its reload has reloaded
    assert heard.take() == ["READY=1"]


@pytest.fixture
def hold(monkeypatch):
    """Run sessions whose cameras do what `acts` says by name; return how each ended, and all."""

    def run(acts, stop, notifier=None, stop_after=None):
        monkeypatch.setattr(
            "edge.live.session.Session.hold",
            lambda session, again, reread: acts[session.opened.config.label](),
        )
        configs = each_camera({}, (), {name: {"camera": "mock"} for name in acts})
        ends = {}

        def ended(name, end):
            ends[name] = end
            if name == stop_after:
                stop.set()

        notifier = notifier or Notifier()
        hung = hold_sessions(configs, stop, notifier, threading.Event(), dict, ended)
        return ends, hung

    return run


DONE = Outcome(Summary(0, 0, 0.0, 0), 0, hung=False)


def test_a_camera_that_does_not_end_is_left_when_the_others_have(hold, monkeypatch):
    monkeypatch.setattr("edge.live.several.STOP_S", 0)
    released = threading.Event()
    acts = {"hangs": lambda: released.wait() and DONE, "ends": lambda: DONE}
    try:
        ends, hung = hold(acts, threading.Event(), stop_after="ends")
    finally:
        released.set()
    assert hung
    assert ends["ends"] is DONE
    assert str(ends["hangs"]) == "did not end within 0 s and is left"


def test_a_service_makes_way_for_a_new_process_once_a_camera_has_ended_for_good(hold, monkeypatch):
    monkeypatch.setattr("edge.live.several.NEW_PROCESS_S", 0)
    stop = threading.Event()

    def fails():
        raise SourceError("its driver does not return")

    ends, hung = hold({"fails": fails, "goes-on": lambda: stop.wait() and DONE}, stop, Heard())
    assert (str(ends["fails"]), ends["goes-on"], hung) == (
        "its driver does not return",
        DONE,
        False,
    )
