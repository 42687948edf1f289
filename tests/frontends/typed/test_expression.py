"""The language of ``derive gradient``: what formulas mean, and what is said of faulty ones."""

import json
import re

import pytest
import sympy as sp
from click.testing import CliRunner

from derive import shape_of
from derive.cli.main import main
from derive.frontends.typed.expression import (
    FACTS,
    FUNCTIONS,
    Asked,
    ExpressionError,
    MisfitError,
    read,
)

DIMS = ("X=n,m", "w=m,1", "y=n", "A=n,n", "B=n,n", "W=m,c", "b=1,c", "o=1,c", "U=2,3", "v=1,3")
SUM_OF_SQUARES = ["norm(X*w - y)**2/2", "--wrt", "w", *("--dim", "X=n,m"), *("--dim", "w=m,1")]
SUM_OF_SQUARES += ["--dim", "y=n,1"]


def meaning(text):
    """The SymPy of an expression; `t` is added so that there is a scalar to differentiate in."""
    dims = tuple(dim for dim in DIMS if _occurs(dim.partition("=")[0], text))
    return read(Asked(f"where(t < 0, 0, 1)*({text})", "t", dims)).of


def _occurs(name, text):
    words = "".join(c if c.isalnum() or c == "_" else " " for c in text).split()
    return name in words


def run(*arguments):
    return CliRunner().invoke(main, ["gradient", *arguments])


def arguments(text, wrt, **kwargs):
    everything = " ".join([text, kwargs.get("equals", ""), *kwargs.get("given", ())])
    result = [text, "--wrt", wrt]
    for dim in DIMS:
        if _occurs(dim.partition("=")[0], everything):
            result += ["--dim", dim]
    for fact in kwargs.get("given", ()):
        result += ["--given", fact]
    return [*result, *(["--equals", kwargs["equals"]] if "equals" in kwargs else [])]


# ---------------------------------------------------------------------------------- what it means


@pytest.mark.parametrize(
    ("text", "wrt", "equals"),
    [
        ("0.5*s**2 - s/4", "s", "s - 1/4"),
        ("-s**2", "s", "-2*s"),
        ("2**-s", "s", "-log(2)*2**-s"),
        ("sin(pi*s) + 1e-2*s", "s", "pi*cos(pi*s) + 0.01"),
        ("norm(X@w - y)**2/2", "w", "X.T@(X@w - y)"),
        ("w.T*X.T*y", "w", "X.T*y"),
        ("(w.T*X.T*y)**2", "w", "2*(w.T*X.T*y)*X.T*y"),
        ("exp(dot(y, X*w))", "w", "exp(y.T*X*w)*X.T*y"),
        ("dot(w.T, w)", "w", "2*w"),
        ("trace(A**3)", "A", "3*A.T**2"),
        ("tr(A**-1)", "A", "-inv(A*A).T"),
        ("tr(A**0*A**1*B)", "A", "B.T"),
        ("logdet(A)", "A", "inv(A).T"),
        ("det(A)", "A", "det(A)*inv(A).T"),
        ("sum(A + s)", "s", "n**2"),
        ("mean(X)", "X", "ones(n, m)/(n*m)"),
        ("mean(s)", "s", "1"),
        ("sum(X*W + b)", "b", "n*ones(1, c)"),
        ("sum(hadamard(X*W, b))", "b", "ones(1, n)*X*W"),
        ("sum(hadamard(A, A, B))", "A", "2*hadamard(A, B)"),
        ("sum(diag(y)*A)", "y", "A*ones(n, 1)"),
        ("sum(diag(A))", "A", "eye(n)"),
        ("sum(hadamard(outer(y, w), X))", "w", "X.T*y"),
        ("logsumexp(o)", "o", "softmax(o)"),
        ("logsumexp(o) - o[0, 0]*s", "s", "-o[0]"),
        ("sum(sigmoid(y))", "y", "hadamard(sigmoid(y), 1 - sigmoid(y))"),
        ("sum(softplus(y))", "y", "sigmoid(y)"),
        ("sum(tanh(y))", "y", "1 - hadamard(tanh(y), tanh(y))"),
        ("sum(relu(y))", "y", "where(y > 0, 1, 0)"),
        ("sum(max(y, 0))", "y", "where(y > 0, 1, 0)"),
        ("sum(max(A, B))", "A", "where(A > B, 1, 0)"),
        ("sum(where(A < B, A, 2*A))", "A", "where(A < B, 1, 2)"),
        ("sum(abs(y))", "y", "sign(y)"),
        ("abs(s) + min(s, 2*s, 3*s)", "s", "sign(s) + where(s > 0, 1, 3)"),
        ("norm(s) + tr(A.T*s.T)", "s", "sign(s) + trace(A)"),
        ("sum(erf(y)) + sqrt(2)*sum(y)", "y", "2*exp(-hadamard(y, y))/sqrt(pi) + sqrt(2)"),
        ("sum(U - v)", "v", "-2*ones(1, 3)"),
        ("norm(U*v.T)**2", "v", "2*v*U.T*U"),
    ],
)
def test_the_gradient_is_the_one_that_mathematics_has(text, wrt, equals):
    result = run(*arguments(text, wrt, equals=equals))
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("  ✓ holds       gradient  ∂(")


@pytest.mark.parametrize(
    ("text", "shape"),
    [("X*W + b", "n c"), ("o.T", "c 1"), ("softmax(X)", "n m"), ("logsumexp(X)", "n 1")],
)
def test_shapes(text, shape):
    assert " ".join(map(str, shape_of(meaning(text)))) == shape


def test_what_names_are():
    question = read(Asked("sum(X)*λ*ones(1, k)[0, 0]/n", "λ", ("X = n , 3",)))
    symbols = {str(symbol): symbol for symbol in question.of.free_symbols}
    assert symbols["n"].is_integer and symbols["n"].is_positive
    assert question.wrt.is_real and question.wrt.is_positive is None
    assert symbols["X"].shape == (symbols["n"], 3)


def test_decimals_are_exact():
    assert read(Asked("0.1*t + 1_0.5e-1*t**2", "t")).of == sp.sympify("t/10 + 21*t**2/20").subs(
        "t", sp.Symbol("t", real=True)
    )


def test_bound_symbols_are_nobodys_own():
    question = read(Asked("i*z*sum(relu(sum(x)*x + norm(x)))", "x", ("x=j",)))
    bound = {limits[0] for part in question.of.atoms(sp.Sum) for limits in part.limits}
    assert len(bound) == 3 and not {str(index) for index in bound} & {"i", "j", "z", "x"}


@pytest.mark.parametrize(
    ("text", "wrt", "equals", "given"),
    [
        ("y.T*A*y", "y", "2*A*y", ["symmetric(A)"]),
        ("norm(A*y)**2", "y", "2*y", ["orthogonal(A)"]),
        ("norm(A*y)**2", "y", "2*y", ["A.T*A == eye(n)"]),
        ("abs(s)", "s", "1", ["s > 0"]),
        ("abs(s)", "s", "1", ["positive(s)"]),
        ("logsumexp(o)*(o*b.T + 1 - o*b.T)", "o", "softmax(o)*sum(b)", ["sum(b) == 1"]),
    ],
)
def test_what_is_given(text, wrt, equals, given):
    assert run(*arguments(text, wrt, equals=equals, given=given)).exit_code == 0
    assert run(*arguments(text, wrt, given=given)).exit_code == 0
    if given != ["sum(b) == 1"]:
        assert run(*arguments(text, wrt, equals=equals)).exit_code == 1


@pytest.mark.parametrize("name", FACTS)
def test_every_fact_can_be_checked(name):
    result = run(*arguments("sum(A)", "A", equals="ones(n, n)", given=[f"{name}(A)"]))
    symmetric = {"symmetric", "positive_definite", "diagonal"}  # in which the gradient is G + Gᵀ
    assert result.exit_code == 0 or name in symmetric, result.output


# ------------------------------------------------------------------------------- what is printed


def test_the_gradient_and_its_shape():
    result = run(*SUM_OF_SQUARES)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "shape       (m, 1)\ngradient    X.T*(X*w - y)\n"


def test_the_gradient_as_json():
    record = json.loads(run(*SUM_OF_SQUARES, "--format", "json").stdout)
    assert list(record) == ["of", "wrt", "shape", "derived"]
    assert (record["wrt"], record["shape"], record["derived"]) == ("w", ["m", "1"], "X.T*(X*w - y)")


def test_a_claim_that_is_wrong():
    result = run(*SUM_OF_SQUARES, "--equals", "2*X.T*(X*w - y)")
    assert (result.exit_code, result.stderr) == (1, "")
    assert "✗ disagrees   gradient" in result.stdout
    assert "it holds with a factor 1/2" in result.stdout
    (claim,) = json.loads(run(*SUM_OF_SQUARES, "--equals", "w", "--format", "json").stdout)[
        "claims"
    ]
    assert (claim["status"], claim["derived"]) == ("disagrees", "X.T*(X*w - y)")


@pytest.mark.parametrize("equals", ["X*(X*w - y)", "(X*w - y).T*X", "X.T"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_claim_without_its_shape_is_ill_shaped(equals, form):
    result = run(*SUM_OF_SQUARES, "--equals", equals, "--format", form)
    assert (result.exit_code, result.stderr) == (1, "")
    assert "ill-shaped" in result.stdout
    assert "shape (" in result.stdout


def test_an_expression_may_start_with_a_minus():
    assert "-1/s" in run("-log(s)", "--wrt", "s").stdout
    assert run("-log(s)", "--wrt", "s", "--equals", "-1/s").exit_code == 0
    assert run("-h").stdout.startswith("Usage: ")


# ------------------------------------------------------------------------------------ misuse


@pytest.mark.parametrize(
    ("text", "expected", "marked"),
    [
        ("nrm(X)", "there is no function nrm; did you mean norm?", "nrm"),
        ("frobnicate(X)", "there is no function frobnicate; there are exp, log", "frobnicate"),
        ("symmetric(A)", "symmetric(…) is a fact, for --given", "symmetric(A)"),
        ("exp*2", "exp is a function: write exp(…)", "exp"),
        ("norm(X, w)", "norm takes 1 argument, not 2", "norm(X, w)"),
        ("max(X)", "max takes 2 or more arguments, not 1", "max(X)"),
        ("norm(X, ord=2)", "norm takes plain arguments only", "norm(X, ord=2)"),
        ("norm(*X)", "norm takes plain arguments only", "norm(*X)"),
        ("X.sum()", "X.sum cannot be called; write sum(…)", "X.sum"),
        ("X.inv", ".inv has no meaning here, only .T (the transpose) has; write inv(…)", "X.inv"),
        ("().__class__", ".__class__ has no meaning here", "().__class__"),
        ("X.__class__.T", ".__class__ has no meaning here", "X.__class__"),
        ("exp(lambda: 1)", "lambda: 1 has no meaning here", "lambda: 1"),
        ("lambda*t", "'lambda' is a reserved word", "l"),
        ("s^2", "a power is written **", "s^2"),
        ("s//2", "an operator that has no meaning here", "s//2"),
        ("s if s else 1", "a case distinction is where(a < b", "s if s else 1"),
        ("s > 0", "a comparison stands in where(…) or in --given only", "s > 0"),
        ("where(s, 1, 2)", "s is not a single comparison", "s"),
        ("where(0 < s < 1, 1, 2)", "0 < s < 1 is not a single comparison", "0 < s < 1"),
        ("where(s in s, 1, 2)", "s in s is not a comparison", "s in s"),
        ("[1, 2]", "matrices are names with --dim", "[1, 2]"),
        ("'a'", "'a' has no meaning here", "'a'"),
        ("relu(exp(exp(exp(exp(9)))))", "SymPy refuses it", None),
        ("True", "True has no meaning here", "True"),
        ("1j", "1j has no meaning here", "1j"),
        ("f'{s}'", "has no meaning here", "f'{s}'"),
        ("(s := 2)", "has no meaning here", "s := 2"),
        ("[s for s in s]", "has no meaning here", "[s for s in s]"),
        ("s(2)", "there is no function s", "s"),
        ("norm(X*w - y", "'(' was never closed", "("),
        ("X w", "cannot be read: invalid syntax", None),
        ("2X", "cannot be read: invalid decimal literal", None),
        ("X'*w", "a transpose is written A.T", None),
        ("Xᵀ*w", "ᵀ is written .T", "ᵀ"),
        ("X·w", "· is written *", "·"),
        ("y − w", "− is written -", "−"),
        ("s²", "² is written **2", "²"),
        ("s = 2", "an equation is written ==", "="),
        ("s.__class__", ".__class__ has no meaning here, only .T", "s.__class__"),
        ("__import__('os').system('ls')", "__import__('os').system cannot be called", None),
        ("1/(s - s)", "1/(s - s) divides by zero", "1/(s - s)"),
        ("0**-1", "0**-1 divides by zero", "0**-1"),
        ("log(0)", "log(0) is not a real number", "log(0)"),
        ("sqrt(-2)", "sqrt(-2) is not a real number", "sqrt(-2)"),
        ("9**9**9", "the exponent of 9**9**9 is too large", None),
        ("(2**999)**999", "the exponent of (2**999)**999 is too large", None),
        ("((2*s)**999)**999", "is too large", None),
        ("s**1e300", "is too large", None),
        ("1e999999999", "1e999999999 is too large or too small a number", "1e999999999"),
        ("A**s", "the exponent of the matrix A is not an integer", "A**s"),
        ("s**A", "the exponent A has shape (n, n); a scalar is meant", "s**A"),
        ("y**2", "y has shape (n, 1), which is not square (only if n = 1)", "y"),
        ("trace(X)", "X has shape (n, m), which is not square", "X"),
        ("trace(s)", "s is a scalar, and a square matrix is meant", "s"),
        ("X*w*y", "in X*w*y: X*w has shape (n, 1) and y has shape (n, 1)", "X*w*y"),
        (
            "U*U",
            "in U*U: U has shape (2, 3) and U has shape (2, 3); the inner sizes 3 and 2",
            "U*U",
        ),
        ("X + w", "in X + w: X has shape (n, m) and w has shape (m, 1)", "X + w"),
        ("U + X", "in U + X: U has shape (2, 3) and X has shape (n, m)", "U + X"),
        ("U/X", "X has shape (n, m), and only scalars divide", "U/X"),
        ("s/X", "the inverse of a matrix is inv(A)", "s/X"),
        ("hadamard(X, W)", "X has shape (n, m) and W has shape (m, c)", "hadamard(X, W)"),
        ("hadamard(X, s)", "s is a scalar, not a matrix", "s"),
        ("max(X, W)", "they cannot be combined entry by entry", "max(X, W)"),
        ("dot(y, w)", "y has shape (n, 1) and w has shape (m, 1)", "dot(y, w)"),
        ("outer(X, w)", "X has shape (n, m); a row or a column is meant", "X"),
        ("softmax(y)", "softmax goes along rows, and y is a column; write softmax((y).T)", None),
        ("softmax(s)", "s is a scalar, not a matrix", "s"),
        ("X[0]", "X[0] has 1 index, and a matrix of shape (n, m) takes 2", "X[0]"),
        ("s[0]", "s is a scalar and has no entries", "s[0]"),
        ("U[2, 0]", "reads outside its array", "U[2, 0]"),
        ("U[s, 0]", "s is not an integer made of numbers and sizes", "s"),
        ("U[0:1, 0]", "0:1 has no meaning here", "0:1"),
        ("sum(eye(0))", "0 is not a size", "0"),
        ("sum(ones(2, 1/2))", "1/2 is not an integer", "1/2"),
    ],
)
def test_a_faulty_expression_is_one_sentence_and_its_place(text, expected, marked):
    result = run(*arguments(text, "s"))
    if "--wrt" in result.stderr:
        result = run(*arguments(f"s*({text})", "s"))
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    sentence, *pointer = result.stderr.splitlines()
    assert sentence.startswith("derive: ") and "internal error" not in sentence
    assert expected in sentence
    if marked is not None:
        shown, carets = pointer
        start, end = carets.index("^"), carets.rindex("^") + 1
        assert shown[start:end] == marked


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("", [], "the expression is empty"),
        ("norm(x - Y)", ["--dim", "x=n"], "--wrt: y does not occur in the expression; did you me"),
        ("norm(q)", ["--dim", "q=n"], "--wrt: y does not occur in the expression; it has q"),
        ("y", ["--dim", "X=n"], "--dim: X does not occur; without sizes are y"),
        ("sum(x)", ["--dim", "x=y"], "--wrt: y is a size"),
        ("X*y", ["--dim", "x=n"], "--dim: x does not occur; did you mean X?"),
        ("y*n*x", ["--dim", "x=y"], "--wrt: y is a size"),
        ("y", ["--dim", "y=n", "--dim", "y=m"], "--dim: a name is given sizes twice"),
        ("y*n", ["--dim", "y=n", "--dim", "n=m"], "n is the name of a matrix and of a size"),
        ("y", ["--dim", "y"], "--dim: 'y' is not of the form NAME=rows,columns"),
        ("y", ["--dim", "y=1,2,3"], "is not of the form NAME=rows,columns"),
        ("y", ["--dim", "y=n,"], "is not of the form NAME=rows,columns"),
        ("y", ["--dim", "y=0"], "--dim: 0 is not a size: a number from 1 to"),
        ("y", ["--dim", "y=-1"], "--dim: -1 is not a size: a number from 1 to"),
        ("y", ["--dim", "y=n+1"], "--dim: n+1 is not a size: a number from 1 to"),
        ("y", ["--dim", "lambda=n"], "--dim: 'lambda' is not a name"),
        ("y", ["--dim", "sum=n"], "--dim: sum has a meaning of its own"),
        ("y", ["--dim", "y=1234567890"], "is not a size: a number from 1 to 999999999, or a name"),
        (
            "y**2",
            ["--equals", "2*yy"],
            "--equals: there is no yy in the expression; did you mean y?",
        ),
        ("y**2", ["--given", "y"], "--given: a fact is a comparison, as in sum(y) == 1"),
        ("y**2", ["--given", "positve(y)"], "did you mean positive"),
        ("y**2", ["--given", "symmetric(y)"], "y is a scalar, and a square matrix is meant"),
        ("y**2", ["--given", "exp(y)"], "--given: a fact is a comparison"),
        ("y**2", ["--given", "y > 0 and y < 1"], "each fact has a --given of its own"),
        ("y**2", ["--given", "y = 1"], "--given: the expression cannot be read: an equation is wr"),
        ("y + \N{GREEK SMALL LETTER LAMDA}", ["--given", "y ≤ 1"], "--given: ≤ is written <="),
        ("y*sum(x)", ["--dim", "x=n", "--given", "x > x"], "matrices are compared with == only"),
        ("y*sum(x)", ["--dim", "x=n", "--given", "x == y"], "they cannot be compared"),
        ("y*sum(x)", ["--dim", "x=n", "--given", "diagonal(y)"], "y is a scalar, not a matrix"),
        ("y*x", ["--dim", "x=n"], "a scalar"),
        (
            "(" * 90 + "y" + ")" * 90 + "*" + "-" * 150 + "y",
            [],
            "nested deeper than 100 levels; in a",
        ),
        ("(" * 900 + "y" + ")" * 900, [], "nested too deeply"),
        ("-" * 3999 + "y", [], "nested"),
        ("+".join("y" * 1500), [], "nested"),
        ("y" * 4001, [], "the expression has 4001 characters, and 4000 are allowed"),
        ("y\0", [], "derive: the expression"),
        ("y + \udc80", [], "derive: the expression"),
        ("y", ["--timeout", "0"], "not a positive number of seconds"),
    ],
)
def test_misuse_is_one_sentence(text, options, expected):
    result = run(text, "--wrt", "y", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    sentence = result.stderr.splitlines()[0]
    assert sentence.startswith("derive: ") and "internal error" not in sentence
    assert expected in sentence
    assert len(result.stderr.splitlines()) in (1, 3)


def test_long_lines_and_wide_letters_keep_the_caret_in_place():
    result = run("+".join(["変数*s"] * 40) + " + nope(s)", "--wrt", "s")
    _, shown, carets = result.stderr.splitlines()
    assert len(shown) < 80
    assert carets.strip() == "^^^^"
    assert carets.index("^") == sum(2 if c > "\u3000" else 1 for c in shown[: shown.index("nope")])


def test_errors_know_their_place():
    with pytest.raises(MisfitError) as caught:
        read(Asked("1 + norm(A*B)", "A", ("A=n,m", "B=n,m")))
    assert (caught.value.start, caught.value.end) == (9, 12)
    with pytest.raises(ExpressionError):
        read(Asked("__import__('os')", "A"))


def test_the_help_names_every_function():
    words = re.findall(r"\w+", run("--help").stdout)
    missing = [name for name in FUNCTIONS if name not in words]
    assert missing == ["tr"]  # which is short for trace
