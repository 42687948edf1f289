"""Array code decided: a forward and its backward, for every size.

::

    from derive.code import binary, check_backward, labels, one_hot

    check_backward(affine_forward, affine_backward, x="N D", w="D M", b="M")
    check_backward(softmax_loss, x="N C", y=labels("N", of="C"))
    check_backward(cross_entropy, x="N C", y=one_hot("N C"))
    check_backward(masked_loss, x="N T", mask=binary("N T"))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from derive.claims.verdict import HOLDS, Verdict
from derive.frontends.code.check import decide, pair_of
from derive.frontends.code.shapes import binary, labels, one_hot

F = TypeVar("F")

__all__ = ["binary", "check_backward", "labels", "one_hot", "shapes", "verify_backward"]


def shapes(**declared: Any) -> Callable[[F], F]:
    """A decorator that declares the shapes of a function's or a layer's inputs, where they stand.

    It changes nothing; ``derive verify file.py`` reads it in the text of the file:
    ``@shapes(x="N D", y=labels("N", of="C"), eps=1e-5)``.
    """

    def unchanged(target: F) -> F:
        return target

    return unchanged


def verify_backward(
    target: Any,
    backward: Any = None,
    *,
    shapes: Mapping[str, Any] | None = None,
    fixed: Mapping[str, Any] | None = None,
    wrt: Any = None,
    params: Mapping[str, str] | None = None,
    init: Mapping[str, Any] | None = None,
    call: Any = None,
    grads: Mapping[str, str] | None = None,
    timeout: float = 60.0,
    effort: float = 1.0,
    **short: Any,
) -> dict[str, Verdict]:
    """Decide whether a backward gives the gradients of its forward: a verdict for each input.

    :param target: a function, or ``path/to/file.py::name``. With a backward it gives the output,
        or (output, cache); without one it gives (loss, gradients).
    :param backward: called with the upstream gradient and the cache; of a target in a file the
        function there that is called so, ``affine_backward`` of ``affine``, if none is given.
    :param shapes: the sizes of each input, as in ``{"x": "N D"}``, or :func:`labels`,
        :func:`one_hot` or :func:`binary`; keyword arguments are the same in short.
    :param fixed: arguments that are numbers, or names of sizes.
    :param wrt: the inputs whose gradients are returned, in order; every float input by default.
    :param params: of a layer class, arguments of its constructor, each with the input that is
        passed; ``init`` are further arguments, ``call`` the inputs with which it is called.
    :param grads: where a layer leaves the gradients of inputs, as in ``{"W": "dW"}``.
    :param timeout: seconds for each gradient; ``effort`` is how much work may be done for it.
    :raises ClaimError: where the pair itself is not understood.
    """
    return decide(
        pair_of(
            target, backward, shapes={**(shapes or {}), **short}, fixed=fixed, wrt=wrt,
            params=params, init=init, call=call, grads=grads,
        ),
        timeout,
        effort,
    )  # fmt: skip


def check_backward(target: Any, backward: Any = None, **options: Any) -> dict[str, Verdict]:
    """As :func:`verify_backward`, for a test.

    :raises AssertionError: with the report, unless every gradient holds.
    """
    verdicts = verify_backward(target, backward, **options)
    wrong = {name: v for name, v in verdicts.items() if v.status != HOLDS}
    if wrong:
        raise AssertionError(
            "\n".join(
                f"the gradient of {name}: {v.status}: {v.reason}" for name, v in wrong.items()
            )
        )
    return verdicts
