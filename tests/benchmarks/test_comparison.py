"""`edge-emo bench --compare`: two benches beside each other, as a ratio for each system."""

import copy
import json

import pytest

REPORT = {
    "schema": 1,
    "time": "2026-11-24T02:00:00Z",
    "source": {"name": "demo", "sampling": "all its 60 frames", "size": [1280, 720]},
    "frames": 60,
    "threads": 1,
    "systems": [
        {"name": "edge-s int8", "fps": {"median": 100.0}},
        {"name": "paper's loop", "fps": {"median": 5.0}},
    ],
    "machine": {
        "cpu": "Laptop",
        "cores": 8,
        "python": "3.13.0",
        "interpreter": "ai-edge-litert 2.3.0",
        "edge-emo": "0.1.0",
    },
}


@pytest.fixture
def files(tmp_path):
    """Write two reports, the second changed by a function; return their paths."""

    def write(change=lambda report: None):
        other = copy.deepcopy(REPORT)
        change(other)
        paths = tmp_path / "a.json", tmp_path / "b.json"
        for path, report in zip(paths, (REPORT, other), strict=True):
            path.write_text(json.dumps(report))
        return paths

    return write


def test_a_ratio_is_reported_for_each_system_in_both(edge_emo, files):
    def board(report):
        report["machine"]["cpu"] = "Raspberry Pi 5"
        report["systems"][0]["fps"]["median"] = 40.0

    ended = edge_emo("bench", "--compare", *files(board))
    assert ended.status == 0
    assert "Laptop" in ended.out
    assert "Raspberry Pi 5" in ended.out
    rows = {line[:28].rstrip(): line[28:].split() for line in ended.out.splitlines()}
    assert rows["edge-s int8"] == ["100.0", "40.0", "0.40"]
    assert rows["paper's loop"] == ["5.0", "5.0", "1.00"]
    assert "not the same" not in ended.out


def test_what_ran_in_one_only_is_listed_without_a_ratio(edge_emo, files):
    ended = edge_emo("bench", "--compare", *files(lambda r: r["systems"].pop(1)))
    assert ended.out.splitlines()[-1].split()[-3:] == ["5.0", "-", "-"]
    a, b = files(lambda r: r["systems"].pop(1))
    ended = edge_emo("bench", "--compare", b, a)
    assert ended.out.splitlines()[-1].split()[-3:] == ["-", "5.0", "-"]


def test_another_clip_is_said(edge_emo, files):
    def elsewhere(report):
        report["source"]["name"] = "film.mp4"
        report["frames"] = 10

    ended = edge_emo("bench", "--compare", *files(elsewhere))
    assert "not the same in both: source, frames" in ended.out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"\x7fELF\xff\xd0", "is not text in UTF-8; give what 'edge-emo bench --json' wrote"),
        ("{", "is not valid JSON"),
        ("[]", "is not a bench of this version"),
        ('{"schema": 2}', "is not a bench of this version"),
    ],
)
def test_a_file_that_is_no_bench_is_refused_by_name(edge_emo, assert_refused, files, content, said):
    a, b = files()
    b.unlink()
    if content is not None:
        b.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert_refused(edge_emo("bench", "--compare", a, b), f"{b}: {said}")
