"""Check who signed a model, with OpenSSH's signatures (`ssh-keygen -Y`)."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from ...support.errors import ModelError

NAMESPACE = "edge-emo-model"
ALLOWED_SIGNERS = Path("/etc/edge-emo/allowed_signers")
MOST_BYTES = 1 << 16  # a signature has some hundred
_HEAD = b"-----BEGIN SSH SIGNATURE-----"


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
            if "incorrect" in found.stderr or "invalid" in found.stderr.lower():
                raise ModelError(f"{name}: its signature is damaged; copy it again")
            raise ModelError(
                f"{name}: is signed by somebody who is not in {allowed}; have it signed by one of those"
            )
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


def _ssh_keygen(arguments: list[str], given: bytes) -> "subprocess.CompletedProcess[str]":
    command = ["ssh-keygen", "-Y", *arguments]
    done = subprocess.run(command, input=given, capture_output=True, timeout=60, check=False)
    said = (done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
    return subprocess.CompletedProcess(command, done.returncode, *said)
