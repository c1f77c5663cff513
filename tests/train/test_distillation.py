"""What a student is asked to come near."""

import numpy as np
import pytest

pytest.importorskip("keras", reason="keras is not installed (extra 'train')")

from train.architectures import ARCHITECTURES
from train.learning.distillation import Student
from train.recipe import load_recipe


def test_a_student_is_to_be_as_sure_as_its_teachers_whatever_the_temperature():
    faces = np.random.default_rng(1).integers(0, 256, (8, 48, 48, 1)).astype("f4")
    first, second, student = (ARCHITECTURES["edge-xs"].build() for _ in range(3))
    for teacher in (first, second):
        teacher.layers[-1].kernel.assign(teacher.layers[-1].kernel * 30)
    meant = (first.predict(faces, verbose=0) + second.predict(faces, verbose=0)) / 2
    labels = np.eye(7, dtype="f4")[:1].repeat(8, axis=0)
    recipe = load_recipe("edge", {"teacher_share": "1", "teacher_temperature": "3"})
    taught = Student(student, [first, second], recipe)
    taught.compile("adam", "categorical_crossentropy")

    def loss(answers):
        return float(taught.compute_loss(faces, labels, answers.astype("f4")))

    softer, surer = (meant**power for power in (0.5, 2.0))
    for other in (softer, surer):
        assert loss(meant) < loss(other / other.sum(axis=1, keepdims=True))
