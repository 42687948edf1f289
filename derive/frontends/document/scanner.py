"""From the text of a formula to tokens.

A token is a tuple (key, text, start, end, spaced). ``key`` says what it is:

* ``"L"`` letters that stand together, ``"N"`` a number, ``"T"`` text (``\\text{…}`` and its like:
  ``text`` is the content), ``"P"`` letters of no mathematical alphabet, as Chinese ones, bare;
* ``"\\\\frac"``: a command; letters and signs of Unicode come as the command for them;
* any other character stands for itself; ``":="``, ``"<="`` and the like are one token;
* ``"W"``: a wide space, which may part two statements.

``spaced`` says that a space stands before the token. Comments and thin spaces are left out.
"""

from __future__ import annotations

import re
import unicodedata

Token = tuple[str, str, int, int, bool]

MAX_LENGTH = 20_000


class NotUnderstood(Exception):
    """A formula, or a part of it, cannot be read: ``code``, a sentence, the range of the text."""

    def __init__(self, code: str, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.start = start
        self.end = end


_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n\u00a0\u2009\u200a\u200b\u202f]+)
  | (?P<letters>[A-Za-z]+)
  | (?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)
  | (?P<command>\\[A-Za-z@]+)
  | (?P<escape>\\.)
  | (?P<comment>%[^\n]*)
  | (?P<pair>:=|=:|<=|>=|==|!=|\|\|)
  | (?P<sign>[^\x80-\U0010ffff\\A-Za-z0-9 \t\r\n%])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)

_THIN = frozenset(
    [
        "\\,",
        "\\:",
        "\\;",
        "\\!",
        "\\>",
        "\\/",
        "\\thinspace",
        "\\medspace",
        "\\thickspace",
        "\\negthinspace",
        "\\negmedspace",
        "\\negthickspace",
        "\\displaystyle",
        "\\textstyle",
        "\\scriptstyle",
        "\\scriptscriptstyle",
        "\\limits",
        "\\nolimits",
        "\\allowbreak",
        "\\nobreak",
        "\\noindent",
        "\\strut",
        "\\mathstrut",
        "\\null",
        "\\relax",
        "\\hfill",
        "\\centering",
        "\\small",
        "\\large",
        "\\normalsize",
        "\\footnotesize",
        "\\nonumber",
        "\\notag",
        "\\space",
        "\\displaylimits",
        "\\-",
        "\\@",
        "\\break",
        "\\newline@",
        "\\protect",
        "\\hfil",
        "\\Large",
        "\\tiny",
        "\\scriptsize",
        "\\big",
        "\\Big",
        "\\bigg",
        "\\Bigg",
    ]
) | {"\\ ", "\\\n"}
_WIDE = frozenset(["\\quad", "\\qquad", "\\enspace", "\\enskip"])
# Spaces and the like that take an argument; what it holds is not a part of the formula.
_MEASURED = frozenset(
    [
        "\\hspace",
        "\\hspace*",
        "\\vspace",
        "\\vspace*",
        "\\mspace",
        "\\phantom",
        "\\hphantom",
        "\\vphantom",
        "\\color",
        "\\setlength",
        "\\arraystretch",
        "\\kern",
        "\\mkern",
        "\\hskip",
        "\\mskip",
        "\\noalign",
    ]
)
_TEXT = frozenset(
    [
        "\\text",
        "\\textrm",
        "\\textit",
        "\\textsf",
        "\\texttt",
        "\\textbf",
        "\\textnormal",
        "\\textsc",
        "\\textup",
        "\\mbox",
        "\\hbox",
        "\\emph",
        "\\textmd",
        "\\intertext",
        "\\shortintertext",
    ]
)
_REFERENCES = frozenset(
    ["\\ref", "\\eqref", "\\cite", "\\citep", "\\citet", "\\cref", "\\autoref", "\\footnote"]
)
# Sizes that say on which side a bar stands.
_LEFT = frozenset(["\\bigl", "\\Bigl", "\\biggl", "\\Biggl"])
_RIGHT = frozenset(["\\bigr", "\\Bigr", "\\biggr", "\\Biggr"])
_MIDDLE = frozenset(["\\bigm", "\\Bigm", "\\biggm", "\\Biggm", "\\middle"])

_GREEK = {
    letter: "\\" + name
    for letter, name in zip(
        "αβγδεζηθικλμνξπρστυφχψωϵϑϕϖϱςΓΔΘΛΞΠΣΥΦΨΩ",
        [
            "alpha",
            "beta",
            "gamma",
            "delta",
            "varepsilon",
            "zeta",
            "eta",
            "theta",
            "iota",
            "kappa",
            "lambda",
            "mu",
            "nu",
            "xi",
            "pi",
            "rho",
            "sigma",
            "tau",
            "upsilon",
            "varphi",
            "chi",
            "psi",
            "omega",
            "epsilon",
            "vartheta",
            "phi",
            "varpi",
            "varrho",
            "varsigma",
            "Gamma",
            "Delta",
            "Theta",
            "Lambda",
            "Xi",
            "Pi",
            "Sigma",
            "Upsilon",
            "Phi",
            "Psi",
            "Omega",
        ],
        strict=True,
    )
}
_SIGNS = {
    "−": "-", "–": "-", "‐": "-", "＋": "+", "×": "\\times", "·": "\\cdot", "⋅": "\\cdot",
    "∙": "\\cdot", "•": "\\bullet", "÷": "\\div", "∘": "\\circ", "⊙": "\\odot", "⊗": "\\otimes",
    "⊕": "\\oplus", "⊖": "\\ominus", "∗": "\\ast", "⋆": "\\star", "★": "\\star", "±": "\\pm",
    "∓": "\\mp", "≤": "\\le", "≥": "\\ge", "⩽": "\\le", "⩾": "\\ge", "≠": "\\ne", "≈": "\\approx",
    "≡": "\\equiv", "≅": "\\cong", "≃": "\\simeq", "∼": "\\sim", "∝": "\\propto", "≔": ":=",
    "≜": "\\triangleq", "≪": "\\ll", "≫": "\\gg", "←": "\\leftarrow", "→": "\\to", "↦": "\\mapsto",
    "⟵": "\\leftarrow", "⟶": "\\to", "⇒": "\\implies", "⟹": "\\implies", "⇔": "\\iff",
    "⟺": "\\iff", "⇐": "\\impliedby", "∈": "\\in", "∉": "\\notin", "∋": "\\ni", "⊂": "\\subset",
    "⊆": "\\subseteq", "⊃": "\\supset", "⊇": "\\supseteq", "∪": "\\cup", "∩": "\\cap",
    "∖": "\\setminus", "∧": "\\wedge", "∨": "\\vee", "¬": "\\neg", "∀": "\\forall",
    "∃": "\\exists", "∴": "\\therefore", "∵": "\\because", "∂": "\\partial", "∇": "\\nabla",
    "∑": "\\sum", "∏": "\\prod", "∫": "\\int", "√": "\\sqrt", "∞": "\\infty", "∅": "\\emptyset",
    "ℓ": "\\ell", "ℏ": "\\hbar", "‖": "\\|", "∥": "\\|", "∣": "|", "⟨": "\\langle",
    "⟩": "\\rangle", "〈": "\\langle", "〉": "\\rangle", "⌊": "\\lfloor", "⌋": "\\rfloor",
    "⌈": "\\lceil", "⌉": "\\rceil", "…": "\\ldots", "⋯": "\\cdots", "⋮": "\\vdots", "⋱": "\\ddots",
    "′": "'", "’": "'", "⊥": "\\perp", "†": "\\dagger", "‡": "\\ddagger", "∆": "\\Delta",
    "µ": "\\mu", "（": "(", "）": ")", "，": ",", "；": ";", "：": ":", "＝": "=", "［": "[",
    "］": "]", "｛": "\\{", "｝": "\\}", "。": ".", "．": ".", "、": ",", "！": "!",
    "＜": "<", "＞": ">", "⊳": "\\triangleright", "⊤": "\\top", "⊺": "\\top", "∎": "\\square",
    "⟂": "\\perp", "≺": "\\prec", "≻": "\\succ", "⪯": "\\preceq", "⪰": "\\succeq",
    "≼": "\\preceq", "≽": "\\succeq", "½": "\\half", "″": "''",
}  # fmt: skip
_SUPERSCRIPTS = dict(
    zip(
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱᵀᵗᵏᵐʲˡᵈˢᵃᵇᶜ⁼ᵖᴴ",
        "0123456789+-()niTtkmjldsabc=pH",
        strict=True,
    )
)
_SUBSCRIPTS = dict(
    zip(
        "₀₁₂₃₄₅₆₇₈₉₊₋₍₎ᵢⱼₖₗₘₙₜₓₐₚᵣₛᵤᵥₕ₌",
        "0123456789+-()ijklmntxaprsuvh=",
        strict=True,
    )
)
_ALPHABETS = (
    ("MATHEMATICAL BOLD ITALIC ", "\\mathbf"),
    ("MATHEMATICAL BOLD SCRIPT ", "\\mathcal"),
    ("MATHEMATICAL BOLD FRAKTUR ", "\\mathfrak"),
    ("MATHEMATICAL BOLD ", "\\mathbf"),
    ("MATHEMATICAL SANS-SERIF BOLD ITALIC ", "\\mathbf"),
    ("MATHEMATICAL SANS-SERIF BOLD ", "\\mathbf"),
    ("MATHEMATICAL SANS-SERIF ITALIC ", "\\mathsf"),
    ("MATHEMATICAL SANS-SERIF ", "\\mathsf"),
    ("MATHEMATICAL ITALIC ", ""),
    ("MATHEMATICAL SCRIPT ", "\\mathcal"),
    ("MATHEMATICAL FRAKTUR ", "\\mathfrak"),
    ("MATHEMATICAL DOUBLE-STRUCK ", "\\mathbb"),
    ("MATHEMATICAL MONOSPACE ", "\\mathtt"),
    ("DOUBLE-STRUCK CAPITAL ", "\\mathbb"),
    ("SCRIPT CAPITAL ", "\\mathcal"),
    ("SCRIPT SMALL ", "\\mathcal"),
    ("BLACK-LETTER CAPITAL ", "\\mathfrak"),
)
_COMBINING = {
    "\u0302": "\\hat", "\u0304": "\\bar", "\u0305": "\\bar", "\u0303": "\\tilde",
    "\u0307": "\\dot", "\u0308": "\\ddot", "\u20d7": "\\vec",
}  # fmt: skip

_ENVIRONMENT = re.compile(r"\s*\{\s*([A-Za-z]+\*?)\s*\}")
_LENGTH = re.compile(r"\s*(?:\{[^{}]*\}|=?-?[0-9.]+\s*(?:mu|em|ex|pt|cm|mm|in|px)\b)")
_DELIMITER = re.compile(r"\s*([()\[\]|./<>]|\\[{}|]|\\[A-Za-z]+|[‖∥⟨⟩⌊⌋⌈⌉（）∣])")


_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)


def braced(text: str, at: int) -> int:
    """The offset after the ``}`` that closes the ``{`` at ``at``.

    -1 where none does within the length that a formula may have: the search stays bounded.
    """
    depth = 0
    for found in _BRACE.finditer(text, at, at + MAX_LENGTH):
        sign = found.group()
        if sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                return found.end()
    return -1


def scan(text: str) -> list[Token]:
    """The tokens of a formula.

    Raises:
        NotUnderstood: too-long, unbalanced-brace (in a text), missing-argument.
    """
    if len(text) > MAX_LENGTH:
        raise NotUnderstood("too-long", f"The formula has more than {MAX_LENGTH} characters.", 0, 1)
    tokens: list[Token] = []
    add = tokens.append
    match = _TOKEN.match
    at = 0
    length = len(text)
    spaced = False
    while at < length:
        found = match(text, at)
        assert found is not None
        kind = found.lastgroup
        start, at = at, found.end()
        if kind == "space" or kind == "comment":
            spaced = True
            continue
        piece = found.group()
        if kind == "letters":
            add(("L", piece, start, at, spaced))
        elif kind == "sign":
            if piece == "~":
                spaced = True
                continue
            add((piece, piece, start, at, spaced))
        elif kind == "command":
            if piece in _THIN:
                spaced = True
                continue
            if at < length and text[at] == "*" and piece + "*" in _STARRED:
                piece += "*"
                at += 1
            if piece in _SPECIAL:
                at, spaced = _special(text, piece, start, at, spaced, tokens)
                continue
            add((piece, piece, start, at, spaced))
        elif kind == "number":
            add(("N", piece, start, at, spaced))
        elif kind == "escape":
            if piece in _THIN:
                spaced = True
                continue
            if piece == "\\\\":
                if at < length and text[at] == "*":
                    at += 1
                gap = _GAP.match(text, at)
                if gap is not None:
                    at = gap.end()
            elif piece == "\\(" or piece == "\\)":
                pass
            add((piece, piece, start, at, spaced))
        elif kind == "pair":
            key = {"||": "\\|", "==": "="}.get(piece, piece)
            add((key, piece, start, at, spaced))
        else:
            at = _unicode(text, start, spaced, tokens)
        spaced = False
    return tokens


_GAP = re.compile(r"\[\s*-?[0-9.]+\s*(?:em|ex|pt|cm|mm|in|mu|px|\\[a-z]+)\s*\]")
_STARRED = frozenset({"\\operatorname*", "\\hspace*", "\\vspace*", "\\tag*"})
_SPECIAL = (
    _WIDE
    | _MEASURED
    | _TEXT
    | _REFERENCES
    | _LEFT
    | _RIGHT
    | _MIDDLE
    | {"\\left", "\\right", "\\begin", "\\end", "\\tag", "\\tag*", "\\label", "\\not"}
    | {"\\unicode", "\\char", "\\require", "\\hline", "\\cline", "\\operatorname"}
    | {"\\operatorname*", "\\toprule", "\\midrule", "\\bottomrule", "\\rule", "\\textcolor"}
)


def _special(
    text: str, command: str, start: int, at: int, spaced: bool, tokens: list[Token]
) -> tuple[int, bool]:
    """Commands whose argument is no mathematics; the next offset and whether a space precedes."""
    if command in _WIDE:
        tokens.append(("W", command, start, at, True))
        return at, True
    if command in _MEASURED:
        found = _LENGTH.match(text, at)
        if found is not None:
            return found.end(), True
        end = _argument_end(text, at)
        return (end if end > 0 else at), True
    if command in ("\\hline", "\\toprule", "\\midrule", "\\bottomrule"):
        return at, True
    if command in ("\\require", "\\cline"):
        return max(_argument_end(text, at), at), True
    if command == "\\textcolor":
        return max(_argument_end(text, at), at), True
    if command in _TEXT or command in _REFERENCES:
        content, end = _argument(text, command, start, at)
        if command in _REFERENCES:
            content = " " + content + " "
        tokens.append(("T", content, start, end, spaced))
        return end, False
    if command in ("\\tag", "\\tag*", "\\label"):
        content, end = _argument(text, command, start, at)
        tokens.append((command.rstrip("*"), content, start, end, spaced))
        return end, False
    if command in ("\\operatorname", "\\operatorname*"):
        content, end = _argument(text, command, start, at)
        tokens.append(("\\operatorname", content, start, end, spaced))
        return end, False
    if command in ("\\begin", "\\end"):
        found = _ENVIRONMENT.match(text, at)
        if found is None:
            raise NotUnderstood(
                "missing-argument", f"{command} needs the name of an environment.", start, at
            )
        tokens.append((command, found.group(1), start, found.end(), spaced))
        return found.end(), False
    if command in ("\\left", "\\right"):
        found = _DELIMITER.match(text, at)
        if found is None:
            raise NotUnderstood("missing-argument", f"{command} needs a bracket.", start, at)
        bracket = found.group(1)
        bracket = _SIGNS.get(bracket, bracket)
        tokens.append((command, bracket, start, found.end(), spaced))
        return found.end(), False
    if command in _LEFT or command in _RIGHT or command in _MIDDLE:
        found = _DELIMITER.match(text, at)
        bracket = found.group(1) if found is not None else ""
        bracket = _SIGNS.get(bracket, bracket)
        bars = {"|": 1, "\\vert": 1, "\\|": 2, "\\Vert": 2, "\\lvert": 1, "\\rvert": 1}
        bars |= {"\\lVert": 2, "\\rVert": 2}
        if found is not None and bracket in bars:
            single = bars[bracket] == 1
            if command in _LEFT:
                key = "\\lvert" if single else "\\lVert"
            elif command in _RIGHT:
                key = "\\rvert" if single else "\\rVert"
            else:
                key = "\\mid" if single else "\\Mid"
            tokens.append((key, bracket, start, found.end(), spaced))
            return found.end(), False
        return at, True
    if command == "\\not":
        found = re.compile(r"\s*(=|<|>|\\[A-Za-z]+)").match(text, at)
        negated = {
            "=": "\\ne", "\\in": "\\notin", "\\equiv": "\\nequiv", "<": "\\nless", ">": "\\ngtr",
        }  # fmt: skip
        if found is not None and found.group(1) in negated:
            tokens.append((negated[found.group(1)], command, start, found.end(), spaced))
            return found.end(), False
    raise NotUnderstood("unknown-command", f"{command} is not known.", start, at)


def _argument(text: str, command: str, start: int, at: int) -> tuple[str, int]:
    while at < len(text) and text[at] in " \t\n":
        at += 1
    if at >= len(text):
        raise NotUnderstood("missing-argument", f"{command} needs an argument.", start, at)
    if text[at] != "{":
        if text[at] in "\\}$&^_#":
            raise NotUnderstood("missing-argument", f"{command} needs an argument.", start, at)
        return text[at], at + 1
    end = braced(text, at)
    if end < 0:
        raise NotUnderstood("unbalanced-brace", "This { is not closed.", at, at + 1)
    return text[at + 1 : end - 1], end


def _argument_end(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\n":
        at += 1
    return braced(text, at) if at < len(text) and text[at] == "{" else -1


def _unicode(text: str, at: int, spaced: bool, tokens: list[Token]) -> int:
    """One character beyond ASCII, or a run of such that belong together; the offset after it."""
    sign = text[at]
    key = _GREEK.get(sign) or _SIGNS.get(sign)
    if key is not None:
        if key == "\\top" and not (tokens and tokens[-1][0] in ("^", "{", "-", "(")):
            tokens.append(("^", "^", at, at, spaced))
            spaced = False
        if key == "\\half":
            for piece in ("{", "1", "/", "2", "}"):
                tokens.append(("N" if piece.isdigit() else piece, piece, at, at + 1, spaced))
            return at + 1
        if key == "''":
            tokens.append(("'", sign, at, at + 1, spaced))
            key = "'"
        tokens.append((key, sign, at, at + 1, spaced))
        return at + 1
    for table, script in ((_SUPERSCRIPTS, "^"), (_SUBSCRIPTS, "_")):
        if sign not in table:
            continue
        end = at
        tokens.append((script, script, at, at, spaced))
        tokens.append(("{", "{", at, at, False))
        while end < len(text) and text[end] in table:
            written = table[text[end]]
            key = "L" if written.isalpha() else "N" if written.isdigit() else written
            if tokens[-1][0] == key and key in "LN":
                last = tokens.pop()
                tokens.append((key, last[1] + written, last[2], end + 1, False))
            else:
                tokens.append((key, written, end, end + 1, False))
            end += 1
        tokens.append(("}", "}", end, end, False))
        return end
    if (sign in _COMBINING and tokens and tokens[-1][0] in ("L", "\\mathbf")) or (
        sign in _COMBINING and tokens and tokens[-1][0] in _GREEK.values()
    ):
        key, written, start, end, before = tokens.pop()
        if key == "L" and len(written) > 1:
            tokens.append(("L", written[:-1], start, end - 1, before))
            key, written, start, before = "L", written[-1], end - 1, False
        accent = _COMBINING[sign]
        tokens.append((accent, sign, start, at + 1, before))
        tokens.append((key, written, start, at + 1, False))
        return at + 1
    name = unicodedata.name(sign, "")
    for prefix, command in _ALPHABETS:
        if not name.startswith(prefix):
            continue
        plain = unicodedata.normalize("NFKC", sign)
        if plain in _GREEK:
            inner = (_GREEK[plain], plain, at, at + 1, False)
        elif plain.isascii() and plain.isalpha():
            inner = ("L", plain, at, at + 1, False)
        else:
            break
        if command:
            tokens.append((command, command, at, at, spaced))
        elif inner[0] == "L" and tokens and tokens[-1][0] == "L" and tokens[-1][3] == at:
            last = tokens.pop()
            inner = ("L", last[1] + plain, last[2], at + 1, last[4])
        else:
            inner = (*inner[:4], spaced)
        tokens.append(inner)
        return at + 1
    if sign in "\u2061\u2062\u2063\ufeff\u200d\u200c\u2060":
        return at + 1
    if sign.isalnum():
        end = at + 1
        while end < len(text) and ord(text[end]) > 127 and _is_prose(text[end]):
            end += 1
        tokens.append(("P", text[at:end], at, end, spaced))
        return end
    raise NotUnderstood("unknown-sign", f"The sign {sign!r} is not known.", at, at + 1)


def _is_prose(sign: str) -> bool:
    return (
        sign.isalnum()
        and sign not in _GREEK
        and sign not in _SUPERSCRIPTS
        and sign not in _SUBSCRIPTS
        and not unicodedata.name(sign, "").startswith("MATHEMATICAL")
    )
