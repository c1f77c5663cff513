"""Scoring many faces is scoring each."""

import numpy as np

from edge.emotions.classifier import TFLiteClassifier
from edge.evaluation.prediction import predict_all
from edge.inference.model_file import find_model, read_model


def test_every_face_is_scored_as_if_it_were_alone(labelled_faces):
    classifier = TFLiteClassifier(read_model(find_model(None)))
    faces = labelled_faces.images[:5]
    scores = predict_all(classifier, faces)
    assert scores.shape == (5, 7)
    for face, row in zip(faces, scores, strict=True):
        np.testing.assert_array_equal(classifier.classify(face), row)


def test_progress_ends_at_the_number_of_faces(labelled_faces):
    told = []
    classifier = TFLiteClassifier(read_model(find_model(None)))
    predict_all(classifier, labelled_faces.images[:5], lambda *done: told.append(done))
    assert told[-1] == (5, 5)
