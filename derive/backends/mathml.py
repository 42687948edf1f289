"""LaTeX as MathML Core, as short as browsers need it.

The converter, latex2mathml, writes for every reader there is: each letter of a word by itself, what
operators are by default, a row around whatever stands in braces. Most of a page would be that.
"""

from __future__ import annotations

import functools
import re
import unicodedata
import xml.etree.ElementTree as Xml

SPACE = "{http://www.w3.org/1998/Math/MathML}"
MATHML = SPACE + "m"
# Attributes that the converter writes; none of them runs or loads anything.
SAFE = frozenset({
    "accent", "accentunder", "class", "columnalign", "columnlines", "columnspacing", "depth",
    "display", "displaystyle", "fence", "form", "height", "largeop", "linebreak", "linethickness",
    "lspace", "mathbackground", "mathcolor", "mathsize", "mathvariant", "maxsize", "minsize",
    "movablelimits", "notation", "rowlines", "rowspacing", "rspace", "scriptlevel", "separator",
    "stretchy", "symmetric", "voffset", "width",
})  # fmt: skip
ON_PAPER = {100: 58, 75: 77, 55: 105, 40: 145, 28: 207, 20: 290, 14: 400}  # per cent: characters
SCRIPT = 0.7  # of a subscript to what it stands at
RELATIONS = frozenset("=+−≤≥⊙≠<>→×")
BRACKETS = frozenset("()[]{}|‖⌊⌋⌈⌉⟨⟩")  # stretch and fence by themselves, first or last in a row


@functools.lru_cache(maxsize=4096)
def mathml(latex: str, display: bool) -> str | None:
    """LaTeX as an element that stands in a page of HTML; None where the converter does not know
    it, or would take over something else than mathematics.
    """
    from latex2mathml.converter import convert

    try:
        found = convert(latex, display="block" if display else "inline")
    except Exception:  # whatever a converter stumbles over is shown as it is written
        return None
    # It takes over text from LaTeX as it is: only what is MathML, and nothing else, is shown.
    root = parsed(re.sub(r"&(?!#?\w+;)", "&amp;", found), MATHML, SAFE)
    if root is None:
        return None
    for element in root.iter():
        element.tag = element.tag.removeprefix(SPACE)  # a page of HTML knows the namespace
    _shorten(root)
    if root.get("display") == "inline":
        del root.attrib["display"]
    if len(root) == 1 and root[0].tag == "mrow" and not root[0].attrib:
        root[:] = list(root[0])
    if narrow := _narrow(_width(root)):
        root.set("class", narrow)
    return Xml.tostring(root, encoding="unicode")


def parsed(text: str, space: str, attributes: frozenset[str]) -> Xml.Element | None:
    """XML of nothing but a namespace's elements with some attributes; None of any other."""
    try:
        root = Xml.fromstring(text)
    except Xml.ParseError:
        return None
    safe = all(e.tag.startswith(space) and attributes.issuperset(e.attrib) for e in root.iter())
    return root if safe else None


def _width(element: Xml.Element) -> float:
    """How wide an element is set, in characters: a fraction is as wide as its wider part, scripts
    stand above one another. Browsers set a character in 5 to 11 pixels of 16.
    """
    parts = [_width(child) for child in element]
    if element.tag == "mfrac":
        return max(parts, default=0) + 0.5
    if element.tag in ("msub", "msup", "msubsup") and parts:
        return parts[0] + SCRIPT * max(parts[1:], default=0)
    if element.tag in ("munder", "mover", "munderover") and parts:
        return max(parts[0], SCRIPT * max(parts[1:], default=0))
    if element.tag == "mtable":
        rows = zip(element, parts, strict=True)
        return max((wide + 2 * len(row) for row, wide in rows), default=0)
    if element.tag == "mo" and element.text in RELATIONS:
        return 1.7  # with the space on its sides
    return len(element.text or "") + sum(parts) + 0.5 * (element.tag == "mspace")


def _narrow(characters: float) -> str:
    """The class of a formula that is wider than paper: it is set smaller there, since nothing
    scrolls in print and browsers do not break formulas.
    """
    percent = next((p for p, most in ON_PAPER.items() if characters <= most), min(ON_PAPER))
    return "" if percent == 100 else f"on-paper-{percent}"


def _shorten(element: Xml.Element) -> None:
    """Leave out what browsers do all the same."""
    for position, child in enumerate(element):
        if (word := _word(child)) is not None:
            element[position] = child = word
        _shorten(child)
        # An operator alone is kept: in a row of its own it is neither the first nor the last.
        if child.tag == "mrow" and not child.attrib and len(child) == 1 and child[0].tag != "mo":
            element[position] = child[0]
    if element.tag == "mrow" and len(element) > 1:
        _imply(element[0], "prefix")
        _imply(element[-1], "postfix")
    if (variant := element.get("mathvariant")) is not None:
        _vary(element, variant)
    if element.tag == "mtable":
        _align(element)


def _word(row: Xml.Element) -> Xml.Element | None:
    """The letters of a word as one name, as which it is read aloud, too; None of another row."""
    variants = {letter.get("mathvariant") for letter in row}
    if row.tag != "mrow" or row.attrib or len(row) < 2 or any(len(letter) for letter in row):
        return None
    if variants not in ({"italic"}, {"normal"}):
        return None
    word = Xml.Element("mi", {"class": "word"} if variants == {"italic"} else {})
    word.text = "".join(row.itertext())
    return word


def _imply(bracket: Xml.Element, form: str) -> None:
    """Leave out of a bracket at an end of a row what it is there by itself."""
    if bracket.tag != "mo" or bracket.text not in BRACKETS or bracket.get("form") != form:
        return
    for name in ("form", "fence", *(("stretchy",) if bracket.get("stretchy") == "true" else ())):
        bracket.attrib.pop(name, None)


def _align(table: Xml.Element) -> None:
    """The alignment that all cells have as a class of their table: browsers ask the style alone."""
    cells = [cell for row in table for cell in row]
    if len(sides := {cell.get("columnalign", "") for cell in cells}) != 1:
        return
    if side := sides.pop():
        table.set("class", f"to-{side}")
        for cell in cells:
            del cell.attrib["columnalign"]


def _vary(element: Xml.Element, variant: str) -> None:
    """Bold and the like by characters that are so: MathML Core has no other way, and a letter is
    italic by itself.
    """
    text = element.text or ""
    if element.tag == "mi" and len(text) == 1 and variant == "italic":
        del element.attrib["mathvariant"]
        return
    varied = [_varied(character, variant) for character in text]
    if variant != "normal" and None not in varied:
        element.text = "".join(filter(None, varied))
        del element.attrib["mathvariant"]


def _varied(character: str, variant: str) -> str | None:
    """A letter or a digit as the mathematical character of that variant; None where it has none."""
    kind = unicodedata.name(character, "").replace("LATIN ", "").replace("GREEK ", "")
    style = variant.replace("-", " ").upper()
    if kind.startswith("DIGIT"):
        style = style.removesuffix(" ITALIC")  # digits are never italic
    try:
        return unicodedata.lookup(f"MATHEMATICAL {style} {kind.replace('LETTER ', '')}")
    except KeyError:
        return None
