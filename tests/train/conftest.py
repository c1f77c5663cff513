"""What the tests of the training share."""

import pytest


@pytest.fixture(scope="module")
def small():
    """Let `edge-emo train` know the architecture of `small_network.py`."""
    from small_network import SMALL

    from train.architectures import ARCHITECTURES

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ARCHITECTURES, SMALL.name, SMALL)
        yield


@pytest.fixture
def undrawn(monkeypatch):
    """Leave a report's plots undrawn, where no test looks at them: to draw them takes seconds."""
    monkeypatch.setattr("train.results.plots.png", lambda figure: b"png")
