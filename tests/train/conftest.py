"""What the tests of the training share."""

import pytest


@pytest.fixture
def undrawn(monkeypatch):
    """Leave a report's plots undrawn, where no test looks at them: to draw them takes seconds."""
    monkeypatch.setattr("train.results.plots.png", lambda figure: b"png")
