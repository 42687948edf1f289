"""A report as one page of HTML that opens offline: one file, no network, no script needed to read.

Mathematics is MathML Core, which browsers set themselves, converted from LaTeX by latex2mathml: no
fonts and no script are carried along, screen readers can read it, and it can be copied.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from derive.backends.marks import MARKS
from derive.backends.mathml import mathml
from derive.backends.page_sections import sections
from derive.backends.places import PROBLEMS, claims_beside, counted, verb
from derive.backends.witness_values import value_latex, value_text

LONGEST_MATHEMATICS = 20_000  # characters of LaTeX; more is shown as text, cut off
LONGEST_STEP = 800  # the same of a step of a proof: nobody reads more, and there are many
CUT_OFF, CUT_OFF_STEP = 500, 120  # characters that are shown of what is longer


def render(report: Mapping[str, Any]) -> str:
    """The page.

    :raises ModuleNotFoundError: without the extra ``html`` (jinja2, latex2mathml).
    """
    return _template("report.html").render(title=_title(report), **_shown(report))


def fragment(report: Mapping[str, Any]) -> str:
    """The claims of the page alone, to be put into another.

    :raises ModuleNotFoundError: without the extra ``html`` (jinja2, latex2mathml).
    """
    return _template("claims.html").render(**_shown(report))


def _title(report: Mapping[str, Any]) -> str:
    """What the page is about: the file, where it is one."""
    told = (*claims_beside(report), *report.get("formulas", ()))
    files = {one.get("file") for one in told}
    return f"Derivations in {files.pop()}" if len(files) == 1 and all(files) else "Derivations"


def _shown(report: Mapping[str, Any]) -> dict[str, Any]:
    """What the templates show of a report."""
    formulas = report.get("formulas")
    told = {id: formula for formula in formulas or () for id in formula["claims"]}
    claims = [_of_document(claim, told) for claim in report["claims"]]
    if formulas is not None:
        claims = _in_order(claims, formulas)
    statuses = [claim["status"] for claim in claims]
    counts = [(status, number, verb(status, number)) for status, number in counted(report)]
    noun = "claim"
    if formulas is not None:
        noun = "item" if claims_beside(report) else "formula"
    return {
        "sections": sections(claims),
        "problems": report.get("problems", ()),
        "counts": [count for count in counts if count[1]],
        "filters": [status for status in MARKS if status in statuses],
        "total": sum(number for _, number, _ in counts),
        "noun": noun,
        "marks": MARKS,
        "longest_step": LONGEST_STEP,
        "cut_off_step": CUT_OFF_STEP,
    }


def page_of_pasting(key: str, allow_python: bool, most: int) -> str:
    """The page that ``derive serve`` shows.

    :param key: what its requests carry.
    :param allow_python: whether Python is run.
    :param most: how many bytes of text are taken.
    """
    return _template("paste.html").render(key=key, allow_python=allow_python, most=most)


def page_part(name: str) -> str:
    """The text of a style or a script of a page."""
    return resources.files("derive.backends").joinpath("pages", name).read_text("utf-8")


def derivations(chains: Sequence[Mapping[str, Any]], title: str) -> str:
    """A page of derivations, line by line: each a statement, its definitions and its lines; or the
    ``report`` on a claim that does not hold.

    :raises ModuleNotFoundError: without the extra ``html`` (jinja2, latex2mathml).
    """
    page = _template("derivation.html")
    from markupsafe import Markup

    shown = [
        {"fragment": Markup(fragment(_by_ids(chain["report"])))} if "report" in chain else chain
        for chain in chains
    ]
    return str(page.render(chains=shown, title=title))


def _by_ids(report: Mapping[str, Any]) -> dict[str, Any]:
    """A report in which each claim is a section of its own, as the others of the page are."""
    claims = [{**claim, "section": None, "formula": claim["id"]} for claim in report["claims"]]
    return {**report, "claims": claims}


def _template(name: str) -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("derive.backends", "pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "math": _math,
        "as_written": _as_written,
        "anchor": anchor,
        "matrix": value_latex,
        "plain": value_text,
        "claim_anchor": claim_anchor,
        "mapping": _mapping,
    }
    return environment.get_template(name)


def _of_document(claim: Mapping[str, Any], told: Mapping[str, Any]) -> Mapping[str, Any]:
    """A claim with the place and the outcome of the formula that makes it."""
    formula = told.get(claim["id"])
    if formula is None:
        return claim
    reason = formula.get("message") or claim["reason"]
    return {**claim, **_of_formula(formula), "reason": reason}


def _of_formula(formula: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "file": formula["file"],
        "line": formula["line"],
        "column": formula.get("column", 0),
        "status": formula["outcome"],
        "title": "",
        "source": "",
        "written": formula["latex"],
        "parts": _at_its_caret(formula),
        "reading": formula.get("reading", ()),
        "expected": formula.get("expected"),
    }


def _at_its_caret(formula: Mapping[str, Any]) -> tuple[str, str, str]:
    """A formula before, at and after what its message is about; the first alone where that is not
    told, is a whole side, as of what disagrees, or the formula goes over lines.
    """
    line, column = formula.get("caret") or (None, 0)
    latex = formula["latex"]
    at = column - formula.get("column", 0)
    told = formula["outcome"] in PROBLEMS and formula["outcome"] != "disagrees"
    if not told or line != formula["line"] or "\n" in latex or not 0 <= at < len(latex):
        return latex, "", ""
    word = re.match(r"\\[A-Za-z]+|.", latex[at:])
    end = at + (word.end() if word else 1)
    return latex[:at], latex[at:end], latex[end:]


def _in_order(
    claims: Sequence[Mapping[str, Any]], formulas: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """The claims of documents and the formulas that came to none, as they stand there."""
    by_id = {claim["id"]: claim for claim in claims}
    found: list[Mapping[str, Any]] = []
    for formula in formulas:
        found += [by_id.pop(id) for id in formula["claims"] if id in by_id]
        if formula["outcome"] in PROBLEMS and not formula["claims"]:
            reason = formula.get("message") or ""
            found.append({**_of_formula(formula), "anchor": formula_anchor(formula), "id": "",
                          "reason": reason})  # fmt: skip
    return [*by_id.values(), *found]


def claim_anchor(id: str) -> str:
    """The id of the element that shows a claim."""
    return f"claim-{anchor(id)}"


def formula_anchor(formula: Mapping[str, Any]) -> str:
    """The id of the element that shows a formula of which no claim was decided."""
    place = (formula.get("cell"), formula["line"], formula.get("column"))
    return f"formula-{anchor(formula['file'])}-" + "-".join(str(n) for n in place if n is not None)


def anchor(name: str) -> str:
    """An id of an element, from any name."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "unnamed"


def _math(
    latex: str, display: bool = False, longest: int = LONGEST_MATHEMATICS, cut_off: int = CUT_OFF
) -> Any:
    """LaTeX as MathML; as text where it is longer, or the converter does not know it."""
    from markupsafe import Markup, escape

    if len(latex) <= longest:
        found = mathml(latex, display)
        if found is not None:
            return Markup(found)
    shown = latex if len(latex) <= cut_off else latex[:cut_off] + " …"
    return Markup("<code>{}</code>").format(escape(shown))


def _as_written(latex: str) -> Any:
    """A formula as its document writes it, set; ``""`` where it has commands that only the document
    knows.
    """
    from markupsafe import Markup

    plain = re.sub(r"\\(?:label|tag)\{[^{}]*\}|(?<!\\)&", "", latex)
    found = mathml(plain, True) if len(plain) <= LONGEST_MATHEMATICS else None
    return "" if found is None or "\\" in found else Markup(found)


def _mapping(function: str) -> str:
    """``Lambda(t, t**2)`` as t ↦ t**2."""
    found = re.fullmatch(r"Lambda\((\w+|\([\w, ]*\)), (.*)\)", function, re.DOTALL)
    return f"{found[1]} ↦ {found[2]}" if found else function
