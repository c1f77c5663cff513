"""Show the URL of a camera without what must stay secret in it."""

import re


def without_secrets(url: str) -> str:
    """Return a URL as records and messages may show it: without its password."""
    url = re.sub(r"(?i)\b(pass\w*|pwd)=[^&/?]*", r"\1=***", url)
    scheme, _, rest = url.partition("://")
    head, at, tail = rest.rpartition("@")
    user = head.partition(":")[0]
    return f"{scheme}://{user}{at}{tail}"
