"""What prose suggests: assumptions that are tried where a claim fails without them, and told.

Nothing here makes a claim hold. A claim that is refuted, and is not with such an assumption, is
ambiguous, and the report names the declaration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import sympy as sp
from sympy.assumptions import AppliedPredicate

from derive.claims.kinds import Claim
from derive.frontends.document.contents import Place
from derive.language.operators import entry

SYMMETRIC = re.compile(r"symmetri|symétri|对称", re.I)
ORTHOGONAL = re.compile(r"orthogonal|orthonormal|正交", re.I)
POSITIVE = re.compile(r"positive|strictly greater|positiv|正数|正的", re.I)
SUMMING = re.compile(
    r"one-hot|sums? to (?:1|one)|probabilit|distribution|wahrscheinlich|summier|somme|和为|"
    r"求和|概率|独热",
    re.I,
)
UNIT = re.compile(r"unit (?:vector|norm|length)|normali[sz]ed|einheits|unitaire|单位", re.I)


CASE = re.compile(
    r"\b(?:if|when|whenever|unless|suppose|wenn|falls|si|lorsque|cuando)\b|如果|若|当|假如", re.I
)
SUPPOSED = re.compile(
    r"(?:\b(?:if|when|whenever|unless|suppos\w*|assum\w*|provided|such that|subject to|"
    r"satisfying|"
    r"wenn|falls|sofern|mit der Nebenbedingung|si|lorsque|sous la contrainte|tel(?:le)?s? que)"
    r"(?:\s+(?:that|dass|que|we have|also|moreover))?|如果|若|当|假如|假设|满足)[\s,:]*"
    r"(?:\$+|\\[\[(]|:math:`|\.\. math::)?\s*$",
    re.I,
)
ORTHOGONAL = re.compile(
    r"orthogon|orthonorm|unitar|whiten|decorrelat|rotation|isometr|stiefel|invers|"
    r"\b(?:let|where|with|for|suppos\w*|assum\w*|such that|so that|subject to|if|when|satisf\w*|"
    r"constrain\w*|requir\w*|impos\w*|enforc\w*|sei(?:en)?|mit|wobei|falls|wenn|gilt|soit|avec|où|"
    r"tel(?:le)?s? que)\b|正交|可逆|白化|设|满足|其中|约束|假设|若|如果|当",
    re.I,
)
AT_AN_END = re.compile(
    r"(?:boundary|initial|terminal|final|periodic\w*)\s+(?:conditions?|values?)|"
    r"(?:Rand|Anfangs|End)(?:bedingung|wert)|conditions?\s+(?:aux\s+limites|initiales?|de\s+bord)|"
    r"(?:边界|初始|终端)条件",
    re.I,
)
CONSTRAINED = re.compile(
    r"\bs\.\s*t\.|subject(?:\s|~|\\ )+to|Nebenbedingung|u\.\s*d\.\s*N|"
    r"sous (?:la |les )?contrainte|约束",
    re.I,
)
SATISFIED = re.compile(
    r"(?:\b(?:satisf\w*|fulfil\w*|solves?|obeys?|erfüll\w*|löst|genügt|vérifie\w*)|满足|"
    r"\b(?:solve|solving|solutions?|roots?|zeros?)\b[^.!?]{0,60}\bequations?)[\s,:]*"
    r"(?:\$+|\\[\[(]|:math:`|\.\. math::|\\begin\{[a-z]+\*?\})?\s*$",
    re.I,
)
ANY_FUNCTION = re.compile(
    r"activation|non-?linearit|non-?linear function|"
    r"(?:element|entry|component|coordinate)-?\s?wise|point-?wise|differentiable|Aktivierung|Nichtlinearit|elementweise|激活函数|逐元素",
    re.I,
)
PARTICULAR = re.compile(
    r"sigmoid|logisti|tanh|hyperbolic|relu|rectif|softmax|softplus|elu\b|sine|identity|linear\b",
    re.I,
)
OTHER_CASE = re.compile(
    r"^\W*(?:with|for|under|using|in|if|when|where)\b[^`$]*`+[^`]+`+|"
    r"^\W*(?:in|for|under|im|dans)\s+(?:\w+\s+){1,3}"
    r"(?:cases?|variants?|versions?|settings?|modes?|Fall|Variante|cas|variante)\b|"
    r"^\W*(?:otherwise|sonst|sinon)\b|情况|否则|变体",
    re.I,
)
_OPENED = re.compile(r"[\s:$]*(?:\.\. math::|\\\[|\\begin\{[a-z]+\*?\})?\s*$")
_ENDED = re.compile(r"[.!?;](?=\s|$)|\n\s*\n|\$\$|\\\]")
SENTENCE = re.compile(r"[.!?;:。！？；：](?=\s|$)|\n\s*\n")


def is_case(source: str, place: Place) -> bool:
    """Whether the sentence before a formula makes it the condition of a case: "if A = A⊤"."""
    before = source[max(0, place.offset - 200) : place.offset]
    return CASE.search(SENTENCE.split(before)[-1]) is not None


def is_of_another_case(source: str, place: Place) -> bool:
    """Whether the sentence before a formula may say that it is for another case than what the
    document says elsewhere: "With `unit=SHARPE`, the forecast is", "in the second variant".
    """
    before = _OPENED.sub("", source[max(0, place.offset - 300) : place.offset])
    return OTHER_CASE.search(_ENDED.split(before)[-1]) is not None


def is_of_some(source: str, place: Place) -> bool:
    """Whether the sentence of a formula may say which matrices have a product that is I."""
    before = source[max(0, place.offset - 300) : place.offset]
    return ORTHOGONAL.search(SENTENCE.split(before)[-1]) is not None


def is_supposed(source: str, place: Place, defined: bool) -> bool:
    """Whether the words right before a formula say that it is supposed: "if AB = BA".

    :param defined: whether it speaks of what the document defines, which satisfies it or not; what
        else satisfies an equation is what it is a condition for.
    """
    if AT_AN_END.search(source, max(0, place.offset - 200), place.offset) is not None:
        return True
    before = source[max(0, place.offset - 160) : place.offset]
    if SUPPOSED.search(before[-60:]) is not None:
        return True
    return not defined and SATISFIED.search(before) is not None


def is_any_function(source: str, letter: str) -> bool:
    """Whether a text says of a letter that it is an activation, or applied entry by entry, and not
    which one: "where $g$ is applied elementwise".
    """
    mark = rf"(?:\$|\\\(|`){re.escape(letter)}(?:\(\w*\))?(?:\$|\\\)|`)"
    for found in re.finditer(mark, source):
        after = SENTENCE.split(source[found.end() : found.end() + 80])[0]
        before = SENTENCE.split(source[max(0, found.start() - 40) : found.start()])[-1]
        told = re.match(r"\s*(?:is|are|denotes?|be|an?\b|ist|sei|,|是|为)", after)
        if told and ANY_FUNCTION.search(after) and not PARTICULAR.search(before + after):
            return True
        if re.search(r"(?:activation|nonlinearity)(?: functions?)?\s*$", before, re.I):
            return not PARTICULAR.search(before + after)
    return False


SEMIDEFINITE = " is positive semidefinite by line"


def semidefinite(claim: Claim, inferred: Sequence[str]) -> Claim | None:
    """A claim with what is said to be semidefinite as definite: what refutes that refutes it, too.
    None where nothing is said to be.
    """
    names = {said.partition(SEMIDEFINITE)[0] for said in inferred if SEMIDEFINITE in said}
    given = getattr(claim, "given", ())
    facts = [
        sp.Q.positive_definite(fact.arg)
        for fact in given
        if isinstance(fact, AppliedPredicate) and getattr(fact.arg, "name", "") in names
    ]
    if not facts:
        return None
    changes: dict[str, Any] = {"given": (*given, *facts)}
    made: Claim = replace(claim, **changes)
    return made


def suggested(claim: Claim, text: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Assumptions that the words of a text may make about the arrays of a claim, in words."""
    arrays = [
        symbol
        for symbol in sorted(_symbols(claim), key=str)
        if isinstance(symbol, sp.MatrixSymbol) and symbol not in claim.where
    ]
    square = [array for array in arrays if array.shape[0] == array.shape[1] != 1]
    vectors = [array for array in arrays if 1 in array.shape and array.shape != (1, 1)]
    if square and SYMMETRIC.search(text):
        yield _all(square, "symmetric"), tuple(map(sp.Q.symmetric, square))
    if square and ORTHOGONAL.search(text):
        yield _all(square, "orthogonal"), tuple(map(sp.Q.orthogonal, square))
    if vectors and SUMMING.search(text):
        for vector in vectors:
            yield f"{vector.name} sums to 1", (sp.Eq(_total(vector), 1, evaluate=False),)
    matrices = [array for array in arrays if 1 not in array.shape]
    if matrices and SUMMING.search(text):
        i, j = sp.Symbol("row", integer=True), sp.Symbol("col", integer=True)
        for array in matrices:
            total = sp.Sum(entry(array, i, j), (j, 0, array.shape[1] - 1))
            yield f"rows of {array.name} sum to 1", (sp.Eq(total, 1, evaluate=False),)
    if vectors and UNIT.search(text):
        for vector in vectors:
            k = sp.Symbol("k", integer=True)
            at, size = (
                ((k, 0), vector.shape[0])
                if vector.shape[1] == 1
                else (
                    (0, k),
                    vector.shape[1],
                )
            )
            squares = sp.Sum(entry(vector, *at) ** 2, (k, 0, size - 1))
            yield f"{vector.name} unit", (sp.Eq(squares, 1, evaluate=False),)
    scalars = [
        symbol
        for symbol in sorted(_symbols(claim), key=str)
        if isinstance(symbol, sp.Symbol)
        and not symbol.is_integer
        and symbol not in claim.where
        and symbol.is_real
    ]
    if scalars and POSITIVE.search(text):
        yield _all(scalars, "positive"), tuple(map(sp.Q.positive, scalars))


def _all(symbols: list[Any], word: str) -> str:
    return f"{', '.join(symbol.name for symbol in symbols)} {word}"


def _symbols(claim: Claim) -> set[Any]:
    return {
        part
        for said in claim.said
        for part in sp.preorder_traversal(said)
        if isinstance(part, sp.Symbol | sp.MatrixSymbol)
    }


def _total(vector: Any) -> Any:
    k = sp.Symbol("k", integer=True)
    if vector.shape[1] == 1:
        return sp.Sum(entry(vector, k, 0), (k, 0, vector.shape[0] - 1))
    return sp.Sum(entry(vector, 0, k), (k, 0, vector.shape[1] - 1))
