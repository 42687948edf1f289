"""The first pass over a document: sections, declarations, definitions, before anything is decided.

What is declared may stand after its use, so that all of it is collected first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from derive.frontends.document import declarations as said
from derive.frontends.document import size_text, tree
from derive.frontends.document.contents import Contents, Directive, Formula, Heading, Paragraph
from derive.frontends.document.counters import member_of, see
from derive.frontends.document.declarations import DeclarationError, Declared
from derive.frontends.document.defining import (
    are_products,
    checked,
    definition,
    is_defining,
    is_product,
    real_space,
    set_to_zero,
    size_names,
)
from derive.frontends.document.dependence import mentioned
from derive.frontends.document.indices import components, letters_of
from derive.frontends.document.knowledge import (
    LINES,
    Fact,
    Knowledge,
    Known,
    Range,
    Section,
)
from derive.frontends.document.labels import labelled
from derive.frontends.document.names import (
    Mention,
    beside_transposes,
    divisors,
    is_transpose,
    mention,
    text_of,
    used_as_arrays,
)
from derive.frontends.document.patterns import Pattern, pattern
from derive.frontends.document.reader import is_ones
from derive.frontends.document.restating import is_circular, restated, used_before
from derive.frontends.document.spelling import PRETTY, size_symbol
from derive.frontends.document.stacked import told
from derive.frontends.document.superscripts import knowing_superscripts
from derive.frontends.document.tree import Node
from derive.frontends.document.typed import NAME_HEADS, SHAPE_HEADS, heading_number, latex
from derive.frontends.document.undeclared import SCALAR_GREEK
from derive.frontends.document.units import DEFINES, EQUALS, Collected, Unit, one_by_one

Parse = Callable[[str], tree.Parsed]


def collect(
    contents: Contents,
    parse: Parse,
    sidecar: Iterable[tuple[str, list[Declared]]] = (),
) -> Collected:
    return _Collector(knowing_superscripts(contents, parse)).run(contents, list(sidecar))


class _Collector:
    def __init__(self, parse: Parse) -> None:
        self.parse = parse
        self.knowledge = Knowledge()
        self.units: list[Unit] = []
        self.problems: list[tuple[int, str]] = []
        self.prose: list[tuple[int, str, int]] = []
        self.open: list[Section] = [self.knowledge.sections[0]]
        self.waiting: list[Declared] = []
        self.chain: tuple[Unit, tree.Statement] | None = None
        self.spoken: dict[int, set[str]] = {}
        self.ends: set[str] = set()  # letters up to which sums go
        self.starts: set[str] = set()  # where sums begin
        self.stated: set[tuple[str, str]] = set()
        self.of_lines: dict[str, int] = {}
        self.stationary: dict[int, set[str]] = {}
        self.sums: list[tuple[Unit, tree.Chain]] = []  # equations that may be conditions
        self.patterns: list[Pattern] = []
        self.instanced: set[tuple[str, int]] = set()  # names that a pattern defines in a section
        self.by_pattern: set[str] = set()
        self.compared_with: list[tuple[Mention, Known]] = []
        self.raised_to_t: set[str] = set()  # letters with a T above

    def run(self, contents: Contents, sidecar: list[tuple[str, list[Declared]]]) -> Collected:
        for heading, found in sidecar:
            if not heading:
                for one in found:
                    self.declared(one, 0, 0)
        self.sidecar = [(heading, found) for heading, found in sidecar if heading]
        self.ranges = [
            (range(int(m[1]), int(m[2] or m[1]) + 1), heading, found)
            for heading, found in self.sidecar
            if (m := re.fullmatch(r"lines (\d+)(?:\s*-\s*(\d+))?", heading))
        ]
        used: set[str] = {heading for _, heading, _ in self.ranges}
        for item in contents.items:
            line = item.place(0).line
            if re.search("relu|rectif|整流", item.text, re.I):
                self.knowledge.speaks_of_relu = True
            if isinstance(item, Heading):
                self.heading(item, line)
                for heading, found in self.sidecar:
                    if (
                        heading.strip() in (item.text.strip(), str(line))
                        or heading_number(item.text) == heading.strip()
                    ):
                        used.add(heading)
                        for one in found:
                            self.declared(one, self.open[-1].number, -1)
            elif isinstance(item, Directive):
                self.directive(item, line)
            elif isinstance(item, Formula):
                self.formula(item)
            elif isinstance(item, Paragraph):
                self.prose.append((self.open[-1].number, item.text, line))
                for letter, kind in told(item.text):
                    stacked = self.knowledge.stacked.setdefault(letter, set())
                    stacked.add((self.open[-1].number, kind))
                self.table(item, line)
        for heading, _ in self.sidecar:
            if heading not in used:
                self.problems.append(
                    (0, f"the sidecar has declarations for “{heading}”, which is no heading")
                )
        for unit, chain in self.sums:
            self.sums_to_one(unit, chain)
        for name, made in self.compared_with:
            taken = any(self.knowledge.is_taken(key) for key in (name.key, name.letter))
            if not taken and name.letter not in self.knowledge.arrays:
                self.knowledge.declare(made)
        self.from_zero()
        self.sizes()
        return Collected(self.units, self.knowledge, self.problems, self.prose)

    # ---- sections and declarations

    def heading(self, item: Heading, line: int) -> None:
        while self.open[-1].level >= item.level:
            self.open.pop()
        number = len(self.knowledge.sections)
        around = (number, *self.open[-1].around)
        section = Section(number, item.level, item.text, line, around, item.is_closed)
        self.knowledge.sections.append(section)
        self.open.append(section)
        self.chain = None

    def directive(self, item: Directive, line: int) -> None:
        problems: list[str] = []
        found = said.items(item.text, line, problems=problems)
        self.problems.extend((line, problem) for problem in problems)
        for one in found:
            if one.kind in ("skip", "expect"):
                self.waiting.append(one)
            else:
                self.declared(one, self.open[-1].number, len(self.units))

    def declared(self, one: Declared, section: int, at: int) -> None:
        """What one item of a directive says goes to where it is looked up."""
        knowledge = self.knowledge
        if one.kind == "option":
            knowledge.options.append((section, one.names[0], one.text, one.line))
            return
        try:
            if one.kind == "fact":
                body = self.body(one.text)
                self.number(body, section, at, one)
                knowledge.facts.append(Fact((), "", body, section, one.line, one.how))
                return
            if one.kind == "definition":
                self.defined_by(one, section, at)
                return
            names = [self.name(text) for text in one.names]
            if one.kind == "property":
                keys = tuple(name.key for name in names)
                knowledge.facts.append(Fact(keys, one.text, None, section, one.line, one.how))
            elif one.kind == "any-scalar":
                seen = tuple(self.name(text).key for text in re.split(r",|\band\b", one.text))
                for name in names:
                    knowledge.declare(
                        Known(name.key, "any-scalar", seen, section, at, one.line, one.how)
                    )
            else:
                sizes = tuple(size_text.split(one.text)) if one.kind == "shape" else ()
                for text in sizes:
                    size_text.size(text, checked)
                for name in names:
                    kind = one.kind
                    if kind == "shape" and sizes == ("1",):
                        kind = "scalar"
                    knowledge.declare(Known(name.key, kind, sizes, section, at, one.line, one.how))
        except (DeclarationError, size_text.SizeError) as problem:
            self.problems.append((one.line, f"a declaration is not read: {problem}"))

    def number(self, body: Node, section: int, at: int, said: Declared) -> None:
        """``T > 0`` in a declaration: what is compared with a number is one, where nothing else
        says what it is.
        """
        if not isinstance(body, tree.Chain) or not set(body.relations) <= {"<", ">", "<=", ">="}:
            return
        names = [name for side in body.sides if (name := mention(side)) is not None]
        numbers = [side for side in body.sides if isinstance(side, tree.Number)]
        if len(names) == 1 and len(numbers) + 1 == len(body.sides) and not names[0].after:
            made = Known(names[0].key, "scalar", (), section, max(at, 0), said.line, said.how)
            self.compared_with.append((names[0], made))

    def defined_by(self, one: Declared, section: int, at: int) -> None:
        left, right = self.body(one.names[0]), self.body(one.text)
        made = definition(left, right, section, max(at, 0), one.line, None)
        if made is None or are_products(left, right) or is_product(left, self.knowledge.is_taken):
            fact = self.body(f"{one.names[0]} = {one.text}")
            self.knowledge.facts.append(Fact((), "", fact, section, one.line, one.how))
            return
        self.knowledge.define(made)

    def body(self, text: str) -> Node:
        parsed = self.parse(latex(text))
        if parsed.failures or len(parsed.rows) != 1 or len(parsed.rows[0].items) != 1:
            raise DeclarationError(f"`{text}` is no formula")
        (found,) = parsed.rows[0].items
        if not isinstance(found, tree.Statement):
            raise DeclarationError(f"`{text}` is no formula")
        return found.body

    def name(self, text: str) -> Mention:
        text = text.strip().strip("$")
        node = self.body(text)
        found = mention(node)
        if found is None:
            raise DeclarationError(f"`{text}` is no name")
        if found.after or found.primes:
            name = found.letter + "'" * found.primes
            found = Mention(name, node, found.subs, (*found.sups, *found.after))
        return found

    def table(self, item: Paragraph, line: int) -> None:
        """A column of symbols and one of shapes."""
        rows = [
            [cell.strip() for cell in row.strip().strip("|").split("|")]
            for row in item.text.splitlines()
            if row.strip().startswith("|")
        ]
        if len(rows) < 3 or not all(re.fullmatch(r":?-+:?", cell) for cell in rows[1]):
            return
        heads = [cell.lower().strip("*_ ") for cell in rows[0]]
        shape = next((k for k, head in enumerate(heads) if head in SHAPE_HEADS), None)
        name = next((k for k, head in enumerate(heads) if head in NAME_HEADS), 0)
        if shape is None or shape == name:
            return
        for number, row in enumerate(rows[2:]):
            if len(row) <= max(shape, name):
                continue
            text = row[shape].replace("$", "").replace("`", "").strip()
            try:
                for one in said.item(
                    f"{row[name].replace('`', '')}: {text}", line + 2 + number, "table"
                ):
                    if one.kind in ("shape", "scalar"):
                        self.declared(one, self.open[-1].number, len(self.units))
            except DeclarationError:
                continue

    # ---- formulas

    def formula(self, item: Formula) -> None:
        parsed = self.parse(item.text)
        expected = next((one.text for one in self.waiting if one.kind == "expect"), "")
        skipped = any(one.kind == "skip" for one in self.waiting)
        self.waiting = []
        chain = self.chain if item.display else None
        section = self.section_at(item.place(0).line)
        for row in (part for whole in parsed.rows for part in one_by_one(whole)):
            start = row.parts[0][0] if row.parts else row.start
            text = item.text[start : row.parts[-1][1] if row.parts else row.end]
            kept = text.lstrip(" \t\n&")
            start += len(text) - len(kept)
            text = kept
            unit = Unit(
                len(self.units),
                item,
                row,
                section,
                item.place(start),
                text.strip(),
                skipped,
                expected,
            )
            self.units.append(unit)
            if not skipped:
                chain = self.row(unit, chain)
        self.chain = None

    def section_at(self, line: int) -> int:
        """The section of a formula; lines that a sidecar speaks of are one of their own."""
        for lines, heading, found in self.ranges:
            if line in lines:
                if heading not in self.of_lines:
                    number = len(self.knowledge.sections)
                    around = (number, *self.open[-1].around)
                    self.knowledge.sections.append(Section(number, LINES, heading, line, around))
                    self.of_lines[heading] = number
                    for one in found:
                        self.declared(one, number, len(self.units) - 1)
                return self.of_lines[heading]
        return self.open[-1].number

    def row(
        self, unit: Unit, chain: tuple[Unit, tree.Statement] | None
    ) -> tuple[Unit, tree.Statement] | None:
        line = unit.place.line
        for statement in unit.row.items:
            if not isinstance(statement, tree.Statement):
                continue
            self.letters(statement, unit, line)
            see(self.knowledge, statement, unit.section)
            self.instances(statement, unit)
            if statement.continues:
                unit.head = chain
                continue
            body = statement.body
            if isinstance(body, tree.Chain):
                self.range(body, unit)
                self.ends_short(body, unit)
                self.numbers(body, unit, line)
                chain = (unit, statement)
                self.members(body, unit, line)
                self.definition(body, unit, line)
                self.sums.append((unit, body))
            if isinstance(body, tree.Chain):
                self.stationary.setdefault(unit.section, set()).update(set_to_zero(body))
                for side in body.sides[1:]:
                    names = {name for pair in mentioned(side) for name in pair}
                    self.spoken.setdefault(unit.section, set()).update(names)
        return chain

    def range(self, chain: tree.Chain, unit: Unit) -> None:
        """``i = 1, …, n`` and ``i ∈ {1, …, n}``."""
        if len(chain.sides) != 2 or chain.relations[0] not in ("=", "in"):
            return
        left, right = chain.sides
        if isinstance(right, tree.Group) and right.opening == "{":
            right = right.body
        if not isinstance(left, tree.Letter) or not isinstance(right, tree.Listing):
            return
        first, last = right.items[0], right.items[-1]
        if len(right.items) > 2 and isinstance(right.items[-2], tree.Dots):
            said = Range(left.name, first, last, unit.section, unit.at)
            self.knowledge.ranges.append(said)

    def ends_short(self, chain: tree.Chain, unit: Unit) -> None:
        """``l < L``, ``l = 1, …, L − 1``: what stands beside that is not said of the last layer."""
        text = "".join(map(text_of, chain.sides))
        ordered = "<" in chain.relations and text_of(chain.sides[-1]) == "L"
        if re.search(r"(?:^|\W)(?:l|ell)", text) and (ordered or text.endswith("L-1")):
            self.knowledge.short.add((unit.section, unit.at))

    def numbers(self, chain: tree.Chain, unit: Unit, line: int) -> None:
        """``π_k > 0``, ``σ > 0``, ``C > 0``: what is compared with a number is one, where it is one
        of several, a Greek letter or a capital.
        """
        if not set(chain.relations) <= {"<", ">", "<=", ">="}:
            return
        names = [name for side in chain.sides if (name := mention(side)) is not None]
        numbers = [side for side in chain.sides if isinstance(side, tree.Number)]
        if len(names) != 1 or len(names) + len(numbers) != len(chain.sides):
            return
        (name,) = names
        several = len(name.subs) == 1 and isinstance(name.subs[0], tree.Letter)
        greek = not name.subs and name.letter in PRETTY and not name.bold and len(numbers) > 0
        capital = len(name.letter) == 1 and not name.subs and not name.bold and len(numbers) > 0
        if name.sups or name.after or not (name.letter[:1].islower() or capital):
            return
        capital = capital and name.letter.isupper()
        if several or ((greek or capital) and set(chain.relations) <= {"<", ">"}):
            made = Known(name.key, "scalar", (), unit.section, unit.at, line, "comparison")
            self.compared_with.append((name, made))

    def letters(self, statement: tree.Statement, unit: Unit, line: int) -> None:
        """Letters that are transposed somewhere, and shapes in subscripts."""
        summed = {
            letter
            for node in statement.walk()
            if isinstance(node, tree.Big) and node.sub is not None
            for letter in letters_of(node.sub)
        }
        for node in statement.walk():
            if isinstance(node, tree.Derivative) and node.of is not None:
                of = mention(node.of)
                if of is not None and of.shape is not None and not of.after:
                    stated = (of.key, text_of(of.shape))
                    if stated not in self.stated:
                        self.stated.add(stated)
                        unit.annotations.append(of)
        for node in statement.walk():
            if isinstance(node, tree.Big) and isinstance(node.sub, tree.Chain):
                self.starts.add(text_of(node.sub.sides[-1]))
            if isinstance(node, tree.Big) and node.sup is not None:
                self.ends |= size_names(node.sup) - summed
            self.knowledge.divisors |= divisors(node)
            self.knowledge.arrays |= used_as_arrays(node)
            self.knowledge.beside |= beside_transposes(node)
            name = mention(node)
            if name is None:
                continue
            if name.subs and text_of(name.subs[-1]) in summed:
                self.knowledge.members.add(name.key)
            marks = {text_of(part) for part in name.after}
            if "top" in marks or ("-1" in marks and name.letter[-1:].isupper()):
                self.knowledge.arrays.add(name.letter)
            elif "T" in marks:
                self.raised_to_t.add(name.letter)
            if name.shape is not None and not name.after:
                self.subscripted(name, unit, line, summed)

    def subscripted(self, name: Mention, unit: Unit, line: int, summed: set[str]) -> None:
        assert name.shape is not None
        parts = components(name.shape.body)
        if any(letters_of(part) & summed and isinstance(part, tree.Letter) for part in parts):
            return
        texts = tuple(text_of(part) for part in parts)
        try:
            for text in texts:
                size_text.size(text, checked)
        except size_text.SizeError:
            return
        known = self.knowledge.known.get(name.key, [])
        if any(one.section == unit.section for one in known):
            return
        kind = "scalar" if texts == ("1",) else "shape"
        self.knowledge.declare(
            Known(name.key, kind, texts, unit.section, unit.at, line, "subscript")
        )

    def members(self, chain: tree.Chain, unit: Unit, line: int) -> None:
        """``W ∈ ℝ^{m×n}``, also after a definition, y = W x ∈ ℝ^m."""
        if "in" not in chain.relations:
            return
        place = chain.relations.index("in")
        sizes = real_space(chain.sides[place + 1], unit.formula.text)
        if sizes is None:
            return
        left = chain.sides[0]
        for part in left.items if isinstance(left, tree.Listing) else (left,):
            name = mention(part)
            unit.declares = unit.declares or is_ones(part)
            if name is not None and name.primes:
                name = replace(name, letter=name.letter + "'" * name.primes, primes=0)
            stated = sizes
            if name is not None and [*map(is_transpose, name.after)] == [True] and len(sizes) == 2:
                name, stated = replace(name, after=()), sizes[::-1]
            if name is None or name.after:
                continue
            unit.declares = True
            kind = "shape" if stated and stated != ("1",) else "scalar"
            made = Known(name.key, kind, stated, unit.section, unit.at, line, "membership")
            self.knowledge.declare(made)

    def sums_to_one(self, unit: Unit, chain: tree.Chain) -> None:
        """``Σ_j y_j = 1`` of a name that nothing defines is no claim: it is assumed of it."""
        left, right = chain.sides[0], chain.sides[-1]
        if chain.relations != ("=",) or not isinstance(left, tree.Big) or left.operator != "sum":
            return
        name = mention(left.body)
        if text_of(right) != "1" or name is None or name.after or not name.subs:
            return
        if left.sub is None or not letters_of(left.sub) & {
            letter for part in name.subs for letter in letters_of(part)
        }:
            return
        defined = self.knowledge.definitions
        if name.key in defined or name.letter in defined:
            return
        line = unit.place.line
        self.knowledge.facts.append(Fact((), "", chain, unit.section, line, "formula"))
        unit.declares = unit.is_condition = True

    def definition(self, chain: tree.Chain, unit: Unit, line: int) -> None:
        if not chain.relations or chain.relations[0] not in EQUALS:
            return
        left, right = chain.sides[0], chain.sides[1]
        if isinstance(right, tree.Unread | tree.Empty):
            return
        text = unit.latex
        made = definition(left, right, unit.section, unit.at, line, unit.formula, text)
        if made is None:
            return
        made = labelled(made, self.knowledge.known)
        claims = is_product(left, self.knowledge.is_taken) or not is_defining(made, unit)
        if chain.relations[0] not in DEFINES and claims:
            return
        if made.name.endswith("^2") and self.knowledge.is_taken(made.name.removesuffix("^2")):
            return  # an equation for the square of a name that has a meaning
        if made.name in self.stationary.get(unit.section, set()):
            unit.solves = True
            return
        if chain.relations[0] not in DEFINES and restated(self.knowledge, made, self.ends):
            return
        if chain.relations[0] not in DEFINES and is_circular(self.knowledge, made):
            return  # x is defined by y, and this says what y is then
        by_steps = member_of(self.knowledge, made.written, made.section, made.at) is not None
        if (
            chain.relations[0] not in DEFINES
            and used_before(self.knowledge, self.spoken, made)
            and not by_steps
        ):
            unit.solves = True  # a declared quantity at some point, as a minimiser
            self.knowledge.points.setdefault(made.name, []).append(made)
            return
        counted = {text_of(part) for part in made.indices}
        self.knowledge.members.update(
            name.key
            for node in made.body.walk()
            if (name := mention(node)) is not None
            and name.subs
            and text_of(name.subs[-1]) in counted
        )
        self.knowledge.define(made)
        unit.defines.append(made)
        found = pattern(made)
        if found is not None:
            self.patterns.append(found)
            self.by_pattern.add(made.name)

    def instances(self, statement: tree.Statement, unit: Unit) -> None:
        """Names in a statement that a definition of their kind defines: in each section anew, as
        what they are derivatives in may be another thing there.
        """
        for node in statement.walk() if self.patterns else ():
            name = mention(node)
            for each in self.patterns if name is not None else ():
                assert name is not None
                made = each.instance(name, self.knowledge.is_taken)
                if made is None or (made.name, unit.section) in self.instanced:
                    continue
                if self.knowledge.is_taken(made.name) and made.name not in self.by_pattern:
                    continue
                self.instanced.add((made.name, unit.section))
                self.by_pattern.add(made.name)
                self.knowledge.define(replace(made, section=unit.section, at=unit.at))

    def from_zero(self) -> None:
        """Indices count from 0 where the document says so of one, "i = 0, …, n - 1", and of none
        that they count from another number.
        """
        said = {text_of(one.first) for one in self.knowledge.ranges}
        declared = any(name == "index" for _, name, _, _ in self.knowledge.options)
        if said == {"0"} and self.starts <= {"0"} and not declared:
            self.knowledge.options.append((0, "index", "0", 0))

    def sizes(self) -> None:
        """The names of all sizes."""
        self.knowledge.sizes.update(
            name
            for name in self.ends
            if name not in self.knowledge.known
            and all(made.indices for made in self.knowledge.definitions.get(name, []))  # N_k
        )
        for name in self.knowledge.sizes:
            self.knowledge.sized[name] = {0}  # sums go up to it: everywhere
        for known in self.knowledge.known.values():
            for one in known:
                if one.kind == "shape":
                    for text in one.sizes:
                        try:
                            made = size_text.size(text, self._size)
                        except size_text.SizeError:
                            continue
                        for part in made.free_symbols:
                            self.knowledge.sized.setdefault(part.name, set()).add(one.section)
                elif one.kind == "size":
                    self.knowledge.sized.setdefault(one.name, set()).add(one.section)
                    self.knowledge.sizes.add(one.name)
        # Where T is a size, β^T may be a power.
        powers = SCALAR_GREEK | self.compared() if "T" in self.knowledge.sizes else frozenset()
        self.knowledge.arrays.update(self.raised_to_t - powers)

    def compared(self) -> frozenset[str]:
        """The letters that are assumed to be above or below a number: they stand for numbers."""
        found: set[str] = set()
        for fact in self.knowledge.facts:
            if isinstance(fact.body, tree.Chain) and set(fact.body.relations) <= {"<", ">"}:
                found.update(name.letter for side in fact.body.sides if (name := mention(side)))
        return frozenset(found)

    def _size(self, name: str):  # type: ignore[no-untyped-def]
        made = size_symbol(name)
        self.knowledge.sizes.add(made.name)
        self.knowledge.sizes.add(re.sub(r"[\\{}\s]", "", name))
        return made
