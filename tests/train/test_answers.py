"""Teachers' answers: asked once for each view, kept, and a part of what is learnt."""

import numpy as np
import pytest

pytest.importorskip("keras", reason="keras is not installed (extra 'train')")

from edge.emotions.classifier import TFLiteClassifier
from edge.evaluation.prediction import predict_all
from edge.inference.model_file import find_model, read_model
from edge.support.errors import TrainingError
from train.data.targets import targets
from train.data.views import Views
from train.learning.answers import Answers, answers_file
from train.learning.batches import TrainingBatches
from train.learning.devices import Devices
from train.recipe import load_recipe

ONE = Devices(("CPU:0",))
TAUGHT = {
    "views": "2",
    "teacher": "edge-xs",
    "teacher_share": "0.7",
    "teacher_temperature": "1",
    "batch_size": "16",
}


@pytest.fixture
def recipe():
    return load_recipe("edge", TAUGHT)


@pytest.fixture
def answers(labelled_faces, tmp_path):
    return Answers(tmp_path / "answers.npy", ["edge-xs"], 2, len(labelled_faces))


def told(faces):
    return predict_all(TFLiteClassifier(read_model(find_model("edge-xs"))), faces)


def test_answers_are_the_teachers_own(labelled_faces, recipe, answers):
    index = np.array([5, 1])
    drawn = Views(labelled_faces, recipe).draw(index, 1)
    np.testing.assert_allclose(answers.of(1, index, drawn), told(drawn), atol=2e-3)


def test_of_both_sides_the_mean_is_learnt(labelled_faces, tmp_path):
    faces = labelled_faces.images[:4]
    answers = Answers(tmp_path / "both.npy", ["edge-xs"], 1, 4, both_sides=True)
    wanted = (told(faces) + told(np.ascontiguousarray(faces[:, :, ::-1]))) / 2
    np.testing.assert_allclose(answers.of(0, np.arange(4), faces), wanted, atol=2e-3)


def test_what_was_asked_is_not_asked_again(labelled_faces, answers, tmp_path):
    index = np.array([0, 3])
    first = answers.of(0, index, labelled_faces.images[index])
    other = np.zeros_like(labelled_faces.images[index])  # would be answered otherwise
    np.testing.assert_array_equal(answers.of(0, index, other), first)
    again = Answers(tmp_path / "answers.npy", ["edge-xs"], 2, len(labelled_faces))
    np.testing.assert_array_equal(again.of(0, index, other), first)
    assert not np.allclose(again.of(1, index, other), first)


def test_a_batch_learns_the_mix_of_target_and_answer(labelled_faces, recipe, answers):
    batches = TrainingBatches(labelled_faces, recipe, ONE, answers=answers)
    faces, learnt, _ = batches[0]
    order = batches._order(0)[:16]
    batches.close()
    wanted = 0.3 * targets(labelled_faces, recipe)[order] + 0.7 * told(faces[..., 0].astype("u1"))
    np.testing.assert_allclose(learnt, wanted, atol=2e-3)


def test_views_repeat_after_as_many_epochs(labelled_faces, recipe):
    views, index = Views(labelled_faces, recipe), np.arange(8)
    first, second, third = (views.draw(index, views.number(epoch)) for epoch in range(3))
    np.testing.assert_array_equal(third, first)
    assert not np.array_equal(second, first)


def test_the_file_is_another_for_other_faces_views_or_teachers(recipe, tmp_path):
    def file(faces="a", **changes):
        return answers_file(tmp_path, load_recipe("edge", TAUGHT | changes), faces)

    others = [
        file("b"),
        file(roll="25"),
        file(views="3"),
        file(teacher="edge-s"),
        file(teacher="edge-s,edge-xs"),
        file(both_sides="true"),
    ]
    assert len({file(), *others}) == 7
    assert file(epochs="7", learning_rate="0.1", teacher_share="0.5") == file()


def test_an_array_of_other_answers_is_refused(answers, tmp_path):
    with pytest.raises(TrainingError, match="remove it"):
        Answers(tmp_path / "answers.npy", ["edge-xs"], 3, 10)
