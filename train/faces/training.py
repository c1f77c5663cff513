"""Teach the network faces that are turned, small, dark, covered or moved, on scenes made as it goes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from .loss import TRUTH, cells, joined, loss
from .scenes import EMPTY, make_scene
from .tiles import Material

MOST_FACES = 64  # in one scene; more are not labelled
KEPT_SIDE = 320  # of the scenes to calibrate and measure with, pixels


@dataclass(frozen=True)
class Plan:
    """How the network is trained.

    Attributes:
        steps: batches in all; after each `steps_per_epoch` the state is kept.
        batch: scenes in each.
        side: of a scene, pixels, a multiple of 32.
        rate: the highest learning rate; it rises to that over 1/20 of the steps, then falls to 0.
        empty: share of scenes without a face, 0..1.
        memory: of the average of the weights; the averaged ones are what is kept.
    """

    steps: int = 4000
    steps_per_epoch: int = 100
    batch: int = 8
    side: int = 192
    rate: float = 7e-4
    memory: float = 0.998
    empty: float = EMPTY
    seed: int = 1


class Scenes(keras.utils.PyDataset):
    """Batches of scenes; the same ones in every run with the same seed."""

    def __init__(self, material: Material, plan: Plan, **loading: Any) -> None:
        super().__init__(**loading)
        self._material, self._plan = material, plan
        self._epoch = 0

    def __len__(self) -> int:
        return self._plan.steps_per_epoch

    def start_at(self, epoch: int) -> None:
        """Go on as a run does that has done so many epochs."""
        self._epoch = epoch

    def on_epoch_end(self) -> None:
        self._epoch += 1

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        plan = self._plan
        pictures = np.empty((plan.batch, plan.side, plan.side, 1), np.float32)
        truth = np.zeros((plan.batch, MOST_FACES, TRUTH), np.float32)
        for place in range(plan.batch):
            rng = np.random.default_rng((plan.seed, self._epoch, index, place))
            scene = make_scene(self._material, plan.side, rng, plan.empty)
            pictures[place, :, :, 0] = scene.picture
            faces = min(len(scene.boxes), MOST_FACES)
            truth[place, :faces, 0] = 1
            truth[place, :faces, 1:5] = scene.boxes[:faces]
            truth[place, :faces, 5:9] = scene.eyes[:faces].reshape(-1, 4)
        return pictures, truth


class Learner(keras.Model):
    """The network with its loss."""

    def __init__(self, network: keras.Model, side: int) -> None:
        super().__init__(name="learner")
        self.network = network
        self._cells = cells(side, side)

    def call(self, pictures: Any, training: bool | None = None) -> Any:
        return joined(self.network(pictures, training=training))

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, *_: Any, **__: Any
    ) -> Any:
        return loss(y, ops.cast(y_pred, "float32"), *self._cells)


def train(network: keras.Model, material: Material, plan: Plan, run: Path) -> None:
    """Train the network, or go on where a stopped run in the folder `run` was."""
    keras.utils.set_random_seed(plan.seed)
    learner = Learner(network, plan.side)
    warm = plan.steps // 20
    rate = keras.optimizers.schedules.CosineDecay(
        plan.rate / 20, plan.steps - warm, warmup_target=plan.rate, warmup_steps=warm
    )
    learner.compile(
        keras.optimizers.AdamW(
            rate, weight_decay=1e-4, global_clipnorm=5.0, use_ema=True, ema_momentum=plan.memory
        )
    )
    learner.build((None, plan.side, plan.side, 1))
    scenes = Scenes(material, plan, workers=1, max_queue_size=4)
    learner.fit(
        scenes,
        epochs=plan.steps // plan.steps_per_epoch,
        verbose=2,
        shuffle=False,
        callbacks=[
            keras.callbacks.BackupAndRestore(run / "state", delete_checkpoint=False),
            _Following(scenes),
            keras.callbacks.CSVLogger(run / "history.csv", append=True),
            keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
            _Keeping(network, run),
        ],
    )


def write_scenes(material: Material, path: Path, seed: int, count: int = 200) -> None:
    """Write scenes to calibrate and measure with: pictures, and boxes (NaN where there is none)."""
    pictures = np.empty((count, KEPT_SIDE, KEPT_SIDE), np.uint8)
    boxes = np.full((count, MOST_FACES, 4), np.nan, np.float32)
    for place in range(count):
        scene = make_scene(material, KEPT_SIDE, np.random.default_rng((seed, 1, place)))
        faces = min(len(scene.boxes), MOST_FACES)
        pictures[place], boxes[place, :faces] = scene.picture, scene.boxes[:faces]
    np.savez_compressed(path, pictures=pictures, boxes=boxes)


class _Following(keras.callbacks.Callback):
    """Lets the scenes follow a run that goes on."""

    def __init__(self, scenes: Scenes) -> None:
        super().__init__()
        self._scenes = scenes

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._scenes.start_at(epoch)


class _Keeping(keras.callbacks.Callback):
    """Keeps the averaged weights after each epoch."""

    def __init__(self, network: keras.Model, run: Path) -> None:
        super().__init__()
        self._network, self._run = network, run

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._network.save(self._run / "network.keras")
