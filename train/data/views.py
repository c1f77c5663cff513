"""Faces as training shows them: changed by chance, and the same for the same seed, view and face."""

import numpy as np

from edge.evaluation.datasets import LabelledFaces
from edge.evaluation.datasets.tiles import Tiles

from ..recipe import Recipe
from .augment import augment_face, augment_tile, corrupt_face


class Views:
    """Draws faces; each epoch shows every face in one view.

    Where the recipe says `views`, they repeat after so many epochs, so that what a teacher answers
    for them can be kept; else every epoch has a view of its own.
    """

    def __init__(self, faces: LabelledFaces, recipe: Recipe, tiles: Tiles | None = None) -> None:
        """Draw `faces`, of which the last ones may be the faces of `tiles`, in that order."""
        self._faces = faces
        self._recipe = recipe
        self._tiles = tiles
        self._first_tile = len(faces) - (len(tiles.images) if tiles else 0)

    def number(self, epoch: int) -> int:
        """Return the view that an epoch shows."""
        return epoch % self._recipe.views if self._recipe.views else epoch

    def draw(self, index: np.ndarray, view: int) -> np.ndarray:
        """Return the faces at `index` (int `[b]`) in that view, uint8 `[b, height, width]`."""
        images = self._faces.images[index]
        if self._recipe.augment or self._recipe.camera:
            for place, face in enumerate(index.tolist()):
                # A face's changes are its own, so that shares of processes make up one batch.
                images[place] = self._changed(
                    images[place], face, np.random.default_rng((self._recipe.seed, view, face))
                )
        return images

    def samples(self, each: int) -> tuple[np.ndarray, np.ndarray]:
        """Return faces of the first view, `each` of every emotion, and their labels.

        Returns:
            uint8 `[m, 48, 48]` and int64 `[m]`, m at most 7 times `each`.
        """
        rng = np.random.default_rng(self._recipe.seed)
        labels = self._faces.labels
        of_label = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        index = np.concatenate([rng.permutation(places)[:each] for places in of_label])
        return self.draw(index, 0), labels[index]

    def _changed(self, image: np.ndarray, face: int, rng: np.random.Generator) -> np.ndarray:
        recipe = self._recipe
        if recipe.augment:
            roll = recipe.roll or None
            if self._tiles and face >= self._first_tile:
                tile = face - self._first_tile
                image = augment_tile(
                    self._tiles.images[tile],
                    self._tiles.boxes[tile],
                    image.shape,
                    rng,
                    recipe.augment_strength,
                    roll,
                )
            else:
                image = augment_face(image, rng, recipe.augment_strength, roll)
        if recipe.camera and rng.random() < recipe.camera:
            image = corrupt_face(image, rng)
        return image
