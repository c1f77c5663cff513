"""The report of a training: for programs, for people, and whole whatever the training gave."""

import json

import cv2
import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra 'train')")

from train.results.report import write_report

FACTS = {"architecture": "edge-xs", "epochs": 1, "data": {"skipped": ["train/happy/bad.png"]}}
ROW = {"epoch": 1, "loss": 1.5, "accuracy": 0.4, "val_loss": 1.4, "val_accuracy": 0.5}
PICTURES = {"curves", "confusion", "calibration", "mistakes", "samples"}


def write(run, faces, scores, history=(ROW,)):
    samples = faces.images[::5], faces.labels[::5]
    write_report(run, FACTS, list(history), faces, scores, samples)
    return run


def guess(faces):
    return np.random.default_rng(1).dirichlet(np.ones(7), len(faces)).astype("f4")


@pytest.fixture
def report(labelled_faces, tmp_path):
    """Write the report of these scores; return its folder."""
    return lambda scores, *history: write(tmp_path, labelled_faces, scores, *history)


@pytest.fixture
def guesses(labelled_faces):
    return guess(labelled_faces)


@pytest.mark.usefixtures("undrawn")
def test_the_report_has_the_score_and_the_facts(report, guesses, labelled_faces):
    told = json.loads((report(guesses) / "report.json").read_text())
    assert told["data"]["skipped"] == ["train/happy/bad.png"]
    right = (guesses.argmax(axis=1) == labelled_faces.labels).mean()
    assert told["validation"]["accuracy"] == pytest.approx(right, abs=1e-5)
    assert {"recall", "precision", "f1", "calibration_error"} <= set(told["validation"])


@pytest.fixture(scope="module")
def drawn(labelled_faces, tmp_path_factory):
    """A report of `guesses` with its plots, for tests that only read it."""
    run = tmp_path_factory.mktemp("drawn")
    write(run, labelled_faces, guess(labelled_faces))
    return run


def test_its_pictures_lie_beside_it_and_within_the_page(drawn):
    run = drawn
    assert {path.stem for path in run.glob("*.png")} == PICTURES
    for path in run.glob("*.png"):
        assert cv2.imread(str(path)) is not None
    page = (run / "report.html").read_text()
    assert page.count("data:image/png;base64,") == len(PICTURES)
    assert "train/happy/bad.png" in page


@pytest.mark.usefixtures("undrawn")
def test_a_network_that_makes_no_mistake_has_no_picture_of_them(report, labelled_faces):
    run = report(np.eye(7, dtype="f4")[labelled_faces.labels])
    assert not (run / "mistakes.png").exists()
    assert "There is none." in (run / "report.html").read_text()


@pytest.mark.usefixtures("undrawn")
def test_an_emotion_that_is_never_predicted_has_no_precision(report, labelled_faces):
    always_happy = np.eye(7, dtype="f4")[np.full(len(labelled_faces), 3)]
    told = json.loads((report(always_happy) / "report.json").read_text())
    assert told["validation"]["precision"]["fear"] is None
    assert told["validation"]["f1"]["fear"] == 0


@pytest.mark.usefixtures("undrawn")
def test_a_loss_that_is_no_number_is_null(report, guesses):
    run = report(guesses, [{**ROW, "val_loss": float("nan")}])
    assert (run / "curves.png").exists()
    json.loads((run / "report.json").read_text(), parse_constant=pytest.fail)


def test_the_same_training_gives_the_same_report(report, guesses, drawn):
    assert (report(guesses) / "report.html").read_bytes() == (drawn / "report.html").read_bytes()
