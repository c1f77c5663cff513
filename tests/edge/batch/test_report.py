"""The report: one page, escaped, without a network; what it draws is what the records say."""

import json
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from edge.batch.report.page import make_report
from edge.batch.report.timeline import timelines

HOSTILE = '<script>alert("x")</script>&.mp4'


def record(frame, *faces, source="clip.mp4", fps=10):
    return {
        "schema": 1,
        "source": source,
        "frame": frame,
        "position_s": frame / fps,
        "size": [160, 120],
        "faces": [
            {"track": t, "box": [1, 2, 30, 30], "emotion": e, "confidence": c, "scores": {}}
            for t, e, c in faces
        ],
    }


def written(path, records):
    path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    return path


def test_a_timeline_has_a_band_for_each_time_of_one_emotion():
    seen = [record(n, (1, "happy" if n < 6 else "sad", 0.5 + n / 20)) for n in range(10)]
    (timeline,) = timelines(seen)
    happy, sad = timeline.tracks[1]
    assert (happy.emotion, happy.begin_s, happy.end_s) == ("happy", 0, pytest.approx(0.6))
    assert (sad.emotion, sad.end_s) == ("sad", pytest.approx(1.0))
    assert happy.confidence == pytest.approx(0.625)
    assert timeline.shares() == {"happy": pytest.approx(0.6), "sad": pytest.approx(0.4)}


def test_a_face_that_was_away_has_a_gap():
    seen = [record(n, *([(1, "happy", 0.9)] if n < 5 or n > 30 else [])) for n in range(40)]
    first, second = timelines(seen)[0].tracks[1]
    assert first.end_s == pytest.approx(0.5)
    assert second.begin_s == pytest.approx(3.1)


class _Parts(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.loads = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [v for k, v in attrs if k in ("src", "href", "action") and v]


def test_the_page_needs_nothing_else_and_escapes_names(tmp_path):
    page = make_report(
        written(tmp_path / "a.jsonl", [record(0, (1, "happy", 0.9), source=HOSTILE)] * 2)
    )
    parts = _Parts()
    parts.feed(page)
    assert parts.loads == []
    assert parts.tags.count("script") == 1
    assert "<script>alert" not in page
    assert "url(http" not in page
    assert "default-src 'none'" in page


def test_a_drawing_can_be_read_without_colour_and_without_eyes(tmp_path):
    seen = [record(n, (1, "happy", 0.9), (2, "sad", 0.4)) for n in range(50)]
    page = make_report(written(tmp_path / "a.jsonl", seen))
    assert 'role="img" aria-label="Timeline of clip.mp4: 2 faces in 5.0 seconds"' in page
    assert "<title>happy, 0.0 to 5.0 s, confidence 0.90</title>" in page
    assert re.search(r'class="in">Ha</text>', page)
    assert re.search(r'class="in">Sa</text>', page)
    assert 'scope="col" aria-sort="none"><button' in page


def test_the_report_of_a_batch_has_all_inputs_and_their_errors(results, edge_emo):
    ended = edge_emo("report", results.out)
    assert ended.status == 0
    page = (results.out / "report.html").read_text(encoding="utf-8")
    for row in results.files:
        assert row["file"] in page
    assert "is neither a video nor an image" in page
    assert "data:image" not in page


def test_pictures_are_blurred_unless_asked_otherwise(results, inputs, edge_emo, tmp_path):
    pages = []
    for option in ([], ["--no-blur"]):
        page = tmp_path / f"page{len(option)}.html"
        assert edge_emo("report", results.out, "-o", page, "--pictures", *option).status == 0
        pages.append(page.read_text(encoding="utf-8"))
    blurred, plain = (re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page) for page in pages)
    assert len(blurred) == len(plain) == 3
    assert all(a != b for a, b in zip(blurred, plain, strict=True))
    assert "made unrecognisable" in pages[0]
    assert "made unrecognisable" not in pages[1]


def test_the_pictures_of_a_folder_that_run_has_read_are_found(edge_emo, portrait_file, tmp_path):
    album = tmp_path / "album"
    album.mkdir()
    for name in ("a.png", "b.png", "c.png"):
        (album / name).write_bytes(portrait_file.read_bytes())
    lines, page = tmp_path / "faces.jsonl", tmp_path / "page.html"
    for _ in range(2):  # the second run's records stand after those of the first
        assert edge_emo("run", "--source", album, "--jsonl", lines).status == 0
        assert edge_emo("report", lines, "-o", page, "--pictures").status == 0
        assert page.read_text(encoding="utf-8").count("data:image") == 3


@pytest.mark.skipif(not hasattr(cv2, "imwriteanimation"), reason="this OpenCV writes no animation")
def test_the_picture_of_an_animated_webp_is_found(edge_emo, scene, tmp_path):
    animation = cv2.Animation()
    animation.frames = [*scene("nobody", 2), *scene("one face", 3)]
    animation.durations = np.full(5, 40, np.int32)
    film, lines, page = (tmp_path / name for name in ("film.webp", "faces.jsonl", "page.html"))
    assert cv2.imwriteanimation(str(film), animation)
    assert edge_emo("run", "--source", film, "--jsonl", lines, "--search-every", 0).status == 0
    assert edge_emo("report", lines, "-o", page, "--pictures").status == 0
    assert page.read_text(encoding="utf-8").count("data:image") == 1


def test_what_holds_no_records_is_refused(edge_emo, assert_refused, tmp_path):
    assert_refused(edge_emo("report", tmp_path), "holds no journal")
    assert_refused(edge_emo("report", written(tmp_path / "e.jsonl", [])), "holds no records")
