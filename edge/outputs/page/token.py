"""The word that a viewer from another machine must know: made once, kept in a file."""

import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path

from ...support.errors import ConfigError

SHORTEST = 16  # characters; one that is made has 43


def read_or_make_token(path: Path) -> str:
    """Return the token in a file; make the file, mode 0640, if there is none.

    Raises:
        ConfigError: it cannot be read or made, anybody can read it, or it is too short.
    """
    try:
        try:
            made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        except FileExistsError:
            pass
        else:
            with os.fdopen(made, "w") as file:
                if hasattr(os, "fchmod"):
                    os.fchmod(file.fileno(), 0o640)  # whatever the mask was
                file.write(secrets.token_urlsafe(32) + "\n")
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o007:
            raise ConfigError(
                f"page-token: {path}: every user of this machine can read it; run 'chmod 640 {path}'"
            )
        token = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"page-token: {path}: is not text in UTF-8; name the file of a token, or one that does "
            "not exist: it is then created"
        ) from error
    except OSError as error:
        why = error.strerror or error
        raise ConfigError(
            f"page-token: {path}: cannot be read or created: {why}; choose another place"
        ) from error
    if len(token) < SHORTEST:
        raise ConfigError(
            f"page-token: {path}: holds fewer than {SHORTEST} characters; remove it, and a new one "
            "is made"
        )
    return token


def cookie_of(token: str) -> str:
    """Return what a browser keeps in place of the token: it opens the page, and shows no token."""
    return hmac.new(token.encode(), b"edge-emo page cookie", hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare in a time that does not depend on where two texts differ."""
    return hmac.compare_digest(one.encode(), other.encode())
