"""Check who signed a model, with OpenSSH's signatures (`ssh-keygen -Y`)."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from ...support.errors import ModelError

NAMESPACE = "edge-emo-model"
ALLOWED_SIGNERS = Path("/etc/edge-emo/allowed_signers")
MOST_BYTES = 1 << 16  # a signature has some hundred
_HEAD = b"-----BEGIN SSH SIGNATURE-----"


def demands_signature(allowed: Path) -> bool:
    """Return whether models must be signed: a file that is there but cannot be used demands it too."""
    return os.path.lexists(allowed)


def signer_of(content: bytes, signature: Path | None, allowed: Path, name: str) -> str:
    """Return who signed the very bytes of a model.

    Args:
        content: all bytes of the file, metadata too.
        signature: the file of the signature.
        allowed: who may sign, in the form of ssh-keygen(1), "ALLOWED SIGNERS".
        name: what messages call the model.

    Raises:
        ModelError: it is not signed, altered, signed by another one or for another purpose.
    """
    if not shutil.which("ssh-keygen"):
        raise ModelError(f"{name}: cannot be checked: run 'apt install openssh-client'")
    if not allowed.is_file():
        raise ModelError(
            f"{name}: cannot be checked: {allowed} is no file that names signers; correct it, or remove it to "
            "take models that are not signed"
        )
    if signature is None or not signature.is_file():
        where = f"there is no {signature}" if signature else "no signature is given"
        raise ModelError(
            f"{name}: is not signed ({where}), and {allowed} demands it; sign it with 'ssh-keygen "
            f"-Y sign -f KEY -n {NAMESPACE} {name}'"
        )
    with signature.open("rb") as file:
        signed = file.read(MOST_BYTES)
    if not signed.lstrip().startswith(_HEAD):
        raise ModelError(f"{name}: {signature} is not a signature made by 'ssh-keygen -Y sign'")
    with tempfile.TemporaryDirectory(prefix="edge-emo-") as folder:
        copy = Path(folder, "signature")  # what is checked twice must be the same both times
        copy.write_bytes(signed)
        found = _ssh_keygen(["find-principals", "-s", str(copy), "-f", str(allowed)], b"")
        if found.returncode:
            raise _unknown(found.stderr.splitlines(), allowed, name)
        who = found.stdout.splitlines()[0]
        checked = ["verify", "-n", NAMESPACE, "-I", who, "-s", str(copy), "-f", str(allowed)]
        done = _ssh_keygen(checked, content)
    if done.returncode:
        why = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise ModelError(
            f"{name}: is not what {who} signed as {NAMESPACE}: it was altered, or signed for another "
            f"purpose, or outside the time that {allowed} gives ({why[-1] if why else 'no reason'})"
        )
    return who


def _unknown(said: list[str], allowed: Path, name: str) -> ModelError:
    """Return why no signer was found, from what ssh-keygen says."""
    about_allowed = [line for line in said if line.startswith(f"{allowed}:")]
    about_signature = " ".join(line for line in said if line not in about_allowed).lower()
    if "incorrect" in about_signature or "invalid" in about_signature:
        return ModelError(f"{name}: its signature is damaged; copy it again")
    hint = f" ({about_allowed[0]})" if about_allowed else ""
    return ModelError(
        f"{name}: is signed by somebody who is not in {allowed}, or not now{hint}; have it signed by one of "
        "those"
    )


def _ssh_keygen(arguments: list[str], given: bytes) -> "subprocess.CompletedProcess[str]":
    command = ["ssh-keygen", "-Y", *arguments]
    done = subprocess.run(command, input=given, capture_output=True, timeout=60, check=False)
    said = (done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
    return subprocess.CompletedProcess(command, done.returncode, *said)
