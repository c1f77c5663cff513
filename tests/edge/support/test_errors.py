"""Every error is one of ours and of the fitting builtin."""

import inspect

import pytest

from edge.support import errors

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass)]


@pytest.mark.parametrize("kind", [c for c in CLASSES if c is not errors.EdgeEmoError])
def test_an_error_can_be_caught_as_ours_or_as_the_builtin(kind):
    assert issubclass(kind, errors.EdgeEmoError)
    builtin = [base for base in kind.__bases__ if base.__module__ == "builtins"]
    assert len(builtin) == 1
    for caught in (errors.EdgeEmoError, *builtin):
        with pytest.raises(caught, match="what happened"):
            raise kind("what happened")
    assert str(kind("what happened")) == "what happened"
    assert kind.__doc__
