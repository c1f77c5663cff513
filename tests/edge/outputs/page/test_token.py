"""The token: made once, readable by few, compared whole."""

import os

import pytest

from edge.outputs.page.token import cookie_of, read_or_make_token, same
from edge.support.errors import ConfigError


def test_a_token_is_made_once_and_kept(tmp_path):
    first = read_or_make_token(tmp_path / "token")
    assert len(first) >= 40
    assert read_or_make_token(tmp_path / "token") == first
    assert read_or_make_token(tmp_path / "other") != first


@pytest.mark.skipif(os.name != "posix", reason="file modes are those of POSIX")
def test_the_file_is_for_its_owner_and_group_whatever_the_mask(tmp_path):
    before = os.umask(0)
    try:
        read_or_make_token(tmp_path / "token")
    finally:
        os.umask(before)
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o640
    (tmp_path / "token").chmod(0o644)
    with pytest.raises(ConfigError, match="every user"):
        read_or_make_token(tmp_path / "token")


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff\xfe" * 20])
def test_a_file_that_holds_no_token_is_refused(tmp_path, content):
    (tmp_path / "token").write_bytes(content)
    (tmp_path / "token").chmod(0o640)
    with pytest.raises(ConfigError, match="page-token: "):
        read_or_make_token(tmp_path / "token")


def test_a_folder_that_is_not_there_is_an_error_that_says_so(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read or created"):
        read_or_make_token(tmp_path / "missing" / "token")


def test_the_cookie_does_not_show_the_token():
    assert "token-of-many-letters" not in cookie_of("token-of-many-letters")
    assert cookie_of("a") != cookie_of("b")


def test_words_are_compared_whole():
    assert same("abc", "abc")
    assert not same("abc", "abcd")
    assert not same("é", "e")
