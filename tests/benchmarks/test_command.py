"""`edge-emo bench`: every system on the same frames, what is not installed named as skipped."""

import contextlib
import html
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import pytest

from benchmarks.systems.pipelines import Pipelines, Wanted
from edge.cli import main
from edge.inference.model_file import find_model

FRAMES, ROUNDS = 4, 2
NEED_TENSORFLOW = (
    "edge-s float16",
    "edge-s float32",
    "paper-c int8",
    "paper-c float32",
    "paper-c keras, predict",
    "paper-c keras, compiled call",
    "paper's loop",
)
FER = "fer package"


@dataclass(frozen=True)
class Bench:
    """What one run left: its report, its table, its plot."""

    report: dict[str, Any]
    table: str
    plot: Path

    def rows(self):
        return {row["name"]: row for row in self.report["systems"]}


@pytest.fixture(scope="module")
def bench(short_video, tmp_path_factory):
    """One run of everything, on a few frames."""
    pytest.importorskip("keras", reason="keras is not installed (extra 'bench')")
    pytest.importorskip("tensorflow", reason="tensorflow is not installed (extra 'bench')")
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra 'bench')")
    from train.architectures import ARCHITECTURES

    folder = tmp_path_factory.mktemp("bench")
    ARCHITECTURES["edge-s"].build().save(folder / "edge-s.keras")
    arguments = ["bench", "--source", short_video, "--frames", FRAMES, "--rounds", ROUNDS]
    arguments += ["--keras", folder / "edge-s.keras"]
    arguments += ["--json", folder / "bench.json", "--plot", folder / "bench.png"]
    arguments += ["--html", folder / "bench.html", "--growth"]
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        # No test looks at how large a figure is: few frames will do.
        patch.setattr("benchmarks.measures.scaling.FRAMES", 3)
        patch.setattr("benchmarks.measures.scaling.ROUNDS", 1)
        with contextlib.redirect_stdout(out), pytest.raises(SystemExit) as ended:
            main([str(a) for a in arguments])
    assert ended.value.code == 0
    report = json.loads((folder / "bench.json").read_text())
    written = [*("bench.html", "bench.json", "bench.png"), "edge-s.keras"]
    assert sorted(p.name for p in folder.iterdir()) == written
    return Bench(report, out.getvalue(), folder / "bench.png")


@pytest.fixture
def without(monkeypatch):
    """Make packages look as if they were not installed."""

    def hide(*packages):
        monkeypatch.delitem(sys.modules, "benchmarks.results.plot", raising=False)
        for package in packages:
            monkeypatch.setitem(sys.modules, package, None)

    return hide


def test_all_systems_run_on_the_same_frames(bench):
    assert [name for name in bench.rows() if name != FER] == ["edge-s int8", *NEED_TENSORFLOW]
    assert [s["name"] for s in bench.report["skipped"]] in ([], [FER])
    assert bench.report["frames"] == FRAMES
    assert bench.report["rounds"] == ROUNDS
    for row in bench.rows().values():
        assert row["frames"] == FRAMES
        assert len(row["fps"]["rounds"]) == ROUNDS
        assert 0 < row["fps"]["min"] <= row["fps"]["median"] <= row["fps"]["max"]


def test_the_same_pipeline_finds_the_same_faces_with_every_classifier(bench):
    others = ("paper's loop", FER)
    faces = {row["faces"] for name, row in bench.rows().items() if name not in others}
    assert faces == {FRAMES}
    assert bench.rows()["paper's loop"]["faces"] >= FRAMES


def test_a_ratio_compares_with_the_papers_loop_in_the_same_round(bench):
    paper = bench.rows()["paper's loop"]["fps"]["rounds"]
    for row in bench.rows().values():
        expected = [own / other for own, other in zip(row["fps"]["rounds"], paper, strict=True)]
        ratio = row["times_paper_loop"]
        assert ratio["rounds"] == pytest.approx(expected, rel=0.01)
        assert ratio["median"] == pytest.approx(median(expected), rel=0.01)


def test_the_stages_are_timed_and_fit_into_the_frames_time(bench):
    for name, row in bench.rows().items():
        if name in ("paper's loop", FER):  # as they are: nothing is measured inside
            assert row["ms_per_frame"] == {}
            continue
        assert list(row["ms_per_frame"]) == ["gray", "detect", "classify"]
        assert all(ms > 0 for ms in row["ms_per_frame"].values())
        slowest = row["fps"]["min"] - 0.0005  # before it was rounded, it may have been this
        assert sum(row["ms_per_frame"].values()) <= 1000 / slowest


def test_sizes_are_those_of_the_models_files(bench):
    size = {name: row["model_bytes"] for name, row in bench.rows().items()}
    assert size["edge-s int8"] == find_model(None).stat().st_size
    assert size["edge-s int8"] < size["edge-s float16"] < size["edge-s float32"]
    assert size["paper-c int8"] < size["paper-c float32"] / 3
    assert size["paper-c float32"] == pytest.approx(4 * 4.48e6, rel=0.01)  # 4.48 M parameters


def test_every_stage_of_a_frame_has_its_percentiles_and_its_share(bench):
    stages = bench.report["stages"]
    names = ["capture", "gray", "detect", "classify", "follow, crop", "draw", "record"]
    assert [stage["name"] for stage in stages] == names
    assert sum(stage["share"] for stage in stages) == pytest.approx(1, abs=0.001)
    for stage in stages:
        assert 0 <= stage["p50"] <= stage["p95"] <= stage["p99"]


def test_the_command_is_measured_from_outside(bench):
    whole = bench.report["whole"]
    assert whole["frames"] > 1
    assert whole["first_record_s"] > 0
    assert whole["fps"] > 0
    assert 0 < whole["latency_ms"][0] <= whole["latency_ms"][1]
    assert whole["cpu_s_per_frame"] > 0


def test_the_steadiness_of_emotions_is_reported_beside_speed(bench):
    assert bench.report["quality"]["changes of the reported emotion, per face and second"] >= 0


def test_the_growth_of_cost_is_measured_at_every_amount(bench):
    growth = bench.report["growth"]
    faces = {point["amount"]: point for point in growth["faces"]}
    assert list(faces) == [1, 2, 4, 8, 16]
    assert {amount: point["found"] for amount, point in faces.items()} == {n: n for n in faces}
    assert [point["amount"] for point in growth["lines of the frame"]] == [480, 720, 1080]
    assert growth["threads"][0]["amount"] == 1


def test_the_page_holds_every_figure_and_picture_itself(bench):
    page = bench.plot.with_suffix(".html").read_text()
    for name, row in bench.rows().items():
        assert html.escape(name) in page
        assert f"{row['fps']['median']:.1f}" in page
    assert page.count("data:image/png;base64,") == 1 + 1 + 3  # the bars, the stages, three curves
    assert "http" not in page


def test_the_machine_is_described(bench):
    machine = bench.report["machine"]
    for key in ("platform", "cpu", "cores", "python", "opencv", "interpreter", "tensorflow"):
        assert machine[key]
    assert bench.report["time"].endswith("Z")


def test_the_table_says_what_the_report_says(bench):
    lines = bench.table.splitlines()
    for name, row in bench.rows().items():
        line = next(text for text in lines if text.startswith(name + "  "))
        told = float(line.removeprefix(name).split()[0])
        assert told == pytest.approx(row["fps"]["median"], abs=0.051)
    # Notes are wrapped in the table.
    joined = " ".join(bench.table.split())
    assert bench.report["notes"]
    for note in bench.report["notes"]:
        assert note in joined


def test_the_table_says_whether_int8_is_the_fastest(bench):
    fps = {name: row["fps"]["median"] for name, row in bench.rows().items()}
    slower = fps["edge-s int8"] < max(fps.values())
    said = "edge-s int8 is NOT the fastest" if slower else "edge-s int8 is the fastest"
    assert said in bench.table


def test_the_plot_is_a_picture(bench):
    assert bench.plot.read_bytes().startswith(b"\x89PNG\r\n")
    picture = cv2.imread(str(bench.plot))
    assert picture.shape[0] > 300
    assert picture.shape[1] > 600
    assert picture.std() > 10


def test_without_tensorflow_the_int8_model_still_runs(edge_emo, without, short_video, tmp_path):
    without("tensorflow", "keras")
    file = tmp_path / "bench.json"
    ended = edge_emo("bench", "--source", short_video, "--rounds", 1, "--json", file)
    assert ended.status == 0, ended.err
    report = json.loads(file.read_text())
    assert [row["name"] for row in report["systems"]] == ["edge-s int8"]
    assert report["systems"][0]["fps"]["median"] > 0
    assert report["systems"][0]["times_paper_loop"] is None
    assert [s["name"] for s in report["skipped"]] == [*NEED_TENSORFLOW, FER]
    assert "edge-s int8 " in ended.out
    for name in NEED_TENSORFLOW:
        assert name in ended.out
    assert "needs TensorFlow" in ended.out
    assert "edge-emo[bench]" in ended.out


def test_without_matplotlib_the_table_is_still_printed(edge_emo, without, short_video, tmp_path):
    without("tensorflow", "keras", "matplotlib")
    plot = tmp_path / "bench.png"
    ended = edge_emo("bench", "--source", short_video, "--rounds", 1, "--plot", plot)
    assert ended.status == 1
    assert "edge-s int8 " in ended.out
    assert ended.err.startswith("edge-emo: error: this needs matplotlib")
    assert ended.err.count("\n") == 1
    assert "edge-emo[bench]" in ended.err
    assert not list(tmp_path.iterdir())


def test_json_on_stdout_is_all_there_is(edge_emo, without, portrait_file):
    without("tensorflow", "keras")
    ended = edge_emo("bench", "--source", portrait_file, "--rounds", 1, "--json", "-")
    assert ended.status == 0, ended.err
    report = json.loads(ended.out)
    assert report["frames"] == 1
    assert report["systems"][0]["faces"] == 1


@pytest.mark.parametrize("option", ["--json", "--plot"])
def test_a_place_that_cannot_be_written_is_reported_first(
    edge_emo, assert_refused, tmp_path, option
):
    file = tmp_path / "no" / "folder.png"
    # Reported before the source is opened: this one is not there either.
    ended = edge_emo("bench", "--source", "no.mp4", option, file)
    assert_refused(ended, f"{file}: cannot write")


@pytest.mark.parametrize("option", ["--json", "--html", "--plot"])
def test_results_are_not_written_over_the_source(edge_emo, assert_refused, tmp_path, option):
    source = tmp_path / "clip.png"
    source.write_bytes(b"clip")
    assert_refused(edge_emo("bench", "--source", source, option, source), "is read by this command")
    assert source.read_bytes() == b"clip"


@pytest.mark.parametrize(
    ("source", "said"),
    [("no.mp4", "no.mp4: no such file"), ("mock", "mock: is live")],
)
def test_a_source_that_cannot_be_measured_is_refused(edge_emo, assert_refused, source, said):
    assert_refused(edge_emo("bench", "--source", source), said)


def test_an_expectation_that_is_not_known_is_refused_first(edge_emo, assert_refused):
    ended = edge_emo("bench", "--source", "no.mp4", "--expect", "sometimes")
    assert_refused(ended, "expect: 'sometimes'")


def test_the_model_under_test_answers_as_is_expected(gray_face):
    answers = {
        expect: Pipelines(Wanted(expect=expect), True).own().classify(gray_face).tolist()
        for expect in (None, "everyday", "acted")
    }
    assert answers[None] == answers["everyday"]
    assert answers["everyday"] != answers["acted"]


def test_a_keras_model_of_another_network_is_refused(edge_emo, assert_refused, short_video, bench):
    edge_s = bench.plot.with_name("edge-s.keras")
    ended = edge_emo("bench", "--source", short_video, "--keras", edge_s, "--paper-keras", edge_s)
    assert_refused(ended, f"{edge_s}: is not the paper's Model C")


@pytest.mark.parametrize(
    "wrong", [("--plot", "bench.jpg"), ("--rounds", "0"), ("--frames", "0"), ("--threads", "x")]
)
def test_wrong_values_are_wrong_usage(edge_emo, wrong):
    ended = edge_emo("bench", *wrong)
    assert ended.status == 2
    assert wrong[0] in ended.err
