"""X and the x_i that are its rows or its columns, where the x_i are declared by one of them.

A document that declares x_i ∈ ℝ^p and speaks of an X as well means the matrix of these, whether it
declares X or not: that is one reading, and another is that they have nothing to do with each other.
Which of rows and columns they are is found from the sizes and from the words of the text, "with
rows $x_i^⊤$"; where neither tells, both are readings. So is a y beside y_i ∈ ℝ their vector.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from derive.frontends.document import values
from derive.frontends.document.knowledge import Known
from derive.frontends.document.lookup import known_at
from derive.frontends.document.names import Mention, of_capital
from derive.frontends.document.reader import Reader
from derive.frontends.document.spelling import PRETTY, pretty
from derive.frontends.document.steps import symbol
from derive.frontends.document.values import Value

ROW, COLUMN, APART = "row", "column", "apart"

_WORDS = {
    ROW: re.compile(r"\brows?\b|\bZeilen?\b|\blignes?\b|行", re.I),
    COLUMN: re.compile(r"\bcolumns?\b|\bSpalten?\b|\bcolonnes?\b|列", re.I),
}
_NAME = re.compile(r"(\\?[A-Za-z]+)\}*\s*_\s*\{?\w")
_SENTENCE = re.compile(r"[.!?;](?=\s|$)|\n\s*\n")


def told(text: str) -> Iterator[tuple[str, str]]:
    """The letters of which a text says that they are rows, or columns, of something; once more with
    the capital where the sentence speaks of that, too.
    """
    for sentence in _SENTENCE.split(text):
        kinds = [kind for kind, words in _WORDS.items() if words.search(sentence)]
        for found in _NAME.finditer(sentence) if len(kinds) == 1 else ():
            written = found[1].removeprefix("\\")
            letter = written if written in PRETTY else written[-1]
            yield letter, kinds[0]
            capital = of_capital(letter)
            if capital and re.search(rf"(?<![A-Za-z]){capital}(?![A-Za-z])", sentence):
                yield letter, capital


def rows_beside(reader: Reader, name: Mention, family: Known) -> Value | None:
    """The array of which the x_i are rows, where an X is declared and spoken of as well; None where
    there is none, or they have nothing to do with it.
    """
    capital = of_capital(name.letter)
    array = known_at(reader, capital) if capital in reader.about else None
    if array is None or array.kind != "shape" or len(array.sizes) != 2 or len(family.sizes) != 1:
        return None
    sizes = ((ROW, array.sizes[1]), (COLUMN, array.sizes[0]))
    fitting = [kind for kind, size in sizes if size == family.sizes[0]]
    how = picked(reader, name.letter, capital, fitting)
    if how == APART:
        return None
    whole = symbol(reader, capital, name.node)
    return whole if how == ROW else values.transpose(whole)


def picked(reader: Reader, letter: str, array: str, kinds: list[str]) -> str:
    """Which of these the x_i are of an array; apart in a reading of its own."""
    around = reader.knowledge.around(reader.section)
    said = {kind for at, kind in reader.knowledge.stacked.get(letter, ()) if at in around}
    kinds = [kind for kind in kinds if not said or kind in said]
    if not kinds:
        return APART
    label = f"{pretty(letter)}_i beside {pretty(array)}"
    options = kinds if array in said else [*kinds, APART]
    how: str = reader.choices.pick(label, tuple(options)) if options[1:] else options[0]
    if how != APART:
        is_a = f"a {how}" if array != letter else "an entry"
        reader.note(f"each {pretty(letter)}_i is {is_a} of {pretty(array)}")
    return how
