"""What of a formula asks to be decided, and by which conventions it is read."""

from __future__ import annotations

from derive.claims.verdict import Verdict
from derive.frontends.document import tree
from derive.frontends.document.defining import are_products
from derive.frontends.document.knowledge import Knowledge
from derive.frontends.document.names import called_at_names, mention
from derive.frontends.document.parts import Task
from derive.frontends.document.reader import is_ones
from derive.frontends.document.tree import Node
from derive.frontends.document.units import EQUALS, Unit


def conventions(knowledge: Knowledge, section: int) -> dict[str, str]:
    """The choices that directives make."""
    found: dict[str, str] = {}
    for key in ("vectors", "prime", "circ", "star", "softmax", "power"):
        option = knowledge.option(key, section)
        if option is not None:
            found[key] = option[0]
    layout = knowledge.option("layout", section)
    if layout is not None:
        gradient = "numerator" if layout[0] == "numerator" else "denominator"
        jacobian = "denominator" if layout[0] == "denominator" else "numerator"
        found["layout of gradients"] = gradient
        found["layout of Jacobians"] = jacobian
    return found


def vanishes(verdict: Verdict) -> bool:
    """Whether the derivative of a claim is 0 altogether, as where a definition was not seen."""
    claim, derived = verdict.claim, verdict.derived
    if not claim.derivatives or claim.weights is not None or derived is None:
        return False
    return derived == 0 or type(derived).__name__ in ("ZeroMatrix", "ZeroArray")


def directive(key: str, option: str) -> str:
    if key.startswith("layout"):
        return f"layout = {option}"
    return f"{key} = {option}"


def task_of(unit: Unit, statement: tree.Statement) -> Task | None:
    """What a statement asks to decide; None where it is none."""
    body = statement.body
    if not isinstance(body, tree.Chain) or unit.solves:
        return None
    relations = body.relations
    if not any(r in (*EQUALS, "<=", ">=", "in") for r in relations):
        return None
    head = head_unit = None
    if statement.continues:
        if unit.head is None or relations[0] not in EQUALS:
            return None
        head_unit, head_statement = unit.head
        assert isinstance(head_statement.body, tree.Chain)
        head = head_statement.body
        if head.relations[0] not in (*EQUALS,):
            return None
    if any(isinstance(side, tree.Listing) for side in body.sides[1:]):
        return None  # i = 1, …, n
    if relations[0] == "in" and is_ones(body.sides[0]):
        return None  # the size of its ones is read from their place
    defined = None
    if head is None:
        defined = next((made for made in unit.defines if _is_in(made.body, body.sides[1])), None)
    if defined is None and head is None and relations[0] in EQUALS and _is_condition(body, unit):
        return None
    return Task(unit, statement, head, head_unit, defined)


def _is_in(body: Node, side: Node) -> bool:
    """Whether the body of a definition is a side of a chain, or the entry of which that is made."""
    return any(body is node for node in side.walk())


def _is_condition(body: tree.Chain, unit: Unit) -> bool:
    """x = 0, a = b in running text: said of a case, and no claim."""
    if len(body.sides) != 2:
        return False
    left, right = body.sides
    if are_products(left, right):
        return False
    name = mention(left)
    names = (name is not None and not name.after) or called_at_names(left) is not None
    numbers = isinstance(right, tree.Number) or not any(
        isinstance(node, tree.Letter | tree.Run | tree.Word) for node in right.walk()
    )
    if names and numbers:
        return True
    return not unit.formula.display and name is not None and names and mention(right) is not None
