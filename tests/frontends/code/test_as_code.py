"""What was derived as code reads only what the file has under that name."""

import numpy as np
import pytest

from derive.code import verify_backward


def told(f, **shapes):
    (verdict,) = verify_backward(f, wrt="x", shapes=shapes).values()
    assert verdict.status == "disagrees"
    return [note.removeprefix("derived, as code: ") for note in verdict.notes if "as code" in note]


def named_loss(x, a):
    error = np.tanh(x) - a
    dx = error * (1 - np.tanh(x)) ** 2
    return 0.5 * np.sum(error**2), dx


def test_a_name_of_the_file_is_used():
    (text,) = told(named_loss, x="N D", a="N D")
    assert "error" in text


def in_place_loss(x, a):
    error = np.tanh(x) - a
    loss = 0.5 * np.sum(error**2)
    error *= 1 - np.tanh(x)
    return loss, error


def given_twice_loss(x, a):
    error = np.tanh(x)
    error = error - a
    return 0.5 * np.sum(error**2), error * (1 - np.tanh(x))


def in_rounds_loss(x, a):
    loss, dx = 0.0, np.zeros_like(x)
    for k in range(len(x)):
        error = np.tanh(x[k]) - a[k]
        loss += 0.5 * np.sum(error**2)
        dx[k] = error * (1 - np.tanh(x[k]))
    return loss, dx


@pytest.mark.parametrize("loss", [in_place_loss, given_twice_loss, in_rounds_loss])
def test_a_name_that_stands_for_something_else_later_is_not(loss):
    assert all("error" not in text for text in told(loss, x="N D", a="N D"))
