"""Logit adjustment: answer as if the emotions were more alike in number than they were in training.

After Menon et al. 2021 (arXiv:2007.07314), section 4.1: once trained, the logarithm of each emotion's
prior is taken from its logit. That is a change of the last layer's bias, and costs nothing at run time.
"""

import keras
import numpy as np

from edge.evaluation.datasets import LabelledFaces

from ..data.targets import face_weights, targets
from ..recipe import Recipe


def prior(faces: LabelledFaces, recipe: Recipe) -> np.ndarray:
    """Return the share of each emotion in what the loss asked for, float `[7]`, sum 1."""
    target = targets(faces, recipe)
    asked = (face_weights(target, recipe.class_balance)[:, None] * target).sum(axis=0)
    return asked / asked.sum()


def adjust(model: keras.Model, shares: np.ndarray, strength: float) -> None:
    """Take `strength` (0 nothing, 1 all) of the emotions' prior out of the model's answers.

    Args:
        model: its last layer gives the probabilities by a softmax.
        shares: the prior, float `[7]`.
    """
    bias = model.layers[-1].bias
    bias.assign(bias - strength * np.log(np.maximum(shares, 1e-6)))
