"""Batches of faces for Keras: made ahead in threads, and the same for the same seed and epoch."""

import os
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

import keras
import numpy as np

from edge.evaluation.datasets import LabelledFaces

from ..data.targets import face_weights, one_hot, targets
from ..data.views import Views
from ..recipe import Recipe
from .answers import Answers
from .devices import Devices

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]

AHEAD = 8  # batches in the making or waiting to be taken


class TrainingBatches(keras.utils.PyDataset):
    """Batches of (faces float32 `[b, 48, 48, 1]` 0..255, targets `[b, 7]`, loss weights `[b]`).

    Keras asks for them in order, through `tf.data` where TensorFlow is the backend. Each process
    of a distributed training gets its own share of every batch, and mixes faces within it.

    Attributes:
        faces: how many an epoch shows.
        waited: seconds that the batches asked for were not ready.
    """

    def __init__(
        self,
        faces: LabelledFaces,
        recipe: Recipe,
        devices: Devices,
        epoch: int = 0,
        views: Views | None = None,
        answers: Answers | None = None,
    ) -> None:
        """Make batches from `epoch` on; where there are `answers`, they are a part of the targets."""
        super().__init__(workers=1)
        self._views = views or Views(faces, recipe)
        self._answers = answers
        self._recipe = recipe
        self._devices = devices
        self._targets = targets(faces, recipe)
        self._weights = face_weights(self._targets, recipe.class_balance)
        self._epoch = epoch
        self._pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1), "batches")
        self._ahead: deque[tuple[int, Future[Batch]]] = deque()
        self._orders: dict[int, np.ndarray] = {}
        self.faces = len(faces)
        self.waited = 0.0

    def __len__(self) -> int:
        return -(-self.faces // self._recipe.batch_size)

    def __getitem__(self, batch: int) -> Batch:
        wanted = self._epoch * len(self) + batch
        while self._ahead and self._ahead[0][0] != wanted:  # Keras looked ahead and began again
            self._ahead.popleft()
        following = self._ahead[-1][0] + 1 if self._ahead else wanted
        for place in range(following, wanted + AHEAD):
            self._ahead.append((place, self._pool.submit(self._make, *divmod(place, len(self)))))
        began = time.perf_counter()
        made = self._ahead.popleft()[1].result()
        self.waited += time.perf_counter() - began
        return made

    def on_epoch_end(self) -> None:
        self._epoch += 1

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(cancel_futures=True)

    def _make(self, epoch: int, batch: int) -> Batch:
        size = self._recipe.batch_size
        index = self._order(epoch)[batch * size : (batch + 1) * size]
        index = index[self._devices.share(len(index))]
        view = self._views.number(epoch)
        images, target = self._views.draw(index, view), self._targets[index]
        if self._answers:
            share = self._recipe.teacher_share
            target = (1 - share) * target + share * self._answers.of(view, index, images)
        made = as_input(images), target, self._weights[index]
        if self._recipe.mixup:
            return mixed(
                *made, np.random.default_rng((self._recipe.seed, epoch, batch)), self._recipe.mixup
            )
        return made

    def _order(self, epoch: int) -> np.ndarray:
        if epoch not in self._orders:
            rng = np.random.default_rng((self._recipe.seed, epoch))
            order = rng.permutation(self.faces)
            self._orders = {e: o for e, o in self._orders.items() if e >= epoch - 1}
            self._orders[epoch] = order
        return self._orders[epoch]


class ValidationBatches(keras.utils.PyDataset):
    """Batches of (faces float32 `[b, 48, 48, 1]` 0..255, one-hot labels `[b, 7]`), in order."""

    SIZE = 512

    def __init__(self, faces: LabelledFaces, devices: Devices) -> None:
        super().__init__(workers=1)
        self._faces = faces
        self._devices = devices

    def __len__(self) -> int:
        return -(-len(self._faces) // self.SIZE)

    def __getitem__(self, batch: int) -> tuple[np.ndarray, np.ndarray]:
        index = np.arange(batch * self.SIZE, min((batch + 1) * self.SIZE, len(self._faces)))
        index = index[self._devices.share(len(index))]
        return as_input(self._faces.images[index]), one_hot(self._faces.labels[index])


def mixed(
    faces: np.ndarray,
    target: np.ndarray,
    weights: np.ndarray,
    rng: np.random.Generator,
    alpha: float,
) -> Batch:
    """Blend each face of a batch into the one before it (mixup, Zhang et al. 2018, arXiv:1710.09412).

    Args:
        faces: float32 `[b, 48, 48, 1]`.
        target: float32 `[b, 7]`.
        weights: of each face in the loss, float32 `[b]`.
        alpha: of the beta distribution of a face's share; the larger, the more faces are even blends.

    Returns:
        Faces, targets and weights such that the loss of a blend is the blend of both losses.
    """
    share = rng.beta(alpha, alpha, len(faces)).astype("f4")
    share = np.maximum(share, 1 - share)  # so that each face is the greater part of one blend
    own, other = share * weights, (1 - share) * np.roll(weights, 1)
    blend = own[:, None] * target + other[:, None] * np.roll(target, 1, axis=0)
    part = share[:, None, None, None]
    pictures = part * faces + (1 - part) * np.roll(faces, 1, axis=0)
    return pictures, (blend / (own + other)[:, None]).astype("f4"), own + other


def as_input(images: np.ndarray) -> np.ndarray:
    """Return uint8 `[n, h, w]` faces as the models take them: float32 `[n, h, w, 1]`, 0..255."""
    return images[..., None].astype("f4")
