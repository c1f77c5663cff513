"""`edge-emo evaluate`: accuracy of a model on labelled faces, by itself and as JSON."""

import json
import shutil

import numpy as np
import pytest

from edge.emotions.classifier import TFLiteClassifier
from edge.evaluation.datasets import load_split
from edge.evaluation.datasets.ferplus import VOTES
from edge.inference.model_file import find_model, read_model, write_model
from edge.support.labels import EMOTIONS


def test_the_report_is_that_of_scoring_each_face(edge_emo, labelled_folder_once, tmp_path):
    path = tmp_path / "scores.json"
    ended = edge_emo("evaluate", "--data", labelled_folder_once, "--json", path)
    assert (ended.status, ended.err) == (0, "")
    report = json.loads(path.read_text())
    faces = load_split(labelled_folder_once, "test")
    classifier = TFLiteClassifier(read_model(find_model(None)))
    predicted = np.array([classifier.classify(face).argmax() for face in faces.images])
    assert report["faces"] == len(faces) == 21
    assert report["accuracy"] == pytest.approx((predicted == faces.labels).mean(), abs=1e-5)
    for label, row in enumerate(report["confusion"]):
        assert row == np.bincount(predicted[faces.labels == label], minlength=7).tolist()
    assert report["labels"] == list(EMOTIONS)
    assert report["split"] == "test"
    assert report["model"].endswith("edge-s.tflite")
    assert report["data"] == str(labelled_folder_once)
    assert report["skipped"] == []


def test_the_table_for_people_has_the_same_accuracy(edge_emo, labelled_folder_once):
    report = json.loads(edge_emo("evaluate", "--data", labelled_folder_once, "--json", "-").out)
    table = edge_emo("evaluate", "--data", labelled_folder_once).out
    assert f"accuracy {report['accuracy']:.2%}" in table
    assert "21 faces" in table
    for name in EMOTIONS:
        assert f"\n{name}" in table


def test_standard_output_carries_only_the_json_that_is_asked_for(edge_emo, labelled_folder_once):
    ended = edge_emo("evaluate", "--data", labelled_folder_once, "--json", "-")
    assert ended.err == ""
    assert json.loads(ended.out)["faces"] == 21


def test_another_split_can_be_named(edge_emo, labelled_folder_once):
    ended = edge_emo("evaluate", "--data", labelled_folder_once, "--split", "train", "--json", "-")
    report = json.loads(ended.out)
    assert (report["split"], report["faces"]) == ("train", 56)


def test_a_folder_of_happy_astronauts_is_all_right(edge_emo, labelled_folder, tmp_path):
    # Every second face of the data set is the astronaut's, whatever it is filed under.
    happy = tmp_path / "astronauts" / "happy"
    happy.mkdir(parents=True)
    for place, emotion in enumerate(EMOTIONS):
        for number in range(place % 2, 8, 2):
            face = labelled_folder / "train" / emotion / f"{number}.png"
            shutil.copy(face, happy / f"{emotion}-{number}.png")
    report = json.loads(edge_emo("evaluate", "--data", happy.parent, "--json", "-").out)
    assert report["faces"] == 28
    assert report["recall"]["happy"] == report["accuracy"]
    assert report["accuracy"] > 0.5
    assert report["recall"]["sad"] is None


def test_an_unreadable_image_is_skipped_said_and_listed(edge_emo, labelled_folder):
    path = labelled_folder / "test" / "happy" / "empty.png"
    path.touch()
    assert json.loads(edge_emo("evaluate", "--data", labelled_folder, "--json", "-").out)[
        "skipped"
    ] == ["test/happy/empty.png"]
    ended = edge_emo("evaluate", "--data", labelled_folder)
    assert ended.status == 0
    assert ended.err == "edge-emo: test/happy/empty.png: is not a readable image; skipped\n"
    assert "21 faces" in ended.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "nowhere"], "nowhere: no such folder"),
        (["--split", "validation"], "no split 'validation'"),
        (["--labels", "ferplus"], "the split 'test' has no FER+ votes"),
        (["--model", "none.tflite"], "none.tflite: cannot be read"),
        (["--model", "edge-xxl"], "model 'edge-xxl'"),
        (["--model", "none.keras"], "none.keras"),
        (["--interpreter", "tensorrt"], "interpreter: 'tensorrt' is not one of"),
        (["--threads", "0"], "threads: 0"),
        (["--json", "nowhere/scores.json"], "nowhere/scores.json: cannot write"),
        (["--json", "."], "cannot write"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(
    edge_emo, assert_refused, labelled_folder_once, tmp_path, monkeypatch, arguments, said
):
    if "none.keras" in arguments:
        pytest.importorskip("keras", reason="keras is not installed (extra 'train')")
    monkeypatch.chdir(tmp_path)
    ended = edge_emo("evaluate", "--data", labelled_folder_once, *arguments)
    assert_refused(ended, said)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def challenge(labelled_folder_once, tmp_path):
    """The test faces as the challenge's csv, each with ten votes: six for its emotion, or five."""
    faces = load_split(labelled_folder_once, "test")
    order = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
    column = dict(zip(EMOTIONS, (4, 5, 6, 1, 0, 3, 2), strict=True))
    rows, votes = ["emotion,pixels,Usage"], [",".join(["Usage", "Image name", *VOTES])]
    for place, (image, label) in enumerate(zip(faces.images, faces.labels, strict=True)):
        name = EMOTIONS[label]
        rows.append(f"{order.index(name)},{' '.join(map(str, image.ravel()))},PublicTest")
        given = [0] * 10
        given[column[name]] = 5 if place % 3 == 0 else 6
        given[9] = 10 - sum(given)
        votes.append(",".join(["PublicTest", f"fer{place}.png", *map(str, given)]))
    (tmp_path / "fer2013.csv").write_text("\n".join(rows))
    (tmp_path / "fer2013new.csv").write_text("\n".join(votes))
    return tmp_path


def evaluate(edge_emo, *arguments):
    return json.loads(edge_emo("evaluate", *arguments, "--json", "-").out)


def test_the_challenges_csv_scores_as_the_same_faces_in_folders(
    edge_emo, labelled_folder_once, challenge
):
    folders = evaluate(edge_emo, "--data", labelled_folder_once)
    for data in (challenge, challenge / "fer2013.csv"):
        rows = evaluate(edge_emo, "--data", data)
        assert rows["split"] == "validation"
        assert rows["confusion"] == folders["confusion"]
        assert rows["labelled_by"] == folders["labelled_by"] == "fer"


def test_with_votes_the_faces_without_a_majority_are_left_out_and_counted(edge_emo, challenge):
    report = evaluate(edge_emo, "--data", challenge, "--labels", "ferplus")
    assert (report["faces"], report["without_majority"]) == (14, 7)
    assert report["labelled_by"] == "ferplus"
    assert [sum(row) for row in report["confusion"]] == [2] * 7
    ended = edge_emo("evaluate", "--data", challenge, "--labels", "ferplus")
    assert ended.out.startswith("7 of 21 faces are left out: no majority of FER+ votes\n")


def test_labels_are_those_of_the_voters(edge_emo, challenge):
    path = challenge / "fer2013new.csv"
    head, *votes = path.read_text().splitlines()
    all_afraid = [",".join([*row.split(",")[:2], *"0000006004"]) for row in votes]
    path.write_text("\n".join([head, *all_afraid]))
    report = evaluate(edge_emo, "--data", challenge, "--labels", "ferplus")
    assert sum(report["confusion"][EMOTIONS.index("fear")]) == report["faces"] == 21


def test_a_damaged_row_is_skipped_said_and_listed(edge_emo, challenge):
    path = challenge / "fer2013.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], "3,1 2 3,PublicTest", *lines[3:]]))
    ended = edge_emo("evaluate", "--data", challenge)
    assert ended.status == 0
    assert ended.err == "edge-emo: fer2013.csv:3: is not a readable image; skipped\n"


@pytest.mark.parametrize("shape", [[1, 64, 64, 1], [1, 0, 0, 1], [1, "48", "48", 1]])
def test_a_model_that_disagrees_with_its_description_is_refused(
    edge_emo, assert_refused, labelled_folder_once, tmp_path, shape
):
    model = read_model(find_model(None))
    path = tmp_path / "other.tflite"
    write_model(path, model.flatbuffer, {**model.about, "input": {"shape": shape}})
    ended = edge_emo("evaluate", "--data", labelled_folder_once, "--model", path)
    assert_refused(ended, "other.tflite: ")


def test_an_unknown_emotions_folder_is_refused_by_name(edge_emo, assert_refused, labelled_folder):
    (labelled_folder / "test" / "bored").mkdir()
    assert_refused(edge_emo("evaluate", "--data", labelled_folder), "'bored' is not an emotion")


@pytest.mark.slow
def test_corrupted_faces_are_measured_beside_the_clean_ones(edge_emo, labelled_folder_once):
    arguments = ("evaluate", "--data", labelled_folder_once, "--corruptions")
    report = json.loads(edge_emo(*arguments, "--json", "-").out)
    assert "shifted" in report["corruptions"]
    for accuracies in report["corruptions"].values():
        assert len(accuracies) == 3
        assert all(0 <= accuracy <= 1 for accuracy in accuracies)
    table = edge_emo(*arguments).out
    for name, accuracies in report["corruptions"].items():
        (line,) = [text for text in table.splitlines() if text.startswith(name)]
        assert line.split()[1:] == [f"{accuracy:.1%}" for accuracy in accuracies]


def test_an_expectation_changes_the_scores_and_is_said(edge_emo, labelled_folder_once):
    plain = evaluate(edge_emo, "--data", labelled_folder_once)
    everyday = evaluate(edge_emo, "--data", labelled_folder_once, "--expect", "everyday")
    assert (plain["expected"], everyday["expected"]) == (None, "everyday")
    neutral = EMOTIONS.index("neutral")
    often = [sum(row[neutral] for row in r["confusion"]) for r in (plain, everyday)]
    assert often[1] >= often[0]
    assert everyday["calibration_error"] != plain["calibration_error"]
    table = edge_emo("evaluate", "--data", labelled_folder_once, "--expect", "everyday").out
    assert "expectation: everyday" in table


@pytest.mark.parametrize("figure", ["kl_to_votes", "votes_calibration_error"])
def test_what_compares_with_the_votes_is_of_all_voted_faces(edge_emo, challenge, figure):
    of_all = evaluate(edge_emo, "--data", challenge)[figure]
    assert of_all > 0
    assert evaluate(edge_emo, "--data", challenge, "--labels", "ferplus")[figure] == of_all


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--expect", "sometimes"], "expect: 'sometimes' is not one of everyday, acted, even"),
        (["--expect", "nowhere.toml"], "nowhere.toml: cannot be read"),
        (["--input-range", "0..1"], "edge-s.tflite: a .tflite of edge-emo takes raw pixels"),
        (["--mean", "many"], "mean: 'many' is not one number"),
        (["--deviation", "0"], "deviation: '0' is not one number above 0"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    edge_emo, assert_refused, labelled_folder_once, arguments, said
):
    assert_refused(edge_emo("evaluate", "--data", labelled_folder_once, *arguments), said)


def test_labels_that_are_neither_a_set_nor_an_order_are_wrong_usage(edge_emo, labelled_folder_once):
    ended = edge_emo("evaluate", "--data", labelled_folder_once, "--labels", "ckplus")
    assert ended.status == 2
    assert "'ckplus' is neither one of fer, ferplus nor an order" in ended.err


def test_scores_are_not_written_over_the_data(edge_emo, assert_refused, tmp_path):
    data = tmp_path / "fer2013.csv"
    data.write_text("emotion,pixels,Usage\n")
    ended = edge_emo("evaluate", "--data", data, "--json", data)
    assert_refused(ended, "is read by this command")
    assert data.read_text() == "emotion,pixels,Usage\n"
