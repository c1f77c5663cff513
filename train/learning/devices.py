"""Start Keras on the devices there are: one CPU, several GPUs, several hosts.

The spreading itself is Keras' and its backend's: `tf.distribute.MirroredStrategy` on TensorFlow,
`keras.distribution.DataParallel` on JAX. On several hosts, which needs JAX, each runs the same
command on a folder that they share, and finds the others through Keras' own variables:
`KERAS_DISTRIBUTION_JOB_ADDRESSES`, `..._NUM_PROCESSES` and `..._PROCESS_ID`.
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass

from edge.support.errors import TrainingError
from edge.support.quiet import quiet_stderr


@dataclass(frozen=True)
class Devices:
    """What a training runs on.

    Attributes:
        names: this process's devices.
        process: this process's number, 0 is the one that writes.
        processes: how many there are.
        scope: the context in which a model is built and compiled.
    """

    names: tuple[str, ...]
    process: int = 0
    processes: int = 1
    scope: Callable[[], AbstractContextManager] = nullcontext

    @property
    def writes(self) -> bool:
        """Whether this process writes the run folder."""
        return self.process == 0

    def share(self, n: int) -> slice:
        """Return which of a batch's `n` faces this process takes.

        Every device gets as many; the few that do not come out even are left out.
        """
        each = n // (len(self.names) * self.processes) * len(self.names)
        return slice(self.process * each, (self.process + 1) * each)


def start_keras(count: int | None = None) -> Devices:
    """Import Keras and return the devices to train on.

    Args:
        count: how many; by default all GPUs, or the CPU. Where there is no GPU, the CPU is split
            into as many devices, which serves to try a distributed training.

    Raises:
        ModuleNotFoundError: Keras or its backend is not installed.
        TrainingError: there are fewer GPUs, or the backend cannot be spread.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Off by itself where the processor lacks AVX-512; an epoch of edge-s took a third less with it.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    with quiet_stderr():
        import keras
    backend = keras.config.backend()
    start = {"tensorflow": _tensorflow, "jax": _jax}.get(backend)
    if start:
        return start(count)
    if count not in (None, 1):
        raise TrainingError(f"--devices {count}: Keras on {backend} trains on one device only")
    return Devices((backend,))


def _tensorflow(count: int | None) -> Devices:
    if "TF_CONFIG" in os.environ:  # Keras 3.15 cannot feed MultiWorkerMirroredStrategy
        raise TrainingError(
            "TF_CONFIG: Keras on TensorFlow trains on one host; for several use JAX "
            "(KERAS_BACKEND=jax and KERAS_DISTRIBUTION_JOB_ADDRESSES)"
        )
    with quiet_stderr():
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
    tf.get_logger().setLevel("ERROR")  # it warns of each network but the first that is asked
    if count and count > 1 and not gpus:
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * count
        )
    kind = "GPU" if gpus else "CPU"
    with quiet_stderr():
        names = [d.name.removeprefix("/device:") for d in tf.config.list_logical_devices(kind)]
    chosen = _choose(names, count)
    if len(chosen) == 1:
        return Devices(chosen)
    strategy = tf.distribute.MirroredStrategy(chosen)
    return Devices(chosen, scope=strategy.scope)


def _jax(count: int | None) -> Devices:
    if count and count > 1:  # has no effect where there is a GPU
        flag = f"--xla_force_host_platform_device_count={count}"
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flag}".strip()
    with quiet_stderr():
        import jax
        import keras

        if "KERAS_DISTRIBUTION_JOB_ADDRESSES" in os.environ:
            keras.distribution.initialize()
        with suppress(ModuleNotFoundError):
            import tensorflow  # noqa: F401 - Keras asks for its data types on every backend
        everywhere = keras.distribution.list_devices()
    if jax.process_count() > 1:
        here = tuple(f"{d.platform}:{d.id}" for d in jax.local_devices())
    else:
        here = tuple(everywhere := list(_choose(everywhere, count)))
    if len(everywhere) > 1:
        keras.distribution.set_distribution(
            keras.distribution.DataParallel(devices=everywhere, auto_shard_dataset=False)
        )
    return Devices(here, jax.process_index(), jax.process_count())


def _choose(names: list[str], count: int | None) -> tuple[str, ...]:
    if count and count > len(names):
        raise TrainingError(f"--devices {count}: there are {len(names)}: {', '.join(names)}")
    return tuple(names[: count or len(names)])
