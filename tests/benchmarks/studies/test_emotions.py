"""The table of all that is measured of emotion models."""

import click.testing
import pytest

from benchmarks.studies import emotions
from edge.evaluation.datasets import load_split
from edge.evaluation.datasets.ferplus import VOTES
from edge.support.labels import EMOTIONS

CALLED = {"happy": "happiness", "sad": "sadness", "angry": "anger"}  # by the voters


@pytest.fixture
def voted(labelled_folder_once, tmp_path):
    """The labelled faces as the challenge's csv, each called by all voters what its label says."""
    faces = load_split(labelled_folder_once, "test")
    rows, votes = ["emotion,pixels,Usage"], [f"Usage,Image name,{','.join(VOTES)}"]
    order = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
    for image, label in zip(faces.images, faces.labels.tolist(), strict=True):
        name = EMOTIONS[label]
        voters = CALLED.get(name, name)
        pixels = " ".join(map(str, image.ravel().tolist()))
        rows.append(f"{order.index(name)},{pixels},PublicTest")
        counts = ["10" if column == voters else "0" for column in VOTES]
        votes.append(f"PublicTest,face.png,{','.join(counts)}")
    (tmp_path / "fer2013.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "fer2013new.csv").write_text("\n".join(votes) + "\n")
    return tmp_path / "fer2013.csv"


def test_a_model_is_measured_as_it_answers_and_as_expected(
    voted, labelled_folder_once, short_video
):
    arguments = ["--data", voted, "--wild", labelled_folder_once, "--clip", short_video]
    ended = click.testing.CliRunner().invoke(emotions.main, [str(a) for a in arguments])
    assert ended.exit_code == 0, ended.output
    head, _, plain, everyday = (line.split(" | ") for line in ended.output.splitlines())
    assert [plain[3], everyday[3]] == ["none", "everyday"]
    assert len(plain) == len(everyday) == len(head)
    assert plain[0] == everyday[0] == "| edge-s"
    assert plain[4] == plain[6]  # labels and voters say the same
    assert plain[9] != everyday[9]  # the divergence
