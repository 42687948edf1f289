"""What a document holds, in every container: each formula and directive at its exact place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.frontends.document.containers import read_document
from derive.frontends.document.contents import Directive, Formula, Heading, Lines
from derive.frontends.document.markup import DocumentError, Source, markdown, rst, tex

DIALECTS = {"md": markdown, "tex": tex, "rst": rst}


def read(folder, name, text):
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_document(file, docstrings=name.endswith(".py"))[0]


def placed(contents, kind=Formula):
    return [
        (item.text.strip(), (place := item.place(len(item.text) - len(item.text.lstrip()))).line,
         place.column, place.cell)
        for item in contents.items if isinstance(item, kind)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "formulas"),
    [
        ("a.md", "# t\n\nsee $a$ and\n$$\nb = c\n$$\n",
         [("a", 3, 6, None), ("b = c", 5, 1, None)]),
        ("quoted.md", "> so\n> $$a\n> = b$$\n", [("a\n= b", 2, 5, None)]),
        ("fenced.md", "```\n$a$\n```\n`$b$` \\$ 5 and $c$\n", [("c", 4, 17, None)]),
        ("costs.md", "it costs $5 and $6 today\n", []),
        ("crlf.md", "\r\nx $a$\r\n", [("a", 2, 4, None)]),
        ("mark.md", "\ufeff$a$\n", [("a", 1, 2, None)]),
        ("a.tex", "% $x$\n\\begin{document}\n$a$ \\[ b \\] \\(c\\)\n",
         [("a", 3, 2, None), ("b", 3, 8, None), ("c", 3, 15, None)]),
        ("a.rst", "Title\n=====\n\n:math:`a` and\n\n.. math::\n\n   b = c\n",
         [("a", 4, 8, None), ("b = c", 8, 4, None)]),
        ("a.py", 'def f(x):\n    r"""Is $a$.\n\n    $$b$$\n    """\n',
         [("a", 2, 13, None), ("b", 4, 7, None)]),
        ("plain.py", 'def f(x):\n    """Is $\\\\alpha$ and $b$."""\n',
         [("\\alpha", 2, 12, None), ("b", 2, 26, None)]),
        ("a.ipynb", json.dumps({"cells": [
            {"cell_type": "code", "source": "print('$x$')"},
            {"cell_type": "markdown", "source": ["see\n", "$a$"]},
        ]}), [("a", 2, 2, 1)]),
    ],
)  # fmt: skip
def test_formulas_stand_where_they_are_written(tmp_path, name, text, formulas):
    assert placed(read(tmp_path, name, text)) == formulas


def test_an_environment_is_a_formula_with_its_name(tmp_path):
    for name in ("a.md", "a.tex"):
        text = "so\n\\begin{align*}\na &= b\\\\\n&= c\n\\end{align*}\n"
        (formula,) = read(tmp_path, name, text).formulas
        assert formula.environment == "align*" and formula.display
        assert formula.place(formula.text.index("&= c")).line == 4


def test_a_document_may_begin_with_an_environment(tmp_path):
    for name in ("a.md", "a.tex"):
        text = "\\begin{align}a = b\\end{align}\n"
        (formula,) = read(tmp_path, name, text).formulas
        assert formula.text == text.strip()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.md", "# Part\n<!-- derive: X: n×d -->\n"),
        ("a.tex", "\\section{Part}\n% derive: X: n×d\n"),
        ("a.rst", "Part\n====\n.. derive: X: n×d\n"),
    ],
)
def test_directives_and_headings(tmp_path, name, text):
    contents = read(tmp_path, name, text)
    assert [one[0] for one in placed(contents, Heading)] == ["Part"]
    ((said, line, column, _),) = placed(contents, Directive)
    assert said == "X: n×d"
    assert text.splitlines()[line - 1][column - 1 :].startswith("X: n×d")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("bytes.md", bytes(range(256)) * 20, "binary"),
        ("wide.md", "$a$".encode("utf-16"), "binary"),
        ("latin.md", "é $a$".encode("latin-1"), "line 1: this is no text in UTF-8"),
        ("long.md", b"a " * 2_600_000, "more than 5 MB"),
        ("cells.ipynb", b"{" + b"[" * 100_000, "no notebook"),
        ("three.ipynb", b'{"cells": 3}', "no notebook"),
        ("half.py", b"def f(:\n", "no Python"),
        ("deep.py", b"(" * 100_000, "no Python"),
    ],
)
def test_what_is_no_document_is_one_sentence(tmp_path, name, content, sentence):
    with pytest.raises(DocumentError, match=sentence) as caught:
        read(tmp_path, name, content)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.md", "$$a\n", "this $$ is not closed"),
        ("a.tex", "x \\[ a\n", "this \\[ is not closed"),
        ("a.md", "<!-- derive: X: n\n", "this comment is not closed"),
        ("a.tex", "\\begin{align} a\n", "this \\begin{align} is not closed"),
    ],
)
def test_what_is_not_closed_is_told(tmp_path, name, text, problem):
    ((_, message),) = read(tmp_path, name, text).problems
    assert message == problem


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "piece", ["$", "$$ ", "` `` ", "\\[ ", "\\begin{align} ", "\\newcommand{", "> ", "<!-- ", "\n"]
)
def test_many_openings_end_in_no_formula(dialect, piece):
    text = piece * 20_000
    contents = DIALECTS[dialect](Source(text, ((0, 0),), Lines.of(text)))
    assert len(contents.formulas) <= 1 and len(contents.problems) <= 100


PIECES = st.sampled_from(
    [*"ab \n$`>#%{}-=", "$$", "\\[", "\\]", "\\(", "\\)", "\\begin{align}", "\\end{align}",
     "```", "<!--", "-->", " derive: ", ".. math::\n\n  ", ":math:`", "\\verb|", "\\newcommand"]
)  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS)
@given(text=st.lists(PIECES, max_size=30).map("".join))
@settings(max_examples=60, deadline=None)
def test_nothing_crashes_and_every_place_is_right(dialect, text):
    contents = DIALECTS[dialect](Source(text, ((0, 0),), Lines.of(text)))
    for formula in contents.formulas:
        place = formula.place(0)
        if "\n" not in formula.text:
            assert text[place.offset : place.offset + len(formula.text)] == formula.text
        assert text.splitlines(True)[place.line - 1 : place.line] or not formula.text


def test_dollars_with_spaces_hold_formulas_where_a_command_stands_between_them():
    text = "It costs $ 5 and $ 10; $ \\alpha $ is a letter, $x $ is none."
    found = markdown(Source(text, ((0, 0),), Lines.of(text)))
    assert [item.text.strip() for item in found.formulas] == ["\\alpha"]


def test_other_files_are_not_read_and_that_is_said():
    found = tex(Source("\\input{a} $x = y$", ((0, 0),), Lines.of("\\input{a} $x = y$")))
    assert [said for _, said in found.problems] == [
        "\\input is not followed: other files are not read"
    ]


def test_a_directive_in_the_preamble_of_tex_is_one():
    text = "% derive: x: n\n\\begin{document}\n$x$\n\\end{document}"
    found = tex(Source(text, ((0, 0),), Lines.of(text)))
    assert [item.text.strip() for item in found.items if isinstance(item, Directive)] == ["x: n"]


def test_a_line_that_is_too_long_for_a_formula_is_told():
    found = markdown(Source("$" + "x+" * 20_000 + "x$", ((0, 0),), Lines.of("")))
    assert len(found.problems) == 1 and "not read" in found.problems[0][1]
