"""Learn from a teacher's answers as well as from labels (Hinton et al. 2015, arXiv:1503.02531)."""

from pathlib import Path

import keras
from keras import ops

from edge.errors import TrainingError

from .recipe import Recipe


class Student(keras.Model):
    """`student` itself, with a loss whose targets are partly the teacher's probabilities.

    The teacher sees the same augmented faces. It is no part of what is saved.
    """

    def __init__(self, student: keras.Model, teacher: keras.Model, recipe: Recipe) -> None:
        super().__init__(inputs=student.inputs, outputs=student.outputs, name=student.name)
        # In a function, so that Keras does not count the teacher's weights as the student's.
        self._ask_teacher = lambda faces: teacher(faces, training=False)
        self._share = recipe.teacher_share
        self._temperature = recipe.teacher_temperature

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the loss; see `keras.Model.compute_loss`. Validation has no teacher."""
        if training:
            told = ops.power(self._ask_teacher(x), 1 / self._temperature)
            told = ops.stop_gradient(told / ops.sum(told, axis=-1, keepdims=True))
            y = (1 - self._share) * y + self._share * told
        return super().compute_loss(x, y, y_pred, sample_weight, training)


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
