"""Put measured tables and pictures into a page of the documentation."""


def fill(page: str, name: str, content: str) -> str:
    """Return the page with `content` between its comments `name` and `/name`, if it has them."""
    before, begin, rest = page.partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    return f"{before}{begin}{content}\n{end}{after}" if begin and end else page
