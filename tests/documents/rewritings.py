"""The same document in other words: what changes nothing that it says must change no verdict.

Each rewriting works on the text of a document, or gives None where it has nothing to do. The
order and the number of the formulas stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Rewriting = Callable[[str], str | None]

_ENVIRONMENTS = r"equation|align|gather|eqnarray|multline"
_MATH = re.compile(
    r"(?P<comment><!-- derive:.*?-->|^% derive:.*?$|^ *\.\. derive:.*?$)"
    r"|(?P<fence>^```(?!math).*?^```)"
    r"|(?P<block>^```math.*?^```|\$\$.*?\$\$|\\\[.*?\\\]"
    rf"|\\begin\{{(?P<name>(?:{_ENVIRONMENTS})\*?)\}}.*?\\end\{{(?P=name)\}}"
    r"|^(?P<indent> *)\.\. math::.*?(?=^(?P=indent)\S|\Z))"
    r"|(?P<line>(?<![\\$])\$(?![\d\s])[^$\n]+(?:\n[^$\n]+)?\$|:math:`[^`]*`)",
    re.S | re.M,
)


def in_formulas(text: str, change: Callable[[str], str], directives: bool = False) -> str:
    """A change made in every formula, and in every directive if that is wanted."""

    def changed(match: re.Match[str]) -> str:
        if match["fence"] or (match["comment"] and not directives):
            return match[0]
        return change(match[0])

    return _MATH.sub(changed, text)


def _unless_same(text: str, new: str) -> str | None:
    return None if new == text else new


def _replacing(pattern: str, replacement: str) -> Rewriting:
    def rewrite(text: str) -> str | None:
        new = in_formulas(text, lambda formula: re.sub(pattern, replacement, formula))
        return _unless_same(text, new)

    return rewrite


def _letters(text: str) -> set[str]:
    """The letters that are written in formulas, outside of commands."""
    found: set[str] = set()

    def collect(formula: str) -> str:
        found.update(_letters_of(formula))
        return formula

    in_formulas(text, collect, directives=True)
    return found


_SKIPPED = re.compile(
    r"\\(?:text|operatorname|mathrm|mathbb|begin|end|label|tag|usepackage|eqref)\*?\{[^{}]*\}"
    r"|\\[A-Za-z]+|\.\. math::|:math:|```math"
)
_DIRECTIVE = re.compile(r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])|\\[A-Za-z]+")


def _tokens(formula: str) -> list[tuple[str, bool]]:
    """The text in pieces: whether a piece is a letter that stands for itself."""
    if "derive:" in formula:
        pieces, end = [], 0
        for match in _DIRECTIVE.finditer(formula):
            pieces.append((formula[end : match.start()], False))
            pieces.append((match[0], len(match[0]) == 1))
            end = match.end()
        return [*pieces, (formula[end:], False)]
    pieces, at = [], 0
    while at < len(formula):
        skipped = _SKIPPED.match(formula, at)
        piece = skipped[0] if skipped else formula[at]
        pieces.append((piece, len(piece) == 1 and piece.isalpha() and piece.isascii()))
        at += len(piece)
    return pieces


def _letters_of(formula: str) -> set[str]:
    return {piece for piece, is_letter in _tokens(formula) if is_letter}


# The rewritings


def transposes(mark: str) -> Rewriting:
    """Another mark for the transpose, where the letter T means nothing else."""

    def rewrite(text: str) -> str | None:
        if "T" in _letters(text) and r"^T" not in text:
            return None
        pattern = r"\^\\top\b|\^\{\\mathsf\{T\}\}" + (r"|\^T\b" if r"^\top" not in text else "")
        new = in_formulas(text, lambda formula: re.sub(pattern, lambda _: mark, formula), True)
        return _unless_same(text, new)

    return rewrite


_BRACED = r"(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*"
_DERIVATIVE = re.compile(
    rf"\\frac\{{\\partial (?P<of>{_BRACED})\}}\{{\\partial (?P<wrt>{_BRACED})\}}(?= &?=)"
)
_SCALARS = {"L", "J", "E", "C", "l", r"\ell", r"\mathcal{L}"}


_FIRST = re.compile(r"(?P<before>\$|`|\n *|\\\\ *|quad *)" + _DERIVATIVE.pattern)


def sloped(text: str) -> str | None:
    r"""`\partial L / \partial W` for the fraction on the left of an equation."""

    def change(match: re.Match[str]) -> str:
        of = f"({match['of']})" if " " in match["of"] else match["of"]
        return rf"{match['before']}\partial {of} / \partial {match['wrt']}"

    return _unless_same(text, in_formulas(text, lambda formula: _FIRST.sub(change, formula)))


def nablas(text: str) -> str | None:
    r"""`\nabla_W L` for `\frac{\partial L}{\partial W}`, where W is a whole array."""
    if "numerator" in text:
        return None

    def change(match: re.Match[str]) -> str:
        of, wrt = match["of"], match["wrt"]
        if of not in _SCALARS or re.search(r"_(\w|\{\w+\})$", wrt):
            return match[0]
        return rf"\nabla_{{{wrt}}} {of}"

    return _unless_same(text, in_formulas(text, lambda formula: _DERIVATIVE.sub(change, formula)))


def fractions_of_nablas(text: str) -> str | None:
    r"""`\frac{\partial J(w)}{\partial w}` for `\nabla_w J(w)`."""
    pattern = r"\\nabla_([a-z]) (\\ell|[A-Z](?:\(\w\))?)(?= &?=)"
    new = in_formulas(
        text,
        lambda f: re.sub(pattern, lambda m: rf"\frac{{\partial {m[2]}}}{{\partial {m[1]}}}", f),
    )
    return _unless_same(text, new)


def renamed(text: str) -> str | None:
    """Other letters for the arrays that are declared, none of which means anything by custom."""
    letters = _letters(text)
    declared = set(re.findall(r"([A-Z])(?:\}|_\w)?(?: \\in|: \w×)", text))
    free = [letter for letter in "MGZBFSVUKPY" if letter not in letters]
    names = dict(zip(sorted(declared - {"T", "I", "L", "O"}), free, strict=False))
    # A letter is not renamed where sizes of its name exist, or a macro of that name.
    return _unless_same(text, in_formulas(text, lambda f: _mapped(f, names), True))


def _mapped(formula: str, names: dict[str, str]) -> str:
    return "".join(names.get(p, p) if is_letter else p for p, is_letter in _tokens(formula))


def bold(text: str) -> str | None:
    """Bold capitals for the arrays that are declared."""
    declared = set(re.findall(r"([A-Z]) \\in|([A-Z]): \w×", text))
    names = {letter for pair in declared for letter in pair if letter}

    def change(formula: str) -> str:
        if "derive:" in formula or r"\mathbf" in formula:
            return formula
        new = "".join(
            rf"\mathbf{{{piece}}}" if is_letter and piece in names else piece
            for piece, is_letter in _tokens(formula)
        )
        return re.sub(r"([_^])(\\mathbf\{\w\})", r"\1{\2}", new)

    return _unless_same(text, in_formulas(text, change))


def wide_brackets(text: str) -> str | None:
    r"""`\left( … \right)` for brackets around more than a name."""
    pattern = r"(?<!left)(?<![\^_]\{)\(([^()\\&]* [^()\\&]*)\)"
    new = in_formulas(
        text, lambda f: f if "derive:" in f else re.sub(pattern, r"\\left(\1\\right)", f)
    )
    return _unless_same(text, new)


def other_delimiters(text: str) -> str | None:
    r"""`\[ … \]` and `\( … \)` for dollars."""

    def change(formula: str) -> str:
        if formula.startswith("$$"):
            return rf"\[{formula[2:-2]}\]"
        if formula.startswith("$") and "`" not in formula:
            return rf"\({formula[1:-1]}\)"
        return formula

    return _unless_same(text, in_formulas(text, change))


def split_chains(text: str) -> str | None:
    """Every row of an aligned chain as a formula of its own, with its left side repeated."""

    def change(formula: str) -> str:
        match = re.fullmatch(
            r"(?:\$\$\s*)?\\begin\{(align\*?|aligned)\}(.*)\\end\{\1\}(?:\s*\$\$)?", formula, re.S
        )
        match = match or re.fullmatch(
            r"\$\$\s*\\begin\{(aligned|align\*)\}(.*)\\end\{\1\}\s*\$\$", formula, re.S
        )
        if not match or r"\begin" in match[2]:
            return formula
        rows, left = [], ""
        for row in match[2].split("\\\\"):
            start, sign, rest = row.partition("&=")
            if not sign:
                return formula
            left = start.strip() or left
            rows.append(f"$$\n{left} = {rest.strip()}\n$$")
        return "\n\n".join(rows)

    return _unless_same(text, in_formulas(text, change))


REWRITINGS: dict[str, Rewriting] = {
    "^T": transposes("^T"),
    "^{\\mathsf T}": transposes("^{\\mathsf T}"),
    "^{\\intercal}": transposes("^{\\intercal}"),
    "^\\top": transposes("^\\top"),
    "sloped derivatives": sloped,
    "nablas for fractions": nablas,
    "fractions for nablas": fractions_of_nablas,
    "other letters": renamed,
    "bold arrays": bold,
    "wide brackets": wide_brackets,
    "other delimiters": other_delimiters,
    "chains split": split_chains,
    "display fractions": _replacing(r"\\frac(?=\{)", r"\\dfrac"),
    "braces around scripts": _replacing(r"(?<=[\w}])([_^])([A-Za-z0-9])(?![A-Za-z0-9])", r"\1{\2}"),
    "spaces": _replacing(r" (\+|=|\\odot) ", r"\\; \1 \\, "),
    "norms": _replacing(r"\\\|([^|]*?)\\\|", r"\\lVert \1 \\rVert"),
    "carriage returns": lambda text: text.replace("\n", "\r\n"),
}
