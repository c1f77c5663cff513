"""The challenge's fer2013.csv, and FER+ votes joined to it row by row."""

import csv

import numpy as np
import pytest

from edge.datasets import find_splits, load_split
from edge.datasets.ferplus import VOTES, distribution, majority
from edge.errors import DatasetError
from edge.labels import EMOTIONS

# As the challenge numbers them.
ORDER = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


class Challenge:
    """A small fer2013.csv, and fer2013new.csv, to be changed and then written."""

    def __init__(self, folder):
        self.folder = folder
        rng = np.random.default_rng(3)
        usages = ["Training"] * 14 + ["PublicTest"] * 7 + ["PrivateTest"] * 7
        self.faces = rng.integers(0, 256, (len(usages), 48, 48))
        self.rows = [
            [str(i % 7), " ".join(map(str, face.ravel())), usage]
            for i, (face, usage) in enumerate(zip(self.faces, usages, strict=True))
        ]
        self.votes = rng.integers(0, 4, (len(usages), len(VOTES)))

    def write(self, head=("emotion", "pixels", "Usage")):
        with (self.folder / "fer2013.csv").open("w", newline="") as file:
            csv.writer(file).writerows([head, *self.rows])
        return self.folder

    def write_votes(self, usages=None):
        of = usages or [row[2] for row in self.rows]
        with (self.folder / "fer2013new.csv").open("w", newline="") as file:
            rows = [
                [usage, f"fer{i:07}.png", *votes]
                for i, (usage, votes) in enumerate(zip(of, self.votes, strict=False))
            ]
            csv.writer(file).writerows([["Usage", "Image name", *VOTES], *rows])


@pytest.fixture
def challenge(tmp_path):
    return Challenge(tmp_path)


def test_its_three_usages_are_training_validation_and_test(challenge):
    data = challenge.write()
    assert find_splits(data) == ("train", "validation", "test")
    train = load_split(data, "train")
    np.testing.assert_array_equal(train.images, challenge.faces[:14])
    assert [EMOTIONS[label] for label in train.labels] == [*ORDER, *ORDER]
    assert train.names[0] == "fer2013.csv:2"
    assert train.votes is None
    assert load_split(data).split == "test"


def test_the_file_itself_may_be_named(challenge):
    path = challenge.write() / "fer2013.csv"
    assert len(load_split(path, "validation")) == 7


def test_heads_in_other_case_and_order_are_understood(challenge):
    challenge.rows = [[usage, emotion, pixels] for emotion, pixels, usage in challenge.rows]
    data = challenge.write(head=("Usage", " Emotion", " Pixels "))
    np.testing.assert_array_equal(load_split(data, "train").images, challenge.faces[:14])


def test_faces_come_at_the_size_asked_for(challenge):
    assert load_split(challenge.write(), size=(64, 64)).images.shape == (7, 64, 64)


@pytest.mark.parametrize(
    ("column", "value"),
    [(0, "7"), (0, "-1"), (0, "happy"), (1, "1 2 3"), (1, "256 " * 2304), (1, "x"), (1, "")],
)
def test_a_damaged_row_is_skipped_and_listed(challenge, column, value):
    challenge.rows[2][column] = value
    train = load_split(challenge.write(), "train")
    assert train.skipped == ("fer2013.csv:4",)
    np.testing.assert_array_equal(train.images, np.delete(challenge.faces[:14], 2, axis=0))


def test_a_file_that_was_cut_off_loses_its_last_row_only(challenge):
    path = challenge.write() / "fer2013.csv"
    path.write_bytes(path.read_bytes()[:-3000])
    found = sum(len(load_split(path, split)) for split in find_splits(path))
    assert found == len(challenge.rows) - 1


def test_votes_are_joined_by_row(challenge):
    challenge.rows[15][1] = "damaged"
    challenge.write()
    challenge.write_votes()
    faces = load_split(challenge.folder, "validation")
    np.testing.assert_array_equal(faces.votes, np.delete(challenge.votes[14:21], 1, axis=0))
    some = faces.select(np.array([2, 0]))
    np.testing.assert_array_equal(some.votes, faces.votes[[2, 0]])


def test_votes_of_another_set_are_refused(challenge):
    data = challenge.write()
    challenge.write_votes(["Training"] * 28)
    with pytest.raises(DatasetError, match=r"fer2013new.csv:16: is of another split"):
        load_split(data)
    challenge.write_votes(["Training"] * 5)
    with pytest.raises(DatasetError, match="has 5 rows for 28 faces"):
        load_split(data)
    (data / "fer2013new.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DatasetError, match=r"cannot be read as FER\+ votes"):
        load_split(data)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "has no column emotion or pixels or usage"),
        ("", "has no column"),
        ("emotion,pixels,Usage\n1,0 0,Exam\n", "fer2013.csv:2: Usage 'Exam' is none of Training"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path, text, said):
    (tmp_path / "fer2013.csv").write_text(text)
    with pytest.raises(DatasetError, match=said):
        load_split(tmp_path)


def test_a_picture_named_csv_is_refused(tmp_path, portrait_file):
    path = tmp_path / "fer2013.csv"
    path.write_bytes(portrait_file.read_bytes())
    with pytest.raises(DatasetError, match=r"cannot be read as CSV|has no column"):
        load_split(path)


def test_the_distribution_leaves_out_what_is_none_of_the_seven():
    votes = np.zeros((2, 10), int)
    votes[0, [VOTES.index("anger"), VOTES.index("sadness"), VOTES.index("unknown")]] = 3, 1, 6
    votes[1, VOTES.index("NF")] = 10
    shares = distribution(votes)
    assert shares[0, EMOTIONS.index("angry")] == 0.75
    assert shares[0, EMOTIONS.index("sad")] == 0.25
    assert shares[1].sum() == 0


def test_a_majority_is_more_than_half_of_all_votes():
    votes = np.zeros((4, 10), int)
    happy, contempt, unknown = map(VOTES.index, ("happiness", "contempt", "unknown"))
    votes[0, [happy, contempt]] = 6, 4
    votes[1, [happy, contempt]] = 5, 5
    votes[2, [happy, unknown]] = 3, 7
    assert majority(votes).tolist() == [EMOTIONS.index("happy"), -1, -1, -1]
