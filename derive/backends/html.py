"""A report as one page of HTML that opens offline: one file, no network, no script needed to read.

Mathematics is MathML Core, which browsers set themselves, converted from LaTeX by latex2mathml: no
fonts and no script are carried along, screen readers can read it, and it can be copied.
"""

from __future__ import annotations

import functools
import re
import xml.etree.ElementTree as Xml
from collections.abc import Mapping, Sequence
from typing import Any

from derive.backends.marks import MARKS
from derive.backends.places import PROBLEMS, counted

MATHML = "{http://www.w3.org/1998/Math/MathML}m"
# Attributes that the converter writes; none of them runs or loads anything.
SAFE = frozenset({
    "accent", "accentunder", "class", "columnalign", "columnlines", "columnspacing", "depth",
    "display", "displaystyle", "fence", "form", "height", "largeop", "linebreak", "linethickness",
    "lspace", "mathbackground", "mathcolor", "mathsize", "mathvariant", "maxsize", "minsize",
    "movablelimits", "notation", "rowlines", "rowspacing", "rspace", "scriptlevel", "separator",
    "stretchy", "symmetric", "voffset", "width",
})  # fmt: skip
LONGEST_MATHEMATICS = 20_000  # characters of LaTeX; more is shown as text, cut off
LARGEST_MATRIX = 12  # rows and columns of a witness that is shown in full


def render(report: Mapping[str, Any]) -> str:
    """The page.

    :raises ModuleNotFoundError: without the extra ``html`` (jinja2, latex2mathml).
    """
    summary = {status: number for status, number in counted(report) if number}
    told = {id: f for f in report.get("formulas", ()) for id in f.get("claims", ())}
    claims = [_of_document(claim, told) for claim in report["claims"]]
    return _template("report.html").render(
        title=report.get("title") or "Derivations",
        claims=claims,
        sections=_sections(claims),
        formulas=[
            f for f in report.get("formulas", ()) if f["outcome"] in PROBLEMS and not f["claims"]
        ],
        summary=summary,
        total=len(report.get("formulas") or claims),
        noun="formula" if report.get("formulas") else "claim",
        marks=MARKS,
    )


def derivations(chains: Sequence[Mapping[str, Any]], title: str) -> str:
    """A page of derivations, line by line: each a statement, its definitions and its lines.

    :raises ModuleNotFoundError: without the extra ``html`` (jinja2, latex2mathml).
    """
    return _template("derivation.html").render(chains=chains, title=title)


def _template(name: str) -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("derive.backends", "pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"math": _math, "anchor": anchor, "matrix": _matrix}
    return environment.get_template(name)


def _of_document(claim: Mapping[str, Any], told: Mapping[str, Any]) -> Mapping[str, Any]:
    """A claim with the place and the outcome of the formula that makes it."""
    formula = told.get(claim["id"])
    if formula is None:
        return claim
    place = {"file": formula["file"], "line": formula["line"], "status": formula["outcome"]}
    return {**claim, **place, "reason": formula.get("message") or claim["reason"]}


def _sections(claims: Any) -> list[tuple[str, list[Any]]]:
    """The claims by file, section or formula, in their order."""
    found: dict[str, list[Any]] = {}
    for claim in claims:
        parts = (claim.get("file"), claim.get("section"), claim.get("formula"))
        name = " · ".join(str(part) for part in parts if part) or "Claims"
        found.setdefault(name, []).append(claim)
    return list(found.items())


def anchor(name: str) -> str:
    """An id of an element, from any name."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "unnamed"


def _math(latex: str, display: bool = False) -> Any:
    """LaTeX as MathML; as text where the converter does not know it."""
    from markupsafe import Markup, escape

    if len(latex) <= LONGEST_MATHEMATICS:
        found = _converted(latex, display)
        if found is not None:
            return Markup(found)
    shown = latex if len(latex) <= 500 else latex[:500] + " …"
    return Markup("<code>{}</code>").format(escape(shown))


@functools.lru_cache(maxsize=4096)
def _converted(latex: str, display: bool) -> str | None:
    from latex2mathml.converter import convert

    try:
        found = convert(latex, display="block" if display else "inline")
    except Exception:  # whatever a converter stumbles over is shown as it is written
        return None
    # It takes over text from LaTeX as it is: only what is MathML, and nothing else, is shown.
    found = re.sub(r"&(?!#?\w+;)", "&amp;", found)
    try:
        elements = list(Xml.fromstring(found).iter())
    except Xml.ParseError:
        return None
    if any(not e.tag.startswith(MATHML) or not SAFE.issuperset(e.attrib) for e in elements):
        return None
    return found


def _matrix(value: Any) -> Any:
    """A value of a witness as LaTeX: a number, or a small matrix; None where it is too large."""
    if isinstance(value, Mapping):
        return None
    rows = value if isinstance(value, list) else None
    if rows is None:
        return _number(value)
    if not rows or any(
        isinstance(row, list) and any(isinstance(x, list) for x in row) for row in rows
    ):
        return None
    rows = [row if isinstance(row, list) else [row] for row in rows]
    if len(rows) > LARGEST_MATRIX or len(rows[0]) > LARGEST_MATRIX:
        return None
    body = r" \\ ".join(" & ".join(_number(x) for x in row) for row in rows)
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


def _number(value: Any) -> str:
    text = str(value)
    if re.fullmatch(r"-?\d+", text):
        return text
    if fraction := re.fullmatch(r"(-?)(\d+)/(\d+)", text):
        return rf"{fraction[1]}\frac{{{fraction[2]}}}{{{fraction[3]}}}"
    return rf"\text{{{re.sub(r'[^0-9A-Za-z.+ …-]', '', text)}}}"
