"""Models of several versions with signatures, and one that fails its check."""

import base64
import subprocess
from pathlib import Path

from edge.inference.model_file import pack_model, read_model, shipped_models


def make_models(folder: Path) -> None:
    """Make signed models of several versions, one that loads nowhere, and keys."""
    folder.mkdir()
    model = read_model(shipped_models()["edge-xs"])
    for version in ("1.0", "2.0", "3.0", "4.0"):
        about = {**model.about, "name": "porch", "version": version}
        (folder / f"porch-{version}.tflite").write_bytes(pack_model(model.flatbuffer, about))
    about = {
        **model.about,
        "name": "porch",
        "version": "5.0",
        "check": forged(model.about["check"]),
    }
    (folder / "useless-5.0.tflite").write_bytes(pack_model(model.flatbuffer, about))
    for name in ("alice", "mallory"):
        key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name]
        subprocess.run(key, check=True)
    sign(folder, "alice", *folder.glob("*.tflite"))
    allowed = f'alice@example.org namespaces="edge-emo-model" {(folder / "alice.pub").read_text()}'
    (folder / "allowed_signers").write_text(allowed)


def forged(check: dict) -> dict:
    """Return scores of the check's faces that no interpreter gives: each face has another's emotion."""
    scores = base64.b64decode(check["scores"])
    turned = b"".join(scores[i + 3 : i + 7] + scores[i : i + 3] for i in range(0, len(scores), 7))
    return {**check, "scores": base64.b64encode(turned).decode()}


def sign(folder: Path, who: str, *files: Path) -> None:
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", folder / who, "-n", "edge-emo-model"]
    subprocess.run([*command, *files], check=True, capture_output=True)
