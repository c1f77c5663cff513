"""The shipped file, as against the network that it was made of."""

from pathlib import Path

import numpy as np

import models
from convert.reading.network import load_network, predict
from edge.emotions.classifier import TFLiteClassifier
from edge.emotions.self_check import check_faces
from edge.evaluation.corruptions import corrupt
from edge.evaluation.prediction import predict_all
from edge.inference.model_file import read_model

HERE = Path(models.__file__).parent


def test_int8_predicts_noisy_faces_as_the_float_network_does():
    noisy = corrupt(check_faces((48, 48)), "noisy", 3)
    told = predict_all(TFLiteClassifier(read_model(HERE / "edge-s.tflite")), noisy).argmax(axis=1)
    meant = predict(load_network(HERE / "edge-s.keras"), noisy).argmax(axis=1)
    assert np.mean(told == meant) > 0.8
