"""Write a file whole or not at all: a temporary name beside it, fsync, rename. Read one in bounds."""

import errno
import glob
import os
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import Any

from .errors import ConfigError, OutputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

MOST_TOML = 1_000_000  # bytes; no file of settings comes near it
_PIECE = 1 << 20


class Draft:
    """A file in the making: `path` is a temporary name beside the one that `keep` will give it.

    Raises:
        OutputError: the folder cannot be written, or what stands there is not a regular file.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        if os.path.isdir(target):
            raise cannot_write(target, IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
        if os.path.exists(target) and not os.path.isfile(target):  # a device or a pipe: stays
            raise OutputError(
                f"{target}: cannot write: is not a regular file; choose another place"
            )
        try:
            handle, name = tempfile.mkstemp(
                dir=target.parent, prefix=_prefix(target), suffix=target.suffix
            )
        except OSError as error:
            raise cannot_write(target, error) from error
        self.path = Path(name)
        self._handle: int | None = handle
        if fcntl is None:
            self._unlock()  # an open file could not be renamed
        else:
            fcntl.flock(handle, fcntl.LOCK_EX)  # shows that its maker lives

    def keep(self, target: Path | None = None) -> None:
        """Give the file its name, or another one in the same folder. Raises: OutputError."""
        target = target or self._target
        try:
            _settle(self.path, target)
        except OSError as error:
            raise cannot_write(target, error) from error
        finally:
            self.drop()

    def drop(self) -> None:
        """Remove what has not got its name, where that can be done."""
        with suppress(OSError):  # the file system may have become read-only
            self.path.unlink(missing_ok=True)
        self._unlock()

    def _unlock(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def leftovers(target: Path) -> list[Path]:
    """Return the drafts of `target` whose makers were killed, oldest first."""
    if fcntl is None:
        return []
    found = []
    for path in target.parent.glob(f"{glob.escape(_prefix(target))}*{target.suffix}"):
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                found.append((os.fstat(file.fileno()).st_mtime, path))
        except OSError:  # its maker lives, or it has just gone
            continue
    return [path for _, path in sorted(found)]


def _prefix(target: Path) -> str:
    return f".part-{target.stem[:80]}-"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path; on a clean exit it becomes `path`, on an error it is removed.

    Raises:
        OutputError: the folder cannot be written, or the disk is full.
    """
    draft = Draft(Path(path))
    try:
        yield draft.path
        draft.keep()
    except OutputError:
        raise
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        draft.drop()


def read_bounded(path: Path, most: int) -> bytes:
    """Return a file's content. Raises: OSError, or ValueError if it has more than `most` bytes."""
    with path.open("rb") as file:
        content = bytearray()
        # Piece by piece: Python takes the memory for what is asked for, however little there is.
        while len(content) <= most and (more := file.read(_PIECE)):
            content += more
    if len(content) > most:
        raise ValueError(f"it has more than {most:,} bytes")
    return bytes(content)


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file says. Raises: OSError, or ValueError saying what is wrong with it."""
    try:
        said = tomllib.loads(read_bounded(path, MOST_TOML).decode())
        if "\0" in _texts(said):
            raise ValueError("a text in it holds a NUL character, which no name can have")
    except UnicodeDecodeError:
        raise ValueError("it is not text in UTF-8, as a TOML file is") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return said


def toml_of_user(path: Path, wanted: str, missing: str = "") -> dict[str, Any]:
    """Return what a TOML file says that a user named.

    Args:
        wanted: what the file must be, for the message.
        missing: what to say where there is no such file; by default the system's words.

    Raises:
        ConfigError: it cannot be read, or is not TOML.
    """
    try:
        return read_toml(path)
    except OSError as error:
        if missing and isinstance(error, FileNotFoundError):
            raise ConfigError(f"{path}: there is no such file; {missing}") from None
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise ConfigError(f"{path}: cannot be read: {error}; give {wanted}") from None


def _texts(value: object) -> str:
    """Return all texts in nested lists and tables, joined."""
    if isinstance(value, dict):
        return "".join(f"{key}{_texts(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return "".join(map(_texts, value))
    return value if isinstance(value, str) else ""


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path`, whole or not at all. Raises: OutputError."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write `content` to `path` as UTF-8, whole or not at all. Raises: OutputError."""
    write_bytes(path, content.encode())


def is_same_file(one: PurePath | str, other: PurePath | str) -> bool:
    """Report whether two paths lead to one file or folder that exists; devices do not count."""
    try:
        return os.path.samefile(one, other) and (os.path.isfile(one) or os.path.isdir(one))
    except (OSError, ValueError):
        return False


def refuse_to_replace(out: Path | str | None, *read: Path | str | None) -> None:
    """Refuse to write over a file that is read, whatever its path. Raises: OutputError."""
    for path in read:
        if out and path and is_same_file(path, out):
            raise OutputError(
                f"{out}: is read by this command, and would be overwritten; choose another file"
            )


def cannot_write(path: Path | str, error: OSError) -> OutputError:
    """Return the error that says in one line why `path` cannot be written."""
    return OutputError(f"{path}: cannot write: {error.strerror or error}; choose another place")


def _settle(temporary: Path, path: Path) -> None:
    mask = os.umask(0)
    os.umask(mask)
    temporary.chmod(0o666 & ~mask)
    with temporary.open("r+b") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
