"""From the text of a formula to its tree: notation as it is written, failures with their places."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.frontends.document import tree
from derive.frontends.document.expressions import MAX_DEPTH as DEEPEST
from derive.frontends.document.parser import parse


def body(text):
    """The tree of a formula of one statement."""
    parsed = parse(text)
    assert not parsed.failures
    ((statement,),) = [row.items for row in parsed.rows]
    return statement.body


def brief(node):
    """A tree as text, without its places."""
    match node:
        case tree.Letter(name=name) | tree.Mark(name=name) | tree.Word(name=name):
            return name
        case tree.Number(text=text):
            return text
        case tree.Run():
            return f"run {node.text}"
        case tree.Empty():
            return "{}"
        case tree.Dots():
            return "…"
        case tree.Styled(style=style, body=inner):
            return f"{style} {brief(inner)}"
        case tree.Group(opening=opening, body=inner, closing=closing):
            return f"{opening}{brief(inner)}{closing}"
        case tree.Listing(items=items):
            return ", ".join(map(brief, items))
        case tree.Conditional(left=left, right=right):
            return f"{brief(left)}|{brief(right)}"
        case tree.Script(base=base, sub=sub, sup=sup, primes=primes):
            made = brief(base) + "'" * primes
            made += f"_[{brief(sub)}]" if sub is not None else ""
            return made + (f"^[{brief(sup)}]" if sup is not None else "")
        case tree.Product(factors=factors, operators=operators):
            made = brief(factors[0])
            for operator, factor in zip(operators, factors[1:], strict=True):
                made += f" {operator or '.'} {brief(factor)}"
            return f"<{made}>"
        case tree.Sum(signs=signs, terms=terms):
            parts = zip(signs, terms, strict=True)
            return "<" + " ".join(f"{sign} {brief(term)}".strip() for sign, term in parts) + ">"
        case tree.Apply(head=head, argument=argument, bare=bare):
            return f"{brief(head)}{' bare' if bare else ''} @ {brief(argument)}"
        case tree.Big(operator=name, sub=sub, body=inner):
            return f"{name}[{brief(sub)}] {brief(inner)}"
        case tree.Derivative(of=of, by=by, form=form):
            return f"d({brief(of)})/d({', '.join(brief(b.variable) for b in by)}) {form}"
        case tree.Chain(sides=sides, relations=relations):
            made = brief(sides[0])
            for relation, side in zip(relations, sides[1:], strict=True):
                made += f" {relation} {brief(side)}"
            return made
    return type(node).__name__


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a(b)", "<a . (b)>"),
        ("f(x)^2", "<f . (x)^[2]>"),
        ("a'", "a'"),
        (r"a^\prime", "a'"),
        ("A^T", "A^[T]"),
        (r"A^\top", "A^[top]"),
        ("{}^t A", "<{}^[t] . A>"),
        (r"a \circ b", "<a circ b>"),
        ("a*b", "<a * b>"),
        ("a / b c", "<a / b . c>"),
        ("x_{ij}", "x_[run ij]"),
        ("x_{i,j}", "x_[i, j]"),
        (r"\mathbf X_{(n,m)}", "bold X_[(n, m)]"),
        ("W^{(l)}", "W^[(l)]"),
        ("W^{[l]}", "W^[[l]]"),
        ("Wx", "run Wx"),
        (r"\log a b", "log bare @ <a . b>"),
        (r"\log(x)^2", "log @ (x)^[2]"),
        (r"\sigma(x)", "<sigma . (x)>"),
        (r"\sum_i a_i b + c", "<sum[i] <a_[i] . b> + c>"),
        (r"\nabla_W L", "<nabla_[W] . L>"),
        (r"\partial_x f", "<partial_[x] . f>"),
        (r"\frac{\partial L}{\partial W} = X^\top G",
         "d(L)/d(W) fraction = <X^[top] . G>"),
        ("p(y|x)", "<p . (y|x)>"),
        (r"i = 1, \dots, n", "i = 1, …, n"),
    ],
)  # fmt: skip
def test_a_notation_and_its_tree(text, wanted):
    assert brief(body(text)) == wanted


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (r"\def\a{\a\a}\a", "endless-macro", 12),
        (r"\newcommand{\a}{x\b}\newcommand{\b}{y\a}a = \a", "endless-macro", 44),
        ("{" * 5000 + "x" + "}" * 5000, "too-deep", DEEPEST),
        ("a+" * 100_000 + "b", "too-long", 0),
        ("a = \x00", "unexpected", 4),
    ],
)
def test_a_failure_has_a_code_and_a_place(text, code, place):
    (failure, *_) = parse(text).failures
    assert (failure.code, failure.start) == (code, place)


@pytest.mark.parametrize("text", ["{a", "a}", r"\frac{a", r"\left( a", r"\frac{a}", "a^", "a = (b"])
def test_half_a_formula_is_no_formula(text):
    failures = parse(text).failures
    assert failures and all(0 <= failure.start <= len(text) for failure in failures)
    assert all(failure.code and failure.message for failure in failures)


def test_macros_that_double_each_other_are_bounded():
    names = "abcdefghijklmnopqrstuvwxy"
    doubling = "".join(rf"\def\{b}{{\{a}\{a}}}" for a, b in pairwise(names))
    assert parse(rf"\def\a{{x}}{doubling}\y").failures[0].code == "endless-macro"


PIECES = st.sampled_from(
    [*"abxW12+-=()[]{}^_|&,.'*/ ", r"\frac", r"\partial ", r"\sum", r"\left(", r"\right)", r"\\",
     r"\begin{cases}", r"\end{cases}", r"\begin{pmatrix}", r"\end{pmatrix}", r"\text{", r"\def",
     r"\newcommand", r"\nabla", r"\log ", r"\hat", r"\mathbf", r"\|", r"\in", r"\mathbb{R}", "如"]
)  # fmt: skip


@given(st.one_of(st.lists(PIECES, max_size=25).map("".join), st.text(max_size=25)))
@settings(max_examples=150, deadline=None)
def test_nothing_crashes_and_every_node_stands_in_the_text(text):
    parsed = parse(text)
    for failure in parsed.failures:
        assert 0 <= failure.start <= len(text)
    for row in parsed.rows:
        for item in row.items:
            for node in item.walk():
                assert 0 <= node.start <= node.end <= len(text)
