"""The Sphinx extension on a small site: a wrong formula fails the build at its line."""

from __future__ import annotations

import pytest

pytest.importorskip("sphinx")

from sphinx.cmd.build import main as build

INDEX = r"""Notes
=====

.. derive: X: n×d; w: d; y: n

The loss :math:`J(w) = \frac12 \|Xw - y\|^2` has the gradient

.. math::

   \nabla_w J(w) = X^\top (X w - y)
"""
WRONG = "\nand not :math:`\\nabla_w J(w) = X^\\top (y - X w)`.\n"


def built(folder, text, settings, capsys):
    (folder / "conf.py").write_text(
        f"extensions = ['derive.frontends.sphinx']\n{settings}\n", encoding="utf-8"
    )
    (folder / "index.rst").write_text(text, encoding="utf-8")
    code = build(["-q", "-W", "-E", "-b", "dummy", str(folder), str(folder / "_build")])
    return code, capsys.readouterr().err


def test_a_wrong_formula_fails_the_build(tmp_path, capsys):
    code, said = built(tmp_path, INDEX + WRONG, "", capsys)
    assert code != 0
    assert "index.rst:12: WARNING" in said
    assert "the sign is wrong" in said
    assert built(tmp_path, INDEX, "", capsys)[0] == 0


def test_settings(tmp_path, capsys):
    vague = INDEX + "\nLet :math:`\\nabla_v J_2 = v` be.\n"
    assert built(tmp_path, INDEX + WRONG, "derive_exclude = ['ind*']", capsys)[0] == 0
    assert built(tmp_path, vague, "", capsys)[0] == 0
    code, said = built(tmp_path, vague, "derive_strict = True", capsys)
    assert code != 0
    assert "is ambiguous" in said
