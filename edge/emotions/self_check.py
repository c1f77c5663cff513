"""Does this machine's interpreter score faces exactly as the one where the model was converted?

A model file carries what 200 faces gave there. The faces are made from the demo's two portraits by
integer arithmetic, so that every machine has the very same ones.
"""

import base64
import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import Any

import cv2
import numpy as np

from ..inference.model_file import ModelFile
from ..support.errors import ModelError

FACES = 200
# Face boxes in the portraits: x, y and side.
_PORTRAITS = {"astronaut": (174, 63, 101), "grace_hopper": (155, 130, 215)}


@dataclass(frozen=True)
class Agreement:
    """How two interpreters' scores of the same faces differ.

    Attributes:
        faces: how many were scored.
        differing: faces with any score that differs; of a float model, by more than a ten thousandth.
        largest: the largest difference of a score, 0..1.
        steps: the same in steps of a quantized output; None where the output is float.
        other_emotion: faces for which another emotion is predicted.
    """

    faces: int
    differing: int
    largest: float
    steps: int | None
    other_emotion: int

    @property
    def exact(self) -> bool:
        return self.differing == 0

    def __str__(self) -> str:
        if self.exact:
            return f"the same scores for all {self.faces} faces"
        by = (
            f"{self.largest:.4f}"
            if self.steps is None
            else f"{self.steps} step{'s' * (self.steps > 1)} of the output"
        )
        return (
            f"other scores for {self.differing} of {self.faces} faces, by up to {by}; "
            f"another emotion for {self.other_emotion}"
        )


def check_faces(size: tuple[int, ...]) -> np.ndarray:
    """Return 200 faces, uint8 `[200, height, width]`, the same on every machine.

    Two people by turns, in boxes that are off by up to a tenth, half of them mirrored, at a half to
    one and a half times the light.

    Args:
        size: height and width; what follows is left out.
    """
    height, width = size[:2]
    portraits = [(_gray(name), *box) for name, box in _PORTRAITS.items()]
    faces = np.empty((FACES, height, width), np.uint8)
    for number in range(FACES):
        portrait, x, y, side = portraits[number % 2]
        dx, dy, more = (side * ((number * step) % 21 - 10) // 100 for step in (5, 8, 13))
        rows = y + dy + np.arange(height) * (side + more) // height
        columns = x + dx + np.arange(width) * (side + more) // width
        face = portrait[rows[:, None], columns].astype(np.int64)
        light = 32 + (number * 7) % 65  # in 64ths
        face = np.minimum(face * light // 64, 255)
        faces[number] = face[:, ::-1] if number % 4 >= 2 else face
    return faces


def raw_scores(interpreter: Any, faces: np.ndarray) -> np.ndarray:
    """Return the outputs as the model gives them, `[n, 7]`, of uint8 `[n, height, width]` faces.

    Args:
        interpreter: any package's, with its tensors allocated; its input is a face as edge-emo
            feeds it.
    """
    place, out = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scores = np.empty((len(faces), out["shape"][1]), out["dtype"])
    shape = tuple(int(n) for n in place["shape"])
    for row, face in zip(scores, faces, strict=True):
        fed = np.broadcast_to(face[None, :, :, None], shape)
        if place["dtype"] is np.int8:
            fed = (fed.astype(np.int16) - 128).astype(np.int8)
        interpreter.set_tensor(place["index"], np.ascontiguousarray(fed.astype(place["dtype"])))
        interpreter.invoke()
        row[:] = interpreter.get_tensor(out["index"])[0]
    return scores


def compare(wanted: np.ndarray, got: np.ndarray, scale: float = 1 / 256) -> Agreement:
    """Return how `got` differs from `wanted`, both `[n, 7]` and of one dtype.

    Args:
        scale: what a step of a quantized output is worth.
    """
    quantized = wanted.dtype.kind in "iu"
    difference = np.abs(wanted.astype(np.float64) - got.astype(np.float64))
    differs = difference > (0 if quantized else 1e-4)
    largest = float(difference.max())
    return Agreement(
        faces=len(wanted),
        differing=int(differs.any(axis=1).sum()),
        largest=largest * scale if quantized else largest,
        steps=int(largest) if quantized else None,
        # Quantized scores may tie: another emotion counts only where the first's is now lower.
        other_emotion=int((got[range(len(got)), wanted.argmax(axis=1)] < got.max(axis=1)).sum()),
    )


def record(scores: np.ndarray, size: tuple[int, ...], interpreter: str) -> dict[str, Any]:
    """Return what a model file keeps of the check: the raw scores, and of which faces.

    Args:
        interpreter: name and version of the one that gave them.
    """
    small = scores if scores.dtype.kind in "iu" else scores.astype(np.float32)
    return {
        "interpreter": interpreter,
        "faces_sha256": _hash(check_faces(size)),
        "dtype": small.dtype.name,
        "scores": base64.b64encode(small.tobytes()).decode(),
    }


def check(model: ModelFile, interpreter: Any) -> Agreement:
    """Return how the interpreter's scores differ from those that the file carries.

    Raises:
        ModelError: the file carries none, or this machine's faces are not the same.
    """
    kept = model.about.get("check")
    if not kept:
        raise ModelError(
            f"{model.path}: carries no scores to check against; convert it again with this version"
        )
    faces = check_faces(model.input_size)
    if not isinstance(kept, dict) or _hash(faces) != kept.get("faces_sha256"):
        raise ModelError(
            f"{model.path}: was checked with other faces than this version's; convert it again"
        )
    try:
        wanted = np.frombuffer(base64.b64decode(kept["scores"]), kept["dtype"]).reshape(FACES, -1)
    except (ValueError, TypeError, KeyError):
        wanted = np.empty((0, 0))
    got = raw_scores(interpreter, faces)
    if wanted.shape != got.shape or wanted.dtype != got.dtype:
        raise ModelError(f"{model.path}: its scores to check against are damaged; convert it again")
    scale = interpreter.get_output_details()[0]["quantization"][0] or 1.0
    return compare(wanted, got, scale)


def _gray(name: str) -> np.ndarray:
    raw = resources.files("edge.sources").joinpath("portraits", f"{name}.jpg").read_bytes()
    gray = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert gray is not None, name
    return gray


def _hash(faces: np.ndarray) -> str:
    return hashlib.sha256(faces.tobytes()).hexdigest()
