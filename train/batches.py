"""Training batches: shuffled, augmented and weighted, and the same for the same seed and epoch."""

import keras
import numpy as np

from edge.dataset import LabelledFaces
from edge.labels import EMOTIONS

from .augment import augment_face
from .recipe import Recipe


class TrainingBatches(keras.utils.PyDataset):
    """Batches of (faces float32 `[b, 48, 48, 1]` 0..255, one-hot `[b, 7]`, loss weights `[b]`)."""

    def __init__(self, faces: LabelledFaces, recipe: Recipe, epoch: int = 0) -> None:
        super().__init__(workers=1, max_queue_size=16)
        self._faces = faces
        self._recipe = recipe
        self._epoch = epoch
        self._weights = class_weights(faces.labels, recipe.class_balance)
        self._shuffle()

    def __len__(self) -> int:
        return -(-len(self._faces) // self._recipe.batch_size)

    def __getitem__(self, batch: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        size = self._recipe.batch_size
        index = self._order[batch * size : (batch + 1) * size]
        images = self._faces.images[index]
        if self._recipe.augment:
            rng = np.random.default_rng((self._recipe.seed, self._epoch, batch))
            images = np.stack([augment_face(image, rng) for image in images])
        labels = self._faces.labels[index]
        return as_input(images), one_hot(labels), self._weights[labels]

    def on_epoch_end(self) -> None:
        self._epoch += 1
        self._shuffle()

    def _shuffle(self) -> None:
        rng = np.random.default_rng((self._recipe.seed, self._epoch))
        self._order = rng.permutation(len(self._faces))


def as_input(images: np.ndarray) -> np.ndarray:
    """Return uint8 `[n, h, w]` faces as the models take them: float32 `[n, h, w, 1]`, 0..255."""
    return images[..., None].astype("f4")


def one_hot(labels: np.ndarray) -> np.ndarray:
    """Return int `[n]` labels as the losses take them: float32 `[n, 7]`, a single 1 in each row."""
    return np.eye(len(EMOTIONS), dtype="f4")[labels]


def class_weights(labels: np.ndarray, balance: float) -> np.ndarray:
    """Return the loss weight of each class, float32 `[7]`, with mean 1 over the faces.

    Args:
        labels: int `[n]`.
        balance: 0 leaves all faces equal, 1 gives every class the same weight in all.
    """
    share = np.bincount(labels, minlength=len(EMOTIONS)) / len(labels)
    weights = np.where(share > 0, np.maximum(share, 1e-9) ** -balance, 0)
    return (weights / (weights * share).sum()).astype("f4")
