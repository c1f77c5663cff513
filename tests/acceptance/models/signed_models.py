"""Models of several versions with signatures, and one that cannot be loaded."""

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
    half = len(model.flatbuffer) // 2
    useless = model.flatbuffer[:half] + bytes(len(model.flatbuffer) - half)
    about = {**model.about, "name": "porch", "version": "5.0"}
    (folder / "useless-5.0.tflite").write_bytes(pack_model(useless, about))
    for name in ("alice", "mallory"):
        key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name]
        subprocess.run(key, check=True)
    sign(folder, "alice", *folder.glob("*.tflite"))
    allowed = f'alice@example.org namespaces="edge-emo-model" {(folder / "alice.pub").read_text()}'
    (folder / "allowed_signers").write_text(allowed)


def sign(folder: Path, who: str, *files: Path) -> None:
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", folder / who, "-n", "edge-emo-model"]
    subprocess.run([*command, *files], check=True, capture_output=True)
