"""What the words right beside a name say of it: "a symmetric matrix $A ∈ ℝ^{n×n}$", "$A$ is
symmetric", "the one-hot labels $Y$"; and what a formula of its own does: $λ > 0$, $β_t ∈ (0, 1)$.

A statement is decided without it first. What is open then is decided once more with it, where it is
said before the statement or in its sentence, of what is not defined, and of no case. The verdict
names the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from derive.frontends.document import tree
from derive.frontends.document.defining import real_space
from derive.frontends.document.knowledge import Fact, Known
from derive.frontends.document.names import Mention, mention, text_of
from derive.frontends.document.provisos import between
from derive.frontends.document.spelling import PRETTY
from derive.frontends.document.units import Collected, Unit

_WORDS = {
    r"symmetric|symmetrische[snmr]?|symétriques?": "symmetric",
    r"positive[- ]definite|positiv definite[snmr]?|s\.?p\.?d\.?": "positive_definite",
    r"(?:positive )?semi[- ]?definite|positive semi[- ]?definite|p\.?s\.?d\.?|"
    r"covariance|kernel(?= matri)|Gram|precision(?= matri)|correlation(?= matri)":
        "positive_semidefinite",
    r"invertible|non-?singular|invertierbare[snmr]?|inversibles?": "invertible",
    r"orthogonal|orthogonale[snmr]?": "orthogonal",
    r"diagonal": "diagonal",
    r"lower[- ]triangular": "lower_triangular",
    r"upper[- ]triangular": "upper_triangular",
    r"one-hot(?:[- ]encoded)?": "one_hot",
    r"unit(?= vector)|unit[- ](?:norm|length)": "unit",
}  # fmt: skip
_WORD = "|".join(_WORDS)
_FILLER = r"real|square|full-rank|constant|fixed|given|true|noise|prior|posterior|strictly"
_JOINED = rf"(?:{_WORD}|{_FILLER})(?:(?:\s*,\s*|\s+)(?:and\s+|und\s+|et\s+)?(?:{_WORD}|{_FILLER}))*"
_NOUN = r"matri(?:x|ces)|Matri(?:x|zen)|matrices?|vectors?|labels?|targets?|encodings?|rows"
_OPENING = r"(?:\$+|\\\(|:math:`)"
_BEFORE = re.compile(rf"(?<![-\w])(?P<words>{_JOINED})(?:\s+(?:{_NOUN}))*\s*{_OPENING}\s*$", re.I)
_AFTER = re.compile(
    r"^\s*(?:\$+|\\\)|`)\s*,?\s*\(?\s*(?:(?:is|are|be|being|ist|sei|sind|seien|est|soit|sont)\s+)?"
    rf"(?:both\s+|assumed\s+(?:to be\s+)?)?(?:an?\s+|the\s+)?(?P<words>{_JOINED})(?![-\w])"
    r"(?!\s+(?:if|iff|when|only|up|with respect|to)\b)",
    re.I,
)
_CASE = re.compile(
    r"\b(?:if|when|whenever|wenn|falls|si|lorsque)\b|^\s*(?:for|with|für|mit|pour|avec)\b", re.I
)
"""Words in whose sentence a property is a case, in which alone it may be assumed."""

_UNSURE = re.compile(
    r"\b(?:iff|unless|unlike|some|others?|only|later|whether|but|however|although|wrong\w*|"
    r"mistake\w*|case|special|particular|not|non|nor|neither|never|"
    r"without|instead|would|could|might|may|need|must|should|cannot|can|then|so|hence|thus|"
    r"therefore|prove|show|that|nicht|ob|dann|pas)\b|n't\b",
    re.I,
)
"""Words in whose sentence a property is a consequence, or not there."""

_ONLY = re.compile(r"\s*(?:\$+|\\\)|`)\s*(?:only|alone|nur|seulement)\b", re.I)
_OTHERWISE = re.compile(
    r"\b(?:otherwise|else|but|however|only|wrong\w*|mistake\w*|quoted|sonst|aber|sinon|mais)\b",
    re.I,
)

_TAKEN_BACK = re.compile(
    r"\b(?:but|only|not|never|neither|nor|which we|unlike|half|drop\w*|elsewhere|sometimes|often|"
    r"rarely|hardly|approximately|fails?|false|first|second|last|later|earlier|before|previously|"
    r"so far|until|here alone|nicht|aber|nur|mais|pas|seulement)\b|n't\b",
    re.I,
)
"""Words in the rest of whose sentence a property may be taken back."""

_NOT_NECESSARILY = re.compile(r"\b(?:but|and|though)?\s*not necessarily(?:\s+\S+){1,2}", re.I)
_WITHDRAWN = (
    r"(?:\$+|\\\))\s*(?:is|are|be|may be|can be)\s+(?:now\s+)?"
    r"(?:any\b|an?\s+arbitrary|arbitrary|general\b|not\b|no longer|unrestricted)"
)
_DROPPED = re.compile(r"\b(?:drop|abandon|lift|relax)\w*\s+(?:this|that|the|these|our)\s+\w+", re.I)

_THAT = re.compile(
    r"\b(?:assum\w*|suppos\w*|recall\w*|note|know|given)\s+(?:also\s+|further\s+)?that\b", re.I
)
_LET = re.compile(
    r"\b(?:let|assum\w*|suppos\w*|constants?|(?:hyper)?parameters?|fixed|given|scalars?|temperature|"
    r"sei(?:en)?|soit|soient)\b",
    re.I,
)
_SENTENCE = re.compile(r"[.!?;](?=\s|$)|\n\s*\n")
_COMMENT = re.compile(r"<!--[\s\S]*?-->\s*|^[ \t]*%.*$", re.M)
_WHERE = re.compile(r"\b(?:if|when|whenever|for|wenn|falls|für|si|lorsque|pour)\b", re.I)
"""Words after which a comparison is a case."""

_OF_TWO = {"{0,1}": "bit", "{1,0}": "bit", **dict.fromkeys(
    ("{-1,1}", "{-1,+1}", "{1,-1}", "{+1,-1}"), "sign"
)}  # fmt: skip

_REACH = 200


def said_of(collected: Collected, unit: Unit) -> Iterator[list[Fact]]:
    """What to assume of the names of a document at a formula: what its text says of them; the
    one-hot rows of a matrix as columns in the second way.
    """
    facts: list[Fact] = []
    for other in collected.units:
        if other is not unit and _is_told(collected, other, unit):
            facts.extend(_facts(collected, other, unit))
    if facts:
        yield facts
    if any(fact.word == "one_hot" for fact in facts):
        turned = [
            Fact(fact.names, "columns_sum_to_one", None, fact.section, fact.line, fact.how)
            if fact.word == "one_hot"
            else fact
            for fact in facts
        ]
        yield turned


def _is_told(collected: Collected, other: Unit, unit: Unit) -> bool:
    """Whether what is said of a formula is known at another one."""
    if other.formula.display or other.skipped or other.row.failure is not None:
        return False
    return other.at < unit.at or (between(collected.text(unit), unit, other) is not None)


def _facts(collected: Collected, other: Unit, unit: Unit) -> Iterator[Fact]:
    """What the words beside a formula say of its names, where they are the same at another."""
    yield from _signs(collected, other, unit)
    names, declares = _names(other)
    beside = between(collected.text(unit), *sorted((other, unit), key=lambda one: one.at))
    own = beside is not None and _OTHERWISE.search(beside) is None
    words = list(_properties(collected.text(other), other, declares or own, own)) if names else []
    knowledge = collected.knowledge
    for name in names if words else ():
        known = knowledge.declared(name.key, unit.section, unit.at)
        here = knowledge.declared(name.key, other.section, other.at)
        if known is None or known is not here or known.kind != "shape":
            continue
        if other.section not in (known.section, *knowledge.around(unit.section)):
            continue
        if knowledge.defined(name.key, unit.section, unit.at) is not None:
            continue
        if _is_withdrawn(collected.text(unit), other, unit, name):
            continue
        for word in words:
            if _may_be(word, known):
                line = other.place.line
                yield Fact((name.key,), word, None, unit.section, line, "prose")


def _signs(collected: Collected, other: Unit, unit: Unit) -> Iterator[Fact]:
    """What λ > 0, 0 < p < 1 or β_t ∈ (0, 1) say of a number that nothing defines."""
    name, words = _signed(other)
    if name is None or not words:
        return
    knowledge = collected.knowledge
    at = (name.key, unit.section, unit.at)
    if knowledge.defined(*at) is not None:
        return
    known = knowledge.declared(*at)
    if known is not knowledge.declared(name.key, other.section, other.at):
        return
    if other.section not in knowledge.around(unit.section):
        return
    if _is_withdrawn(collected.text(unit), other, unit, name):
        return
    before = _before(collected.text(other), other)
    case = _WHERE.search(before) or _UNSURE.search(_THAT.sub("", before))
    constant = name.letter in PRETTY or name.letter.isupper() or _LET.search(before) is not None
    if not other.declares and (case or not constant):
        return  # "1 where x > 0", "for x > 0"
    for word in words:
        yield Fact((name.key,), word, None, unit.section, other.place.line, "prose")


def _signed(unit: Unit) -> tuple[Mention | None, list[str]]:
    """The name that a formula compares with numbers, and what it is said to be."""
    if len(unit.row.items) != 1 or not isinstance(unit.row.items[0], tree.Statement):
        return None, []
    body = unit.row.items[0].body
    if not isinstance(body, tree.Chain):
        return None, []
    names = [name for side in body.sides if (name := mention(side)) is not None]
    if len(names) != 1 or names[0].after or names[0].primes:
        return None, []
    if body.relations == ("in",):
        return names[0], list(_within(body.sides[1]))
    found = []
    for left, relation, right in zip(body.sides, body.relations, body.sides[1:], strict=False):
        if relation in (">", ">="):
            left, relation, right = right, {">": "<", ">=": "<="}[relation], left
        below = {"0": {"<": "positive", "<=": "nonnegative"}}
        above = {"1": {"<": "below_one", "<=": "at_most_one"}, "0": {"<": "negative"}}
        words = below.get(text_of(left), {}) if mention(right) else above.get(text_of(right), {})
        if relation not in words:
            return None, []
        found.append(words[relation])
    return names[0], found


def _within(space: tree.Node) -> Iterator[str]:
    """What the numbers of (0, 1), [0, 1], (0, ∞), {0, 1} and {−1, 1} are."""
    group, text = space, text_of(space)
    of_two = text_of(space.base) if isinstance(space, tree.Script) else text
    if of_two in _OF_TWO:
        yield _OF_TWO[of_two]
        return
    if not isinstance(group, tree.Group) or group.opening not in ("(", "["):
        yield from {"bla(R)_{>0}": ["positive"], "bla(R)_{++}": ["positive"]}.get(text, ())
        return
    if text[1:-1] not in ("0,1", "0,infty"):
        return
    yield "positive" if group.opening == "(" else "nonnegative"
    if text[1:-1] == "0,1":
        yield "below_one" if group.closing == ")" else "at_most_one"


def _names(unit: Unit) -> tuple[list[Mention], bool]:
    """The names that a formula is about, a bare name or the left of a membership, and whether it
    declares them.
    """
    if len(unit.row.items) != 1 or not isinstance(unit.row.items[0], tree.Statement):
        return [], False
    body, declares = unit.row.items[0].body, False
    if isinstance(body, tree.Chain):
        if body.relations != ("in",) or real_space(body.sides[1], unit.formula.text) is None:
            return [], False
        body, declares = body.sides[0], True
    parts = body.items if isinstance(body, tree.Listing) else (body,)
    found = [mention(part) for part in parts]
    if any(name is None or name.after or name.primes for name in found):
        return [], False
    return [name for name in found if name is not None], declares


def _properties(source: str, unit: Unit, for_all: bool, in_case: bool) -> Iterator[str]:
    """The properties that the words right before and right after a formula state.

    :param for_all: whether what follows "for" is no case: "for a symmetric matrix A ∈ ℝ^{n×n}".
    :param in_case: whether what is said of a case counts.
    """
    before = _before(source, unit)
    end = unit.formula.place(len(unit.formula.text)).offset
    after = source[end : end + _REACH]
    if _ONLY.match(after) or _is_taken_back(after):
        return  # "right for symmetric $A$ only", "is $A$ symmetric?"
    case = _CASE.search(before)
    doubtful = _UNSURE.search(_THAT.sub("", before)) is not None
    if case is not None and not in_case:
        doubtful = doubtful or case.start() > 0 or not for_all
    for said in (_BEFORE.search(before), _AFTER.match(after)):
        if said is None or doubtful:
            continue
        for pattern, word in _WORDS.items():
            if re.search(rf"(?<![-\w])(?:{pattern})(?![-\w])", said["words"], re.I):
                yield word


def _is_taken_back(after: str) -> bool:
    """Whether the rest of a sentence asks, or takes back what it has said."""
    rest = re.match(r"[^.!?;]*(?:[.!;](?!\s|$)[^.!?;]*)*", after)
    assert rest is not None
    words = re.sub(r"\$[^$]*\$", " ", rest[0].lstrip("$ "))
    asked = after[rest.end() : rest.end() + 1] == "?"
    return asked or _TAKEN_BACK.search(_NOT_NECESSARILY.sub("", words)) is not None


def _is_withdrawn(source: str, other: Unit, unit: Unit, name: Mention) -> bool:
    """Whether the text between two formulas says that a name is anything now."""
    if other.place.cell != unit.place.cell or other.at > unit.at:
        return False
    between_ = source[other.formula.place(len(other.formula.text)).offset : unit.place.offset]
    letter = re.escape(name.letter)
    said = re.search(rf"(?<![A-Za-z]){letter}{_WITHDRAWN}", between_, re.I)
    return said is not None or _DROPPED.search(between_) is not None


def _before(source: str, unit: Unit) -> str:
    """What stands before a formula in its sentence."""
    start = unit.formula.place(0).offset
    text = _COMMENT.sub("\n\n", source[max(0, start - _REACH) : start])
    return _SENTENCE.split(text)[-1]


def _may_be(word: str, known: Known) -> bool:
    """Whether an array of a shape can have a property."""
    sizes = [size for size in known.sizes if size != "1"]
    if word in ("one_hot", "unit"):
        return len(sizes) == 1 or (word == "one_hot" and len(sizes) == 2)
    return len(known.sizes) == 2 and known.sizes[0] == known.sizes[1]
