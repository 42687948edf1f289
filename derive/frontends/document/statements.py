"""What a formula claims: the parts of one statement in one reading, as claims.

Each further side of a chain is a part of its own. A side whose shapes do not fit is ill-shaped in
this reading, one that is not understood has no claim; the other sides keep theirs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sympy as sp

from derive.claims.kinds import Claim, Gradient, Hessian, Identity, Inequality, Jacobian, Shape
from derive.frontends.document import (
    derivatives,
    differentials,
    ellipses,
    products,
    tree,
    values,
    words,
)
from derive.frontends.document.assumptions import PROBLEMS, REFUSED, assumed
from derive.frontends.document.by_squares import root_of
from derive.frontends.document.calls import is_array
from derive.frontends.document.defining import real_space
from derive.frontends.document.definitions import body_of
from derive.frontends.document.dependence import leaves, mentioned
from derive.frontends.document.derivative_sides import derivative_alone, derivative_of, primed
from derive.frontends.document.derivatives import Taken
from derive.frontends.document.fresh import free_sizes, refuse_single_entries
from derive.frontends.document.indices import annotated_sizes, components
from derive.frontends.document.knowledge import Definition
from derive.frontends.document.lookup import declared_sizes, declared_with, defined_at, fit, is_told
from derive.frontends.document.names import called_at_names, mention, standing_alone, text_of
from derive.frontends.document.parts import Part, Read, Task, failure
from derive.frontends.document.reach import over_all
from derive.frontends.document.reader import Absurd, Reader, Undeclared, Unread
from derive.frontends.document.size_text import size as read_size
from derive.frontends.document.spelling import pretty, size_symbol
from derive.frontends.document.spoken import counts, foreign, needed
from derive.frontends.document.steps import symbol
from derive.frontends.document.supposed import may_be_condition
from derive.frontends.document.through_time import in_order, open_steps
from derive.frontends.document.tree import Node
from derive.frontends.document.units import EQUALS
from derive.frontends.document.unsaid import unsaid
from derive.frontends.document.values import Misfit, Value, scalar, transpose
from derive.language.captured import captured
from derive.language.operators import partial
from derive.language.sequences import At

NOTATIONS = (ellipses, products, words)
"""The modules that read products and words, and by them all else."""


def read(task: Task, reader: Reader) -> Read:
    """The parts of a statement."""
    reader.counting = frozenset(
        part.name
        for root in (task.statement, task.head)
        for node in (() if root is None else root.walk())
        if isinstance(node, tree.Script) and node.sub is not None
        for part in components(node.sub)
        if isinstance(part, tree.Letter)
    )
    roots = [root for root in (task.head, task.statement) if root is not None]
    reader.bare = frozenset(bare for root in roots for bare in standing_alone(root))
    if reader.in_time:
        for root in roots:
            open_steps(reader, root)
    with values.unifying(reader.sizes):
        try:
            parts = _Statement(task, reader).parts()
        except PROBLEMS as problem:
            parts = [failure(problem, reader, task.statement.body)]
    return Read(parts, tuple(reader.inferred), _doubtful(reader), tuple(reader.supposed))


def _doubtful(reader: Reader) -> str:
    """A name from a section before that may mean something else here; "" where none does."""
    return pretty(min(reader.carried)) if reader.carried else ""


class _Statement:
    def __init__(self, task: Task, reader: Reader) -> None:
        self.task, self.reader = task, reader

    def tried(self, node: Node, build: Any, lenient: str = "") -> Part:
        """A part, or what prevents it."""
        self.reader.blame = None
        try:
            claim = build()
        except PROBLEMS as problem:
            return failure(problem, self.reader, node, lenient)
        except REFUSED as problem:
            return failure(problem, self.reader, node)
        return Part(node, claim, lenient=lenient, foreign=foreign(claim))

    def parts(self) -> list[Part]:
        task = self.task
        body = task.statement.body
        assert isinstance(body, tree.Chain)
        sides, relations = list(body.sides), list(body.relations)
        if task.head is not None:
            sides[0] = task.head.sides[0]
        found: list[Part] = []
        defined = task.defined
        if defined is not None and task.head is None:
            found.append(self.definition(defined, sides[1]))
        found.extend(self.annotations())
        if relations[0] == "leftarrow":
            return self.update(sides, relations)
        head = self.head(task.head or body)
        for k, relation in enumerate(relations):
            side = sides[k + 1]
            if isinstance(side, tree.Empty):
                continue
            if relation == "in":
                part = self.shape(sides[k] if k else sides[0], side)
                if part is not None:
                    found.append(part)
                continue
            if relation in EQUALS:
                if relation == "=:":
                    continue  # its right side is what is defined
                if k and relations[k - 1] not in EQUALS:
                    head = sides[k]  # of a ≤ b = c, b is what c is equal to
                if defined is not None and task.head is None and k == 0:
                    continue
                if head is side:
                    if k > 0 or task.head is not None or defined is not None:
                        continue
                    side = sides[0]  # e = ∂L/∂x
                    if mention(side) is not None:
                        continue
                if isinstance(head, tree.Node) and derivative_of(head, side) and self.bare(side):
                    lenient = "a chain rule without the functions that it is about"
                else:
                    lenient = may_be_condition(self.reader, self.task, head, side)
                found.append(self.equality(head, side, lenient))
            elif relation in ("<=", ">="):
                found.append(self.inequality(sides[k], side, relation))
        return found

    # ---- what a chain is about

    def head(self, chain: tree.Chain) -> Node:
        """The side that all others are compared with: a derivative where one stands alone, and
        otherwise the first side.
        """
        for side, relation in zip(chain.sides, ("=", *chain.relations), strict=True):
            if relation not in EQUALS:
                break
            if derivative_alone(side) is not None:
                return side
        return chain.sides[0]

    def bare(self, side: Node) -> bool:
        """Whether a side is made of derivatives alone."""
        if isinstance(side, tree.Derivative):
            return True
        return isinstance(side, tree.Product) and all(
            isinstance(factor, tree.Derivative) for factor in side.factors
        )

    # ---- definitions

    def annotations(self) -> list[Part]:
        """The shapes that subscripts state of what is differentiated and defined elsewhere."""
        found = []
        reader = self.reader
        for name in self.task.unit.annotations:
            if not self.task.statement.start <= name.node.start < self.task.statement.end:
                continue
            if reader.knowledge.defined(name.key, reader.section, reader.at) is None:
                continue
            group = name.shape
            assert group is not None

            def build(key: str = name.key, group: tree.Group = group) -> Claim:
                of = symbol(reader, key).expr
                return self.closed(Shape, of=of, equals=annotated_sizes(group))

            found.append(self.tried(name.node, build))
        return found

    def definition(self, made: Definition, side: Node) -> Part:
        """The shape of what is defined, where one is declared; else only that it can be read."""
        reader = self.reader

        def build() -> Claim | None:
            # Through time it is read at one step, as any other equation.
            value = body_of(reader, replace(made, indices=()) if reader.in_time else made)
            written = made.written
            sizes: tuple[Any, ...] | None = None
            if written.shape is not None:
                sizes = annotated_sizes(written.shape)
            else:
                known = declared_with(reader, made.name, made)
                if known is not None and known.kind == "shape":
                    sizes = declared_sizes(reader, known)
                elif known is not None and known.kind == "scalar":
                    sizes = ()
            if sizes is None:
                return None
            if len(sizes) == 1 and sizes[0] == 1:
                sizes = ()
            fitted = fit(value, sizes, thin=True)
            if fitted is None:
                if len(sizes) == 1:
                    sizes = (sizes[0], sp.S.One)
                shape = sizes
            elif reader.in_time:
                return None  # that it fits is seen at a step that there is
            else:
                shape = fitted.shape
            return self.closed(Shape, of=value.expr, equals=shape)

        return replace(self.tried(side, build), defining=True)

    def shape(self, left: Node, space: Node) -> Part | None:
        """``e ∈ ℝ^{…}`` for a formula e, or for a name that is defined: its shape."""
        reader = self.reader
        texts = real_space(space, self.task.unit.formula.text)
        name = mention(left)
        if texts is None or isinstance(left, tree.Listing):
            return None
        called = called_at_names(left)
        made = None if called is None else defined_at(reader, called.key)
        if not is_told(reader, left) or (called and (made is None or not made.arguments)):
            return None  # y(t) ∈ ℝ says what y is
        if name is not None and not name.after:
            definition = reader.knowledge.defined(name.key, reader.section, reader.at)
            if definition is None or definition.arguments:
                return None
            return self.definition(definition, left)

        def build() -> Claim | None:
            value = reader.value(left)
            sizes = tuple(read_size(text, size_symbol) for text in texts)
            fitted = fit(value, sizes, thin=True)
            shape = fitted.shape if fitted is not None else sizes
            if len(shape) == 1:
                shape = (shape[0], sp.S.One)
            return self.closed(Shape, of=value.expr, equals=shape)

        return self.tried(left, build)

    # ---- equalities

    def equality(self, head: Node, side: Node, lenient: str = "") -> Part:
        if isinstance(head, tree.Evaluated):
            return self.at_a_point(head, side, lenient)
        reader = self.reader
        place = (reader.knowledge, reader.section, reader.at)
        if differentials.is_equation([head, side], *place):
            reader.varied = differentials.varied([head, side], *place)
            if derivatives.differential(head) is not None:
                lenient = ""  # df is what it says, and no name that it may be a condition for
            return self.tried(side, lambda: self.identity(head, side), lenient)
        reader.varied = []
        taken = derivative_alone(head)
        inner = derivatives.differential(head)
        if taken is None and inner is not None:
            found = self.tried(side, lambda: self.differential(head, inner, side))
            if found.code != "no-differential":
                return found
        if taken is not None:
            self.bind(taken)
            if primed(taken) and not self.is_number(taken.by[0]):
                taken = None  # σ′(z) of an array z is taken entry by entry
        if taken is None:
            part = self.tried(side, lambda: self.unfolded(head, side), lenient)
        else:
            part = self.tried(side, lambda: self.derivative(taken, side), lenient)
        return replace(part, unsaid=unsaid(reader, part.claim, (head, side)))

    def unfolded(self, head: Node, side: Node) -> Claim | None:
        """An equation whose head is ∇ before several factors, or no derivative alone."""
        wide = over_all(self.reader, head)
        return self.identity(head, side) if wide is None else self.derivative(wide, side)

    def at_a_point(self, head: tree.Evaluated, side: Node, lenient: str) -> Part:
        """``∂f/∂x |_{x = a} = e``: the equation without the bar, at the points with x = a."""
        zero = text_of(side) == "0"
        part = self.equality(head.body, side, lenient if zero else "")
        claim = part.claim
        if claim is None:
            return part

        def build() -> Claim:
            body = head.at.body if isinstance(head.at, tree.Group) else head.at
            if head.upper is not None or not isinstance(body, tree.Chain):
                raise Unread("notation", "a value at a point that is no equation", head)
            if body.relations != ("=",) or not hasattr(claim, "given"):
                raise Unread("notation", "a value at a point that is no equation", head)
            left, right = self.matched(*map(self.reader.value, body.sides))
            equation = sp.Eq(left.expr, right.expr, evaluate=False)
            given: dict[str, Any] = {"given": (*claim.given, self.reader.sizes.put_in(equation))}
            return replace(claim, **given)

        return replace(self.tried(side, build, part.lenient), foreign=part.foreign)

    def differential(self, head: Node, inner: Node, side: Node) -> Claim:
        """``dX = …`` as ∂L/∂X; not where it is a differential, in terms of those of X's parts."""
        reader = self.reader
        taken = derivatives.as_gradient(reader, head)
        if taken is None:
            raise Unread("no-differential", "", head)
        name = mention(inner)
        assert name is not None
        own: frozenset[str] = frozenset()
        for key in (name.key, name.letter):
            made = reader.knowledge.defined(key, reader.section, reader.at)
            if made is not None:
                own |= leaves(reader.knowledge, made.body, made.section, made.at)
                own |= {part for pair in mentioned(made.body) for part in pair}
        for node in side.walk():
            other = derivatives.differential(node)
            of = mention(other) if other is not None else None
            if of is not None and own & {of.key, of.letter}:
                raise Unread("differential", "differentials are not read", node)
        return self.derivative(taken, side)

    def is_number(self, node: Node) -> bool:
        try:
            return self.reader.value(node).is_scalar
        except PROBLEMS:
            return True

    def bind(self, taken: Taken) -> None:
        """Where a function of a number is differentiated in its argument: that it is a number."""
        reader = self.reader
        of = taken.of
        if isinstance(of, tree.Product) and len(of.factors) == 2:
            of = of.factors[0]
        name = mention(of) if of is not None else None
        made = None
        if name is not None:
            made = reader.knowledge.defined(name.key, reader.section, reader.at)
        if made is None or len(made.arguments) != 1:
            return
        argument = mention(made.arguments[0])
        by = mention(taken.by[0]) if taken.by else argument
        if argument is None or by is None or argument.key != by.key or by.key in reader.bound:
            return
        if not is_array(reader, made, argument):
            label = pretty(argument.key)
            reader.bound[argument.key] = Value(sp.Symbol(label, real=True))
            reader.note(f"{label} is a number, the argument of {pretty(made.name)}")

    def identity(self, head: Node, side: Node) -> Claim:
        reader = self.reader
        defined = self.task.defined
        name = mention(head)
        assert isinstance(self.task.statement.body, tree.Chain)
        if head is not (self.task.head or self.task.statement.body).sides[0]:
            left = reader.value(head)
        elif defined is not None and not defined.indices and not reader.in_time:
            left = symbol(reader, defined.name, head)
        elif name is not None and name.shape is not None and not name.after:
            left = reader.value(head)
        elif self.task.head is not None and self.task.head_unit is not None:
            left = self.of_head(head)
        else:
            left = self.left(head)
        right = reader.value(side)
        left, right = self.matched(left, right)
        return self.closed(Identity, left=left.expr, right=right.expr)

    def left(self, head: Node) -> Value:
        """The left side; of f(x) = … the symbol that is defined."""
        return self.reader.value(head)

    def of_head(self, head: Node) -> Value:
        """The first side of a chain that began in a row before."""
        unit = self.task.head_unit
        assert unit is not None
        for made in unit.defines:
            if not made.indices:
                return symbol(self.reader, made.name, head)
        return self.reader.value(head)

    def matched(self, left: Value, right: Value) -> tuple[Value, Value]:
        """Both sides, the one turned where vectors are read as NumPy has them."""
        left, right = values.as_matrix(left), values.as_matrix(right)
        if (left.entries is None) != (right.entries is None):
            left, right = values.as_written(left), values.as_written(right)
        if left.is_scalar and right.is_scalar:
            if left.shape != right.shape:
                return Value(scalar(left)), Value(scalar(right))
            return left, right
        if left.is_scalar != right.is_scalar and right.expr == 0:
            return left, Value(sp.ZeroMatrix(*left.shape), left.shape)
        if left.shape and right.shape and not values.alike(left.shape, right.shape):
            turned = transpose(right) if right.is_matrix else right
            if self.reader.is_loose(left, right) and values.alike(left.shape, turned.shape):
                return left, turned
        return left, right

    def derivative(self, taken: Taken, side: Node) -> Claim:
        reader = self.reader
        assert taken.of is not None
        by = taken.by or (derivatives.argument_of(reader, taken.of),)
        if len(by) == 1 and derivatives.is_twice(taken):
            by = by * 2
        of = values.as_matrix(derivatives.numerator(reader, taken.of, by[0]))
        if len(by) == 2:
            return self.second(of, by, side)
        if len(by) > 2:
            raise Unread("order", "a derivative of this order is not read", taken.node)
        if root_of(reader, by[0]) is not None:
            left, right = self.matched(derivatives.derivative(reader, taken), reader.value(side))
            return self.closed(Identity, left=left.expr, right=right.expr)
        wrt = derivatives.wrt(reader, by[0])
        derivatives.reach(reader, of, wrt, taken.of)
        equals = values.as_matrix(reader.value(side))
        if of.is_scalar:
            return self.gradient(of, wrt, equals, taken)
        if wrt.is_scalar:
            left = derivatives.oriented(reader, of, wrt)
            left, equals = self.matched(left, equals)
            return self.closed(Identity, left=left.expr, right=equals.expr)
        if values.is_vector(of) and values.is_vector(wrt):
            if derivatives.jacobian_layout(reader) == "denominator":
                equals = transpose(equals)
            if equals.is_matrix:  # I has the size that is asked for
                values.alike(equals.shape, (_length(of), _length(wrt)))
            if not self.is_array(of.expr) or not self.is_array(wrt.expr):
                left = derivatives.contracted(reader, [of], wrt)
                if derivatives.jacobian_layout(reader) == "denominator":
                    left = transpose(left)
                return self.closed(Identity, left=left.expr, right=equals.expr)
            return self.closed(Jacobian, of=of.expr, wrt=wrt.expr, equals=equals.expr)
        return self.closed(Jacobian, of=of.expr, wrt=wrt.expr, equals=equals.expr)

    def gradient(self, of: Value, wrt: Value, equals: Value, taken: Taken) -> Claim:
        reader = self.reader
        if wrt.is_scalar and equals.is_scalar:
            return self.closed(Gradient, of=scalar(of), wrt=scalar(wrt), equals=scalar(equals))
        if not equals.shape and equals.expr == 0:
            equals = Value(sp.ZeroMatrix(*wrt.shape), wrt.shape)
        if not taken.nabla and derivatives.gradient_layout(reader, wrt) == "numerator":
            equals = transpose(equals)
        if equals.shape and not values.alike(equals.shape, wrt.shape):
            turned = transpose(equals) if equals.is_matrix else equals
            if reader.is_loose(wrt, equals) and values.alike(turned.shape, wrt.shape):
                equals = turned
        if not self.is_array(wrt.expr):
            left = derivatives.contracted(reader, [of], wrt, nabla=True)
            return self.closed(Identity, left=left.expr, right=equals.expr)
        if not equals.shape and wrt.shape:
            raise Misfit(f"the gradient has shape {_shape(wrt)}, and a scalar is given")
        return self.closed(Gradient, of=scalar(of), wrt=wrt.expr, equals=equals.expr)

    def is_array(self, expr: Any) -> bool:
        """Whether a claim can be about the derivative of, or in, an expression as a whole."""
        bare = expr.arg if isinstance(expr, sp.Transpose) else expr
        return _is_symbol(expr) or (self.reader.in_time and isinstance(bare, At))

    def second(self, of: Value, by: tuple[Node, ...], side: Node) -> Claim:
        reader = self.reader
        inner, outer = derivatives.wrt(reader, by[0]), derivatives.wrt(reader, by[1])
        derivatives.reach(reader, of, inner)
        derivatives.reach(reader, of, outer)
        equals = values.as_matrix(reader.value(side))
        if not of.is_scalar and equals.is_scalar:
            raise Misfit("the second derivative of an array, and a number is given")
        if not of.is_scalar:
            message = "the second derivative of an array is not read"
            # Where it is one only as nothing declares what it is made of, it may be a number.
            raise Absurd(message) if reader.guessed else Unread("order", message, by[0])
        if inner.is_scalar and outer.is_scalar:
            left = partial(partial(scalar(of), scalar(inner)), scalar(outer))
            return self.closed(Identity, left=left, right=scalar(equals))
        a, b = _plain(inner), _plain(outer)
        if a == b and values.is_vector(inner):
            if equals.is_matrix:
                values.alike(equals.shape, (_length(inner), _length(inner)))
            return self.closed(Hessian, of=scalar(of), wrt=a, equals=equals.expr)
        raise Unread("order", "a second derivative in two arrays is not read", by[0])

    def inequality(self, left: Node, right: Node, relation: str) -> Part:
        if relation == ">=":
            left, right = right, left

        def build() -> Claim | None:
            small, large = self.reader.value(left), self.reader.value(right)
            if not small.shape and large.shape and not large.is_scalar:
                small = Value(values.spread(small, large.shape), large.shape)
            if not large.shape and small.shape and not small.is_scalar:
                large = Value(values.spread(large, small.shape), small.shape)
            small, large = self.matched(small, large)
            return self.closed(Inequality, left=small.expr, right=large.expr)

        plain = all(map(_is_plain, (left, right)))
        lenient = "an inequality between names may be a condition" if plain else ""
        part = self.tried(right, build, lenient)
        turned = relation == ">="
        written = (right, left) if turned else (left, right)
        return replace(part, unsaid=unsaid(self.reader, part.claim, written, turned))

    def update(self, sides: list[Node], relations: list[str]) -> list[Part]:
        """``w ← w − η g = e``: that both are one step."""
        found = []
        for k in range(1, len(relations)):
            if relations[k] in EQUALS:
                found.append(
                    self.tried(sides[k + 1], lambda k=k: self.identity(sides[1], sides[k + 1]))
                )
        return found

    # ---- claims

    def closed(self, kind: type[Claim], **said: Any) -> Claim:
        """A claim with the definitions and the assumptions that it needs."""
        reader = self.reader
        if mixed := reader.several & reader.apart:
            letter = pretty(min(mixed))
            raise Undeclared(f"whether {letter}_2 is one of the {letter}_i is not said", "")
        refuse_single_entries(reader)
        given = self.given()
        put = reader.sizes.put_in
        named = free_sizes(reader)
        numbers = [put(sp.sympify(part)) for part in (*reader.where.values(), *given)]
        numbers += [put(sp.sympify(part)) for part in said.values() if not isinstance(part, tuple)]
        named |= counts(numbers)

        def finished(value: Any) -> Any:
            if isinstance(value, tuple):
                return tuple(finished(item) for item in value)
            try:
                return put(sp.sympify(value)).xreplace(named)
            except (TypeError, ValueError):
                if 1 not in map(reader.sizes.resolved, reader.sizes.found):
                    raise
                # SymPy refuses functions of an array of one entry: it is read as a number, too.
                raise Absurd("a function of an array that has one entry") from None

        said = {name: finished(value) for name, value in said.items()}
        ordered = in_order(reader) if reader.in_time else reader.where
        where = {finished(name): finished(value) for name, value in ordered.items()}
        where = needed(where, list(said.values()))
        facts = tuple(finished(fact) for fact in given)
        if captured((*said.values(), *facts), where):
            raise Absurd("one of several, where all of them are summed")
        if kind is Shape:
            return Shape(said["of"], said["equals"], where=where)
        made: Any = kind
        closed: Claim = made(**said, given=facts, where=where)
        return closed

    def given(self) -> list[Any]:
        """What is assumed of the names that the claim speaks of."""
        reader = self.reader
        found = []
        for fact in reader.knowledge.facts_at({self.task.unit.section, *reader.sources}):
            found.extend(assumed(reader, fact))
        return [*found, *reader.steps]


def _is_plain(side: Node) -> bool:
    """Whether a side of an inequality is a name or a number, as 1/2."""
    return mention(side) is not None or all(
        isinstance(node, tree.Number | tree.Fraction | tree.Sum) for node in side.walk()
    )


def _is_symbol(expr: Any) -> bool:
    if isinstance(expr, sp.Transpose):
        expr = expr.arg
    return isinstance(expr, derivatives.SYMBOLS) or derivatives._is_entry(expr)


def _plain(value: Value) -> Any:
    expr = value.expr
    return expr.arg if isinstance(expr, sp.Transpose) else expr


def _length(vector: Value) -> Any:
    rows, cols = vector.shape
    return rows if cols == 1 else cols


def _shape(value: Value) -> str:
    return f"({', '.join(map(str, value.shape))})"
