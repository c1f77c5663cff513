"""Learn from a teacher's answers as well as from labels (Hinton et al. 2015, arXiv:1503.02531)."""

from collections.abc import Sequence
from pathlib import Path

import keras
from keras import ops

from edge.support.errors import TrainingError

from ..recipe import Recipe


class Student(keras.Model):
    """`student` itself, with a loss that is partly its distance from its teachers' mean answer.

    Both answers are softened by the same temperature, so that the student's own, at temperature 1,
    are as sure as the teachers'. The teachers see the same augmented faces. They are no part of
    what is saved.
    """

    def __init__(
        self, student: keras.Model, teachers: Sequence[keras.Model], recipe: Recipe
    ) -> None:
        super().__init__(inputs=student.inputs, outputs=student.outputs, name=student.name)
        # In a function, so that Keras does not count the teachers' weights as the student's.
        self._ask_teachers = lambda faces: sum(t(faces, training=False) for t in teachers)
        self._share = recipe.teacher_share
        self._temperature = recipe.teacher_temperature

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the loss; see `keras.Model.compute_loss`. Validation has no teacher."""
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if not training:
            return loss
        wanted, answer = self._soften(self._ask_teachers(x)), self._soften(y_pred)
        taught = super().compute_loss(x, ops.stop_gradient(wanted), answer, sample_weight, training)
        # Softened gradients are smaller by the temperature squared (Hinton et al., section 2.1).
        return (1 - self._share) * loss + self._share * self._temperature**2 * taught

    def _soften(self, shares):
        # A probability of 0 has no gradient through a root.
        softened = ops.power(ops.maximum(shares, keras.config.epsilon()), 1 / self._temperature)
        return softened / ops.sum(softened, axis=-1, keepdims=True)


def load_like(path: Path, like: keras.Model, what: str) -> keras.Model:
    """Return the model at `path`, which must take and give what `like` does.

    Args:
        what: the hyperparameter that names it, for messages.

    Raises:
        TrainingError.
    """
    try:
        model = keras.models.load_model(path, compile=False)
    except (OSError, ValueError, TypeError) as error:
        raise TrainingError(
            f"{what}: {path}: cannot be read as a Keras model; give a .keras file that "
            f"`edge-emo train` wrote ({str(error).splitlines()[0]})"
        ) from error
    if (model.input_shape, model.output_shape) != (like.input_shape, like.output_shape):
        raise TrainingError(
            f"{what}: {path}: turns {model.input_shape} into {model.output_shape}, not "
            f"{like.input_shape} into {like.output_shape}; train it with edge-emo"
        )
    return model


def begin_with(model: keras.Model, path: Path) -> None:
    """Give `model` the weights of the same network at `path`. Raises: TrainingError."""
    try:
        model.set_weights(load_like(path, model, "start").get_weights())
    except ValueError as error:
        raise TrainingError(
            f"start: {path}: is another network than {model.name}; give one trained with the same "
            "--arch"
        ) from error
