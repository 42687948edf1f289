"""The gallery of code says of itself what is right and what is wrong in it: here NumPy agrees."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import gallery


@pytest.mark.parametrize("path", gallery.files("right"), ids=lambda path: path.stem)
def test_right_files_have_the_gradients_of_differences(path: Path) -> None:
    found = gallery.statuses(path)
    assert found
    assert set(found.values()) == {"holds"}


@pytest.mark.parametrize("path", gallery.files("wrong"), ids=lambda path: path.stem)
def test_wrong_files_are_wrong_where_they_say(path: Path) -> None:
    expected = gallery.expected(path)
    found = gallery.statuses(path)
    if "error" in found:  # NumPy stops at the first that does not fit
        assert "ill-shaped" in expected.values()
    else:
        assert found == expected


def test_every_file_is_there_twice() -> None:
    right, wrong = gallery.files("right"), gallery.files("wrong")
    assert [path.name for path in right] == [path.name for path in wrong]
    assert len(right) >= 45
