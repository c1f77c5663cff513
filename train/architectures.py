"""The networks, each a function that returns an uncompiled Keras model.

All take raw gray pixels, float32 `[n, 48, 48, 1]` in 0..255, and scale them in a layer of their
own; all return softmax probabilities `[n, 7]` in the order of `edge.support.labels.EMOTIONS`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import keras
from keras import layers

from edge.support.labels import EMOTIONS

INPUT_SHAPE = (48, 48, 1)
# The filters of MobileNet's blocks, by their numbers.
_MOBILENET = dict(enumerate((64, 128, 128, 256, 256, *(512,) * 6, 1024, 1024), 1))
_MEAN_GRAY = 115.0  # of the photographs that face recognizers learn from, their three means' mean


@dataclass(frozen=True)
class Architecture:
    """A network by name: how to build it, and the recipe that suits it.

    Attributes:
        recipe: the name of a file in `recipes/`.
        changes: what the network needs otherwise than that recipe says, field -> text.
    """

    name: str
    summary: str
    build: Callable[[], keras.Model]
    recipe: str
    changes: dict[str, str] = field(default_factory=dict)


def paper_a() -> keras.Model:
    """Model A of the paper: two convolutions of 64 and 256 filters, dropout .20, no dense layer.

    The paper gives the numbers of units and the dropout; kernels, batch norm and pooling are taken
    as in its Model C.
    """
    inputs = keras.Input(INPUT_SHAPE)
    x = layers.Rescaling(1 / 255)(inputs)
    for filters in (64, 256):
        x = _paper_convolution(x, filters, 3, layers.MaxPooling2D, dropout=0.20)
    return _classified(inputs, layers.Flatten()(x), "paper-a")


def paper_c(
    name: str = "paper-c",
    pooling: Callable[[int], layers.Layer] = layers.MaxPooling2D,
    scaled: bool = True,
) -> keras.Model:
    """Model C of the paper (its Fig. 9): four convolutions, two dense layers, 4.48 M parameters.

    Args:
        pooling: the layer after each convolution; Model B has the average where C has the maximum.
        scaled: scale pixels to 0..1 in the graph. As printed the paper's network has no such layer
            and is trained on 0..255.
    """
    inputs = keras.Input(INPUT_SHAPE)
    x = layers.Rescaling(1 / 255)(inputs) if scaled else inputs
    for filters, kernel in ((64, 3), (128, 5), (512, 3), (512, 3)):
        x = _paper_convolution(x, filters, kernel, pooling, dropout=0.25)
    x = layers.Flatten()(x)
    for units in (256, 512):
        x = layers.Dense(units)(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
        x = layers.Dropout(0.25)(x)
    return _classified(inputs, x, name)


def edge_net(
    name: str, stages: tuple[tuple[int, ...], ...], head: int, dropout: float = 0.5
) -> keras.Model:
    """Plain 3x3 convolutions: at equal multiply-adds XNNPACK runs them fastest in int8.

    The last 3x3 map is flattened, not averaged: where on the face a feature lies tells emotions
    apart.

    Args:
        stages: the filters of each stage's convolutions; a stage ends with 2x2 max pooling.
        head: the filters of the last convolution.
        dropout: share of the features that a step of training leaves out.
    """
    inputs = keras.Input(INPUT_SHAPE)
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    for stage in stages:
        for filters in stage:
            x = _conv_bn_relu(x, filters)
        x = layers.MaxPooling2D(2)(x)
    x = _conv_bn_relu(x, head)
    x = layers.Dropout(dropout)(layers.Flatten()(x))
    return _classified(inputs, x, name)


def face_net(name: str, side: int, pointwise: dict[int, int]) -> keras.Model:
    """MobileNet (Howard et al. 2017, arXiv:1704.04861) without batch norm, for larger faces.

    It is made to begin with weights of faces of 224x224 that have batch norm folded in, and its
    first blocks keep them (studies/pretrained.py). Layers are named by their block:
    `convolution_0`, `depthwise_1`, `pointwise_1`.

    Args:
        side: pixels that the face is enlarged to.
        pointwise: the filters of each block that it has, by the block's number in MobileNet.
    """
    inputs = keras.Input(INPUT_SHAPE)
    x = layers.Rescaling(1, offset=-_MEAN_GRAY)(inputs)
    x = layers.Resizing(side, side)(x)
    x = layers.Conv2D(32, 3, 2, padding="same", name="convolution_0", trainable=False)(x)
    x = layers.ReLU(6)(x)
    for block, filters in pointwise.items():
        strides, free = 2 if block in (2, 4, 6, 12) else 1, block > 3
        x = layers.DepthwiseConv2D(
            3, strides, padding="same", name=f"depthwise_{block}", trainable=free
        )(x)
        x = layers.ReLU(6)(x)
        x = layers.Conv2D(filters, 1, name=f"pointwise_{block}", trainable=free)(x)
        x = layers.ReLU(6)(x)
    x = layers.Dropout(0.5)(layers.Flatten()(x))
    return _classified(inputs, x, name)


def _paper_convolution(x, filters: int, kernel: int, pooling, dropout: float):
    x = layers.Conv2D(filters, kernel, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    return layers.Dropout(dropout)(pooling(2)(x))


def _conv_bn_relu(x, filters: int):
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x)


def _classified(inputs, x, name: str) -> keras.Model:
    # In float32 under mixed precision too: small probabilities and their logarithms need it.
    outputs = layers.Dense(len(EMOTIONS), activation="softmax", dtype="float32")(x)
    return keras.Model(inputs, outputs, name=name)


ARCHITECTURES = {
    a.name: a
    for a in (
        Architecture("paper-a", "the paper's Model A: two convolutions", paper_a, "paper"),
        Architecture(
            "paper-b",
            "the paper's Model B: average pooling, plain SGD",
            partial(paper_c, "paper-b", layers.AveragePooling2D),
            "paper",
            {"optimizer": "sgd"},
        ),
        Architecture("paper-c", "the paper's Model C", paper_c, "paper"),
        Architecture(
            "paper-c-unscaled",
            "Model C as printed, without scaling of its input",
            partial(paper_c, "paper-c-unscaled", scaled=False),
            "paper",
        ),
        Architecture(
            "edge-xs",
            "smallest, for a Pi Zero",
            # It is too small to learn faces by heart: with a dropout of 0.5 it learns less.
            partial(edge_net, "edge-xs", ((12,), (24,), (40, 40), (56, 56)), 80, dropout=0.1),
            "edge",
        ),
        Architecture(
            "edge-s",
            "small, the shipped default",
            partial(edge_net, "edge-s", ((16,), (32, 32), (64, 72), (144, 144)), 224),
            "edge",
        ),
        Architecture(
            "edge-l",
            "large, to teach the others",
            partial(edge_net, "edge-l", ((32,), (64, 64), (128, 144), (288, 288)), 448),
            "edge",
        ),
        Architecture(
            "face-l",
            "MobileNet, for laptops; start it with train.studies.pretrained",
            partial(face_net, "face-l", 128, _MOBILENET),
            "edge",
            {"epochs": "16", "warmup_epochs": "1", "batch_size": "64", "learning_rate": "0.0003"},
        ),
        Architecture(
            "face-m",
            "face-l at 112 pixels, less three of its blocks; start it with face-l",
            partial(face_net, "face-m", 112, {b: _MOBILENET[b] for b in range(1, 10)} | {12: 256}),
            "edge",
            {"epochs": "16", "warmup_epochs": "1", "learning_rate": "0.0004"},
        ),
    )
}
