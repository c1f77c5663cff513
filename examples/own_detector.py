"""Use a face detector of your own: any object with `detect(image)`."""

import numpy as np

from edge.faces import Detection
from edge_emo import Recognizer
from edge_emo.testing import portrait


class WholePicture:
    """For pictures that are already cropped to one face."""

    def detect(self, image: np.ndarray) -> list[Detection]:
        height, width = image.shape
        return [Detection((0, 0, width, height), score=1.0)]


face = Recognizer(detector=WholePicture()).read(portrait()[55:170, 170:285])[0]
print(f"{face.emotion} ({face.confidence:.0%})")
