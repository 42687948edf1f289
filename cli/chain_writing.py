"""The lines of a chain rule as text, as an ``align*`` of LaTeX, and as data for a page of HTML."""

from __future__ import annotations

import re
from typing import Any

from rich.text import Text
from sympy.printing.pretty.pretty_symbology import greek_unicode

from derive.backends.layout import wrap_expression, wrap_prose
from derive.claims import typesetting
from derive.claims.typesetting import latex_equation, latex_left
from derive.claims.wording import left as left_of
from derive.cli.derivation import Derivation, Line
from derive.language.printing import text_of
from derive.language.typesetting import latex_of

TOGETHER, DOCUMENTED = "put together", "as documented"
OF_DELTA = "delta_z for the gradient in z"
OF_JACOBIAN = "J_z for the Jacobian of z"
OF_G = "G for the gradient in what is computed"
OF_ONES = "1 for a matrix of ones"
_ONES = re.compile(r"\*1(?![\w./])|(?<![\w./])1\*")

_GREEK = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega",
    "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega",
)  # fmt: skip

# Characters of the reasons, as LaTeX's ``\\text`` takes them.
_IN_TEXT = {
    "|": "$|$", "<": "$<$", ">": "$>$",  # other characters in TeX's oldest fonts
    "_": r"\_", "^": r"\textasciicircum{}", "&": r"\&", "ᵀ": r"$^\top$", "⁻¹": r"$^{-1}$",
    "−": "$-$", "⊙": r"$\odot$", "∂": r"$\partial$", "≤": r"$\leq$",
    "↦": r"$\mapsto$", "²": "$^2$", "ⁿ⁻¹": "$^{n-1}$", "ⁿ": "$^n$", "√": r"$\surd$",
    "≠": r"$\neq$", "≥": r"$\geq$", "·": r"$\cdot$", "‖": r"$\Vert$", "∈": r"$\in$",
    **{greek_unicode[name]: rf"$\{name}$" for name in _GREEK},
}  # fmt: skip
_INDENT = 6
_HANG = " " * (_INDENT + 3)


def text_lines(chain: Derivation, width: int) -> list[Text]:
    """A number and an equation for each line, and below it the reasons."""
    lines = [Text(line, "dim") for line in _indented(stands_for(chain), width)]
    for symbol, value in chain.parts.items():
        first, *rest = wrap_expression(f"{text_of(symbol)} = {text_of(value)}", width - 11)
        lines += [Text(f"      with {first}"), *(Text(" " * 11 + part) for part in rest)]
    for number, line in enumerate(chain.lines, start=1):
        head = Text(f"  {number:>2}. ")
        equal = _equal(text_of(line.value), width)
        if line.goes_on:
            lines.append(head.append(equal.pop(0).plain.strip()))
        else:
            first, *rest = wrap_expression(_left_text(line), width - _INDENT)
            lines.append(head.append(first, "bold"))
            lines += [Text(" " * _INDENT + part, "bold") for part in rest]
        lines += equal
        assumed = ", ".join(map(text_of, line.facts))
        why = (*line.reasons, f"as {assumed}") if assumed else line.reasons
        lines += [Text(text, "dim") for text in _indented("; ".join(why), width)]
    if chain.lines and not _repeats(chain):
        if chain.documented.states_both:
            lines.append(Text("      ").append(text_of(chain.documented.left), "bold"))
            lines += _equal(text_of(chain.documented.right), width)
        else:
            lines += _equal(text_of(chain.documented.equals), width)
        lines += [Text(text, "dim") for text in _indented(_end(chain), width)]
    return lines


def _left_text(line: Line) -> str:
    left = left_of(line.claim)
    return left if line.name is None else f"{text_of(line.name)} = {left}"


def stands_for(chain: Derivation) -> str:
    """What the names in its lines and reasons stand for; ``""`` where there are none."""
    names = {str(line.name)[0] for line in chain.lines if line.name is not None}
    said = [OF_JACOBIAN if "J" in names else OF_DELTA] if names else []
    if any(re.search(r"G\b", reason) for line in chain.lines for reason in line.reasons):
        said.append(OF_G)
    if any(_ONES.search(text_of(line.value)) for line in chain.lines):
        said.append(OF_ONES)
    if said:
        said[0] = said[0].replace("for", "stands for", 1)
    return ", and ".join(said)


def _equal(text: str, width: int) -> list[Text]:
    first, *rest = wrap_expression(text, width - len(_HANG) - 2)
    return [Text(f"{_HANG}= {first}"), *(Text(f"{_HANG}  {line}") for line in rest)]


def _indented(text: str, width: int) -> list[str]:
    return [_HANG + line for line in wrap_prose(text, width - len(_HANG))] if text else []


def _repeats(chain: Derivation) -> bool:
    """Whether the last line is the documented side already."""
    claim, last = chain.documented, chain.lines[-1]
    same = last.claim.states_both == claim.states_both
    return same and bool(last.value == claim.documented)


def _end(chain: Derivation) -> str:
    return f"{TOGETHER}, {DOCUMENTED}" if len(chain.lines) > 1 else DOCUMENTED


def latex(chain: Derivation) -> str:
    """The definitions, the lines and the documented side; amsmath is all that it needs."""
    rows = [
        rf"{latex_of(symbol)} &= {latex_of(value)} && \text{{definition}}"
        for symbol, value in chain.definitions.items()
    ]
    for line in chain.lines:
        first, *others = _why(line)
        rows.append(rf"{_left(line)} &= {latex_of(line.value)} && {first}".lstrip())
        rows += [rf"& && {reason}" for reason in others]
    left, relation, right = _split(chain.documented)
    if chain.lines and not chain.documented.states_both:
        left = ""
    if not chain.lines or not _repeats(chain):
        said = _end(chain) if chain.lines else DOCUMENTED
        rows.append(rf"{left} &{relation} {right} && \text{{{said}}}".lstrip())
    if chain.verdict.assumptions:
        facts = r",\; ".join(latex_of(fact) for fact in chain.verdict.assumptions)
        rows.append(rf"&\phantom{{=}} {facts} && \text{{assumed}}")
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}\n"


def latex_of_verdict(verdict: Any) -> str:
    """What does not hold: its verdict, and the reason in a comment, which no font has to have."""
    said = " ".join(verdict.reason.split())
    shown = typesetting.latex_of_verdict(verdict)
    reason = f"% {said}\n" if said else ""
    return reason + "\\begin{equation*}\n" + shown + "\n\\end{equation*}\n"


def _left(line: Line) -> str:
    if line.goes_on:
        return ""
    text = latex_left(line.claim)
    return text if line.name is None else f"{latex_of(line.name)} = {text}"


def _why(line: Line) -> list[str]:
    """The reasons, for a line of the ``align`` each: one beside the other is wider than paper."""
    said = [rf"\text{{{_plain(reason)}}}" for reason in line.reasons]
    if line.facts:
        said.append(r"\text{as } " + r",\; ".join(map(latex_of, line.facts)))
    return said or [r"\text{derived}"]


def _plain(text: str) -> str:
    """Text for LaTeX's ``\\text``: its own characters escaped."""
    for character, written in _IN_TEXT.items():
        text = text.replace(character, written)
    return text


def _split(claim: Any) -> tuple[str, str, str]:
    if claim.states_both:
        relation = r"\leq" if claim.at_most else "="
        return latex_of(claim.left), relation, latex_of(claim.right)
    left, _, right = latex_equation(claim).partition(" = ")
    return left, "=", right


def record(chain: Derivation) -> dict[str, Any]:
    """Plain data: each line in LaTeX, with its reasons."""
    left, relation, right = _split(chain.documented)
    return {
        "id": chain.documented.id,
        "title": chain.documented.title,
        "statement": f"{left} {relation} {right}",
        "definitions": [
            f"{latex_of(symbol)} = {latex_of(value)}" for symbol, value in chain.definitions.items()
        ],
        "lines": [
            {
                "latex": rf"{_left(line)} = {latex_of(line.value)}".lstrip(),
                "reasons": list(line.reasons),
                "facts": [latex_of(fact) for fact in line.facts],
            }
            for line in chain.lines
        ],
        "stands_for": stands_for(chain).replace("delta_", "δ_"),
        "end": _end(chain) if chain.lines and not _repeats(chain) else "",
        "documented": right,
        "assumptions": [latex_of(fact) for fact in chain.verdict.assumptions],
    }
