"""URLs of cameras and files: what kind each is, and how it may be shown without its secrets."""

import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..support.errors import SourceError

# Values that say how a stream looks, not who may see it. Of any other name a value is masked.
_HARMLESS = frozenset(
    [
        "action",
        "bitrate",
        "camera",
        "cameraid",
        "cam",
        "ch",
        "channel",
        "chn",
        "codec",
        "compression",
        "date",
        "duration",
        "fmt",
        "format",
        "fps",
        "framerate",
        "h",
        "height",
        "id",
        "index",
        "lang",
        "language",
        "media",
        "mode",
        "name",
        "page",
        "profile",
        "proto",
        "protocol",
        "quality",
        "rate",
        "res",
        "resolution",
        "rotation",
        "size",
        "start",
        "stream",
        "streamid",
        "streamtype",
        "subtype",
        "tcp",
        "time",
        "track",
        "transport",
        "transportmode",
        "type",
        "udp",
        "unicast",
        "v",
        "version",
        "videocodec",
        "w",
        "width",
    ]
)
_MASK = "***"
_FILMS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".wmv", ".flv", ".3gp")
_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")


def is_url(what: str) -> bool:
    """Whether this is a URL with a host, such as `rtsp://host/stream`, or of a file."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", what) is not None


def local_path(url: str) -> str | None:
    """Return the path that a `file://` URL names; None for any other URL."""
    if not url.lower().startswith("file://"):
        return None
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost"):
        raise SourceError(f"{url}: names a file of another machine; write file:///path")
    return unquote(parts.path)


def is_film(url: str) -> bool:
    """Whether a URL is that of a video file, which ends, and not of a camera.

    Raises:
        SourceError: it is that of one picture.
    """
    if not re.match(r"(?i)(https?|ftp)://", url):
        return False
    suffix = Path(urlsplit(url).path).suffix.lower()
    if suffix in _PICTURES:
        raise SourceError(
            f"{without_secrets(url)}: is one picture, not a stream; ask the camera's manual for its "
            "rtsp:// or MJPEG URL, or download the picture and give the file"
        )
    return suffix in _FILMS


def without_secrets(url: str) -> str:
    """Return a URL as people and records may see it: no password, no value that may be a secret."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if _breaks_off(rest, authority):
        # All before the last '@' may be a password that was not percent-encoded.
        user, rest = rest.partition(":")[0], rest.rpartition("@")[2]
        return f"{scheme}://{user}@{_masked(rest)}"
    userinfo, at, host = authority.rpartition("@")
    user = userinfo.partition(":")[0]
    return f"{scheme}://{user}{at}{host}{_masked(rest[len(authority) :])}"


def advice_on_password(url: str) -> str:
    """Return what to do about a password that breaks its URL; empty where none does."""
    rest = url.partition("://")[2]
    if not _breaks_off(rest, re.split(r"[/?#]", rest, maxsplit=1)[0]):
        return ""
    return (
        "; the password seems to hold a character that ends it: write % as %25, / as %2F, ? as %3F, "
        "# as %23, @ as %40"
    )


def _breaks_off(rest: str, authority: str) -> bool:
    """Whether a '/', '?' or '#' of the password cuts the URL before its '@'."""
    if "@" in authority or ":" not in authority:
        return False
    port = authority.rpartition(":")[2]
    path = re.split(r"[?#]", rest, maxsplit=1)[0]
    return "@" in path or ("@" in rest and not port.isdecimal())


def _masked(text: str) -> str:
    """Mask the values in a path, query and fragment, but for those of harmless names."""
    path, mark, query = text.partition("?")
    if not mark:
        path, mark, query = text.partition("#")
    path = re.sub(r"([\w.-]+)=([^/&;]*)", _value, path)  # some cameras take names in their path
    path = "/".join(_MASK if _is_token(segment) else segment for segment in path.split("/"))
    parts = re.split(r"([&;#?])", query)
    shown = [part if part in "&;#?" else _part(part) for part in parts]
    return path + mark + "".join(shown)


def _is_token(segment: str) -> bool:
    """Whether a part of a path looks random, as the keys that some cameras have in their URLs.

    Example:
        >>> _is_token("tQ1oBpaP9YtxLnWL"), _is_token("h264Preview_01_main")
        (True, False)
    """
    if re.fullmatch(r"(?=.*\d)[0-9a-fA-F-]{16,}", segment):
        return True
    if not re.fullmatch(r"[\w+~-]{12,}", segment):
        return False
    kinds = ["0" if c.isdigit() else "A" if c.isupper() else "a" for c in segment if c.isalnum()]
    # From a capital to a small letter words change, too.
    changes = sum(pair[0] != pair[1] and pair != ("A", "a") for pair in pairwise(kinds))
    return changes >= 5 and 3 * changes >= len(kinds)


def _part(part: str) -> str:
    if "=" in part:
        return re.sub(r"(?s)([^=]*)=(.*)", _value, part, count=1)
    # A word without a value, such as enableSrtp; anything else may be a token.
    return part if len(part) <= 16 and re.fullmatch(r"[A-Za-z_]*", part) else _MASK


def _value(found: re.Match[str]) -> str:
    name, value = found[1], found[2]
    plain = unquote(name).lower().replace("_", "").replace("-", "") in _HARMLESS
    harmless = plain and re.fullmatch(r"[\w.:,x-]{0,24}", value) is not None and "_" not in value
    return found[0] if not value or harmless else f"{name}={_MASK}"
