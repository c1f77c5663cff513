"""YuNet in Keras: the face detector's network, built for gray pictures of any size.

YuNet (Wu, Peng and Yu 2023, doi:10.1007/s11633-023-1423-y) is a small stack of separable
convolutions with three output maps, at strides of 8, 16 and 32 pixels. The four heads of a map are
one convolution here, which computes the same and costs less.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

STRIDES = (8, 16, 32)
CHANNELS = 10  # of an output map: class, object, box (4), both eyes (4)

Convolution = tuple[np.ndarray, np.ndarray]  # kernel [out, in, height, width], bias [out]

# Stage -> the filters of its two separable convolutions.
_STAGES = {1: (16, 32), 2: (32, 64), 3: (64, 64), 4: (64, 64), 5: (64, 64)}
_SEPARABLE = ("stage0", *(f"stage{stage}{part}" for stage in _STAGES for part in "ab"))
_NECK = ("neck2", "neck1", "neck0")


def build(height: int | None = None, width: int | None = None) -> keras.Model:
    """Return the network with random weights.

    Args:
        height, width: of the picture, multiples of 32; None takes any.

    Returns:
        A model from gray pixels 0..255, float32 `[n, height, width, 1]`, to the three maps in the
        order of `STRIDES`, float32 `[n, height / stride, width / stride, CHANNELS]`: the logits of
        class and object, then offsets in strides (`edge.faces.maps` decodes them).
    """
    picture = keras.Input((height, width, 1), name="picture")
    x = layers.ZeroPadding2D(1, name="stage0_pad")(picture)
    x = layers.Conv2D(16, 3, strides=2, activation="relu", name="stage0_conv")(x)
    x = _separable(x, 16, "stage0")
    kept = {}
    for stage, (first, second) in _STAGES.items():
        if stage != 2:
            x = layers.MaxPooling2D(2, name=f"stage{stage}_pool")(x)
        x = _separable(x, first, f"stage{stage}a")
        x = kept[stage] = _separable(x, second, f"stage{stage}b")
    wide = _separable(kept[5], 64, "neck2")
    middle = _separable(_merged(kept[4], wide, "1"), 64, "neck1")
    fine = _separable(_merged(kept[3], middle, "0"), 64, "neck0")
    maps = [_separable(x, CHANNELS, f"head{i}", None) for i, x in enumerate((fine, middle, wide))]
    return keras.Model(picture, maps, name="yunet")


def begin_as_yunet(model: keras.Model, convolutions: Sequence[Convolution]) -> None:
    """Give the network YuNet's own weights.

    YuNet takes three colours; a gray picture has them all alike: its first kernel's sum.

    Args:
        convolutions: YuNet's, in the order of its file.

    Raises:
        ValueError: they are another network's.
    """
    first, *body = convolutions
    heads = body[2 * len(_SEPARABLE + _NECK) :]
    if len(heads) != 2 * 4 * len(STRIDES):
        raise ValueError(f"{len(convolutions)} convolutions")
    kernel, bias = first
    gray = kernel.sum(axis=1, keepdims=True).transpose(2, 3, 1, 0)
    model.get_layer("stage0_conv").set_weights([gray, bias])
    for place, name in enumerate(_SEPARABLE + _NECK):
        _set(model, name, body[2 * place], body[2 * place + 1])
    for level in range(len(STRIDES)):
        # Head by head (class, box, object, landmarks), level by level, a pair of convolutions each;
        # of the five landmarks the first two are the eyes.
        kind, box, thing, marks = (2 * (head * len(STRIDES) + level) for head in range(4))
        order = ((kind, 1), (thing, 1), (box, 4), (marks, 4))
        _set(
            model,
            f"head{level}",
            _joined([(heads[place], kept) for place, kept in order]),
            _joined([(heads[place + 1], kept) for place, kept in order]),
        )


def _separable(x: keras.KerasTensor, filters: int, name: str, activation: str | None = "relu"):
    x = layers.Conv2D(filters, 1, name=f"{name}_pointwise")(x)
    return layers.DepthwiseConv2D(
        3, padding="same", activation=activation, name=f"{name}_depthwise"
    )(x)


def _merged(fine: keras.KerasTensor, coarse: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.Add(name=f"merge{name}")(
        [fine, layers.UpSampling2D(2, interpolation="nearest", name=f"up{name}")(coarse)]
    )


def _joined(parts: Sequence[tuple[Convolution, int]]) -> Convolution:
    """Return the convolutions as one, of each only so many of its first filters."""
    return (
        np.concatenate([kernel[:kept] for (kernel, _), kept in parts]),
        np.concatenate([bias[:kept] for (_, bias), kept in parts]),
    )


def _set(model: keras.Model, name: str, pointwise: Convolution, depthwise: Convolution) -> None:
    kernel, bias = pointwise
    model.get_layer(f"{name}_pointwise").set_weights([kernel.transpose(2, 3, 1, 0), bias])
    kernel, bias = depthwise
    model.get_layer(f"{name}_depthwise").set_weights([kernel.transpose(2, 3, 0, 1), bias])
