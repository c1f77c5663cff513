"""The paper's own loop (its Fig. 15), kept as it is printed: the reference for every ratio.

Nothing here is to be improved. What is left out is what is not a recognition: opening the camera,
drawing, and showing the window. `verbose=0` was the default of `predict` when the paper was
written; today's default would print a progress bar for each face.
"""

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.faces.haar import find_cascade
from edge.support.labels import EMOTIONS

if TYPE_CHECKING:
    import keras


class PaperLoop:
    """The body of the paper's `while True`, one frame a call."""

    def __init__(self, classifier: "keras.Model") -> None:
        """Load the cascade. Raises: DetectorError.

        Args:
            classifier: takes float `[n, 48, 48, 1]` in 0..1.
        """
        self._face_cascade = cv2.CascadeClassifier(str(find_cascade()))
        self._classifier = classifier

    def __call__(self, frame: np.ndarray) -> list[str]:
        """Return the label of each face in BGR uint8 `[height, width, 3]`; a black one has none."""
        labels = []
        gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        faces = self._face_cascade.detectMultiScale(gray)
        for x, y, w, h in faces:
            roi_gray = gray[y : y + h, x : x + w]
            roi_gray = cv2.resize(roi_gray, (48, 48), interpolation=cv2.INTER_AREA)
            if np.sum([roi_gray]) != 0:
                roi = roi_gray.astype("float") / 255.0
                roi = np.expand_dims(roi, axis=-1)
                roi = np.expand_dims(roi, axis=0)
                preds = self._classifier.predict(roi, verbose=0)[0]
                labels.append(EMOTIONS[preds.argmax()])
        return labels
