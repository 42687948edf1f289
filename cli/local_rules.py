"""What the chain rule says of one definition, in words: a phrase for each operation on the way.

Operations on whole arrays come first. Only where there are none is something said of what happens
to single numbers: in a definition with both, the numbers are what everybody knows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagMatrix

from derive.language.images import (
    AvgPool2d,
    Concatenation,
    Conv2d,
    ConvTranspose2d,
    Elementwise,
    MaxPool2d,
)
from derive.language.operators import (
    Broadcast,
    LogSumExp,
    MaxOver,
    ScalarApplication,
    Softmax,
    Tensor,
)
from derive.language.printing import function_name, text_of
from derive.language.sequences import MatrixSum, Recurrence

OF_SOFTMAX = "the Jacobian of p = softmax(z) is diag(p) − pᵀp"
OF_LOGSUMEXP = "the gradient of logsumexp is softmax"
MOST_OF_NUMBERS = 3  # phrases on single numbers for one line

# Of an operation, and of classes before those that they are built upon.
RULES: tuple[tuple[type, str], ...] = (
    (Softmax, OF_SOFTMAX),
    (LogSumExp, OF_LOGSUMEXP),
    (Broadcast, "what is repeated in the value is summed in the gradient"),
    (ConvTranspose2d, "a transposed convolution gives back a convolution"),
    (MaxPool2d, "a maximum gives back to the entry that attains it"),
    (MaxOver, "a maximum gives back to the entry that attains it"),
    (AvgPool2d, "a mean gives back an equal share to each entry"),
    (Concatenation, "each part of what stands side by side gets back its own channels"),
    (sp.BlockMatrix, "each block gets back its own part of the gradient"),
    (sp.Inverse, "d(A⁻¹) = −A⁻¹ dA A⁻¹"),
    (sp.Determinant, "d det A = det A tr(A⁻¹ dA)"),
    (sp.HadamardProduct, "an entrywise product gives back the other factor, entry by entry"),
    (DiagMatrix, "only the diagonal of the gradient comes back through diag"),
    (sp.Transpose, "Z = Aᵀ gives back Gᵀ"),
    (MatrixSum, "a sum over the steps gives its gradient to each of them"),
)

# Of what happens to numbers: u is what is read, and its derivative is one line.
SLOPES: dict[str, str] = {
    "exp": "d exp(u) = exp(u) du",
    "log": "d log(u) = du/u",
    "tanh": "d tanh(u) = (1 − tanh(u)²) du",
    "sigmoid": "d σ(u) = σ(u)(1 − σ(u)) du",
    "sin": "d sin(u) = cos(u) du",
    "cos": "d cos(u) = −sin(u) du",
    "erf": "d erf(u) = 2 exp(−u²)/√π du",
    "Abs": "d|u| = sign(u) du",
    "Max": "d max(0, u) is du where u > 0, and else 0",
    "relu": "d relu(u) is du where u > 0, and else 0",
    "softplus": "d softplus(u) = σ(u) du",
}


# Said only where nothing else is.
PRODUCTS = "a sum of products gives each factor the gradient times the others, summed up"
EVERY = "a number that stands in every entry gets the sum over them all"
TERMS, FACTOR = "a sum gives its gradient to each of its terms", "a constant factor stays"
ENTRIES, ADDED = "each entry is derived on its own", "a sum has the gradients of its terms"
PRODUCT_RULE = "the product rule"
ENTRYWISE = "it acts entry by entry, and its Jacobian is diagonal"
LINEAR = (ENTRIES, ADDED, TERMS, FACTOR)


def rules_between(definition: Any, symbol: Any) -> list[str]:
    """Phrases for the operations between a definition and a symbol that it reads, outermost first.

    Of what is not named there nothing is said.
    """
    of_arrays: dict[str, None] = {}
    of_numbers: dict[str, None] = {}
    linear: dict[str, None] = {}
    nodes = sp.preorder_traversal(definition)
    for node in nodes:
        if node == symbol or not _reads(node, symbol):
            continue
        if isinstance(node, sp.Trace) and _is_square(node.arg, symbol):
            of_arrays["tr(AᵀA) has the gradient 2A"] = None
            nodes.skip()
            continue
        if _is_softmax(node):
            of_arrays[OF_SOFTMAX] = None
            nodes.skip()
            continue
        for said in _rules_of(node, symbol):
            of_arrays[said] = None
        if phrase := _of_number(node, symbol):
            (linear if phrase in LINEAR else of_numbers)[phrase] = None
    trivial = [said for said in LINEAR if said in linear][:1]
    return list(of_arrays) or list(of_numbers)[:MOST_OF_NUMBERS] or trivial


def jacobian_rules(definition: Any, symbol: Any) -> list[str]:
    """What the matrix of one definition is made of, in a vector that it reads, outermost first."""
    found: dict[str, None] = {}
    nodes = sp.preorder_traversal(definition)
    for node in nodes:
        if node == symbol or not _reads(node, symbol):
            continue
        if _is_softmax(node) or isinstance(node, Softmax):
            found[OF_SOFTMAX] = None
            if _is_softmax(node):
                nodes.skip()
            continue
        if isinstance(node, ElementwiseApplyFunction):
            slope = slope_of(node.function) if isinstance(node.function, sp.Lambda) else None
            if _slope_of_line(node.function) is None:
                found[ENTRYWISE + (f": {slope}" if slope else "")] = None
        elif isinstance(node, sp.HadamardProduct):
            again = sum(arg.has(symbol) for arg in node.args) > 1
            found[PRODUCT_RULE if again else "the Jacobian of a ⊙ x in x is diag(a)"] = None
        elif isinstance(node, sp.MatMul):
            found |= dict.fromkeys(_jacobian_of_product(node, symbol))
        elif isinstance(node, Broadcast):
            found["what is repeated has the same row in its Jacobian for each of its copies"] = None
        elif isinstance(node, sp.MatAdd) and symbol in node.args:
            found["what is added as it is has the Jacobian I"] = None
    return list(found) or rules_of_entries(definition, symbol)


def _jacobian_of_product(node: Any, symbol: Any) -> list[str]:
    """Of a matrix times a column, or of a row times a matrix."""
    matrices = [arg for arg in node.args if getattr(arg, "is_Matrix", False)]
    moving = [k for k, arg in enumerate(matrices) if arg.has(symbol)]
    if any(arg not in matrices and arg.has(symbol) for arg in node.args) or len(moving) > 1:
        return [PRODUCT_RULE]
    if len(matrices) < 2:
        return []
    if moving == [len(matrices) - 1] and matrices[-1].shape[1] == 1:
        return ["the Jacobian of Ax in x is A"]
    if moving == [0] and matrices[0].shape[0] == 1:
        return ["the Jacobian of xA in x is Aᵀ"]
    return []


def rules_of_entries(definition: Any, symbol: Any) -> list[str]:
    """Phrases on the numbers of an array that is derived entry by entry."""
    found: dict[str, None] = {}
    for node in sp.preorder_traversal(definition):
        if node == symbol or not _reads(node, symbol):
            continue
        if isinstance(node, ElementwiseApplyFunction) and isinstance(node.function, sp.Lambda):
            phrase = slope_of(node.function)
        elif isinstance(node, (MaxPool2d, MaxOver)):
            phrase = "a maximum moves with the entry that attains it"
        elif isinstance(node, AvgPool2d):
            phrase = "a mean moves with each entry by an equal share"
        elif isinstance(node, Conv2d) and not any(arg.has(symbol) for arg in node.args[:2]):
            phrase = "a bias is added at each place"
        elif isinstance(node, (Conv2d, sp.MatMul)):
            phrase = "a sum of products moves with each factor by the others"
        else:
            phrase = _of_number(node, symbol)
        if phrase and phrase not in LINEAR:
            found[phrase] = None
    return list(found)[:MOST_OF_NUMBERS] or [ENTRIES]


def slope_of(function: sp.Lambda) -> str | None:
    """The derivative of a function of one number in words, if it is a known one."""
    expr = function.expr
    named = SLOPES.get(function_name(function) or type(expr).__name__)
    if named is None and isinstance(expr, sp.Pow) and not expr.exp.has(*function.variables):
        return _of_power(expr.exp)
    return named


def _reads(node: Any, symbol: Any) -> bool:
    return isinstance(node, sp.Basic) and node.has(symbol)


def _rules_of(node: Any, symbol: Any) -> list[str]:
    if isinstance(node, ElementwiseApplyFunction):
        if _slope_of_line(node.function) is not None:
            return []
        name = function_name(node.function) if isinstance(node.function, sp.Lambda) else None
        applied = name or text_of(getattr(node.function, "expr", node.function))
        slope = slope_of(node.function) if isinstance(node.function, sp.Lambda) else None
        return [f"{applied} acts entry by entry, {slope or 'and so does its derivative'}"]
    for kind, rule in _BY_KIND:
        if isinstance(node, kind):
            return rule(node, symbol)
    return [phrase for kind, phrase in RULES if isinstance(node, kind)][:1]


def _of_product(node: Any, symbol: Any) -> list[str]:
    matrices = [arg for arg in node.args if getattr(arg, "is_Matrix", False)]
    rules = []
    if any(arg not in matrices and arg.has(symbol) for arg in node.args):
        rules.append("a number that scales a matrix A gets the sum of G ⊙ A")
    if len(matrices) < 2:
        return rules
    places = [k for k, arg in enumerate(matrices) if arg.has(symbol)]
    ones = {k for k, arg in enumerate(matrices) if isinstance(arg, sp.OneMatrix)}
    if ones and len(matrices) == 2 and places:
        repeated = matrices[1 - next(iter(ones))].shape[next(iter(ones))] == 1
        rules.append(
            "what is repeated in the value is summed in the gradient"
            if repeated
            else "what is summed in the value gets the gradient repeated"
        )
        return rules
    if any(k < len(matrices) - 1 for k in places):
        rules.append("Z = AB gives back GBᵀ to A")
    if any(k > 0 for k in places):
        rules.append("Z = AB gives back AᵀG to B")
    return rules


def _of_sum(node: Any, symbol: Any) -> list[str]:
    """Of a matrix that is added to one with more rows or columns, it is repeated."""
    parts = [arg for arg in node.args if arg.has(symbol)]
    if any(part.shape != other.shape for part in parts for other in node.args):
        smaller = [p for p in parts if 1 in p.shape and any(p.shape != o.shape for o in node.args)]
        return ["what is repeated in the value is summed in the gradient"] if smaller else []
    return []


def _of_convolution(node: Any, symbol: Any) -> list[str]:
    """Of what it slides over, of what is slid, and of what is added."""
    image, kernel, *others = node.args
    rules = []
    if image.has(symbol):
        rules.append("a convolution gives back to its input the transposed convolution of G")
    if kernel.has(symbol):
        rules.append("each weight of a kernel gets G times what it met, added up over all places")
    if any(other.has(symbol) for other in others):
        rules.append("a bias gets the sum of G over all places")
    return rules


def _of_trace(node: Any, symbol: Any) -> list[str]:
    return ["tr(AB) has the gradient Bᵀ in A"]


def _is_square(product: Any, symbol: Any) -> bool:
    """Whether it is AᵀA of what is read itself."""
    factors = product.args if isinstance(product, sp.MatMul) else ()
    return set(factors) == {symbol, sp.Transpose(symbol)} and len(factors) == 2


def _entry_of(node: Any) -> Any:
    """What an array has at its indices; None of what is not written so."""
    if isinstance(node, sp.FunctionMatrix):
        return node.lamda.expr
    return node.body if isinstance(node, Tensor) else None


def _is_softmax(node: Any) -> bool:
    """Whether it is exp(z[i]) over the sum of all such, written entry by entry."""
    body = _entry_of(node)
    if not isinstance(body, sp.Mul):
        return False
    above = [factor.args[0] for factor in body.args if isinstance(factor, sp.exp)]
    below = [f.base for f in body.args if isinstance(f, sp.Pow) and f.exp == -1]
    if len(above) != 1 or len(below) != 1 or len(body.args) != 2:
        return False
    (total,) = below
    if not isinstance(total, sp.Sum) or len(total.limits) != 1:
        return False
    k = total.limits[0][0]
    own = node.lamda.variables if isinstance(node, sp.FunctionMatrix) else node.bound_symbols
    return isinstance(total.function, sp.exp) and any(
        total.function.args[0].xreplace({k: index}) == above[0] for index in own
    )


def _is_contraction(node: Any) -> bool:
    """Whether the entries of an array are sums of products, as of matrices side by side."""
    factors = sp.Mul.make_args(_entry_of(node))
    sums = [factor for factor in factors if isinstance(factor, sp.Sum)]
    return len(sums) == 1 and len(sp.Mul.make_args(sums[0].function)) > 1


def _of_undefined(node: Any, symbol: Any) -> list[str]:
    name = str(node.args[0]) if isinstance(node, ScalarApplication) else node.func.__name__
    return [f"{name} is any function, whose gradient keeps its name"]


_BY_KIND: tuple[tuple[type, Callable[[Any, Any], list[str]]], ...] = (
    (sp.MatMul, _of_product),
    (sp.MatAdd, _of_sum),
    (Conv2d, _of_convolution),
    (sp.Trace, _of_trace),
    (ScalarApplication, _of_undefined),
    (AppliedUndef, _of_undefined),
)


def _of_number(node: Any, symbol: Any) -> str | None:
    """A phrase on an operation on numbers, or on a sum of them."""
    if isinstance(node, Elementwise) and isinstance(node.function.expr, sp.Add):
        return TERMS
    if isinstance(node, (sp.Sum, Tensor, sp.FunctionMatrix, Recurrence, Elementwise)):
        of_entries = EVERY if isinstance(symbol, sp.Symbol) else ENTRIES
        if _entry_of(node) is not None and _is_contraction(node):
            return PRODUCTS
        return ADDED if isinstance(node, sp.Sum) else of_entries
    if isinstance(node, ElementwiseApplyFunction):
        return _of_line(node.function)
    if isinstance(node, sp.Pow) and not node.exp.has(symbol):
        return _of_power(node.exp)
    if isinstance(node, sp.Mul) and sum(arg.has(symbol) for arg in node.args) > 1:
        return PRODUCT_RULE
    if isinstance(node, sp.Function):
        return SLOPES.get(node.func.__name__)
    if isinstance(node, sp.Max):
        return SLOPES["Max"] if sp.S.Zero in node.args else "a maximum is derived where it stands"
    if isinstance(node, (sp.Add, sp.MatAdd)):
        return TERMS
    if isinstance(node, sp.Mul):
        return FACTOR
    return None


def _slope_of_line(function: Any) -> Any:
    """The slope of a function of one number whose graph is a line; None for any other."""
    if not isinstance(function, sp.Lambda) or len(function.variables) != 1:
        return None
    slope = function.expr.diff(*function.variables)
    return slope if slope.is_number else None


def _of_line(function: Any) -> str | None:
    """``d(1 − u) = −du``."""
    slope = _slope_of_line(function)
    if slope is None:
        return None
    value = text_of(function(sp.Symbol("u", real=True)))
    return f"d({value}) = {text_of(slope * sp.Symbol('du', real=True))}".replace("-", "−")


def _of_power(exponent: Any) -> str:
    if exponent == 2:
        return "d(u²) = 2u du"
    if exponent == sp.Rational(1, 2):
        return "d√u = du/(2√u)"
    if exponent == -1:
        return "d(1/u) = −du/u²"
    if exponent == sp.Rational(-1, 2):
        return "d(1/√u) = −du/(2u√u)"
    return "d(uⁿ) = n uⁿ⁻¹ du"
