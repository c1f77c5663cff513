"""A report is one HTML file that needs nothing else."""

from html.parser import HTMLParser

from edge.evaluation.html_report import Section, Table, render_page

PNG = b"\x89PNG\r\n\x1a\n"


class Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        if data.strip():
            self.texts.append(data.strip())


def test_shows_title_lead_text_and_each_cell_as_they_were_given():
    table = Table(("who", "n"), [("a<b", 1), ("& co", 2.5)])
    page = Elements(render_page('"T" & <i>', "lead", [Section("S", "text", table)]))
    for text in ('"T" & <i>', "lead", "S", "text", "who", "n", "a<b", "1", "& co", "2.5"):
        assert text in page.texts


def test_pictures_lie_within_the_page():
    page = Elements(render_page("T", "", [Section("S", picture=PNG)]))
    (image,) = [attributes for tag, attributes in page.found if tag == "img"]
    assert image["src"].startswith("data:image/png;base64,")


def test_refers_to_no_other_file():
    page = render_page("T", "", [Section("S", picture=PNG)])
    tags = {tag for tag, _ in Elements(page).found}
    assert not tags & {"script", "link", "iframe"}
    assert "http" not in page
