"""The reference page is made from the table of settings, and is current."""

from pathlib import Path

from edge.cli.reference import settings_page

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"


def test_the_page_of_settings_is_current():
    made = settings_page()
    assert PAGE.read_text(encoding="utf-8") == made, (
        "docs/settings.md is out of date; run 'python -m edge.cli.reference > docs/settings.md'"
    )
