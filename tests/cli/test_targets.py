"""TARGETs: ids, sections, files of claims, and what is said about the ones that are not there."""

import os
import textwrap

import pytest
import sympy as sp

from derive import Formula, Identity, verify
from derive.cli.targets import catalogue_entries, needed_modules, resolve, section_order
from derive.formulas import index
from derive.frontends.files import TargetError, load_file

x = sp.Symbol("x", real=True)


def _formula(name, section, *claims):
    made = tuple(Identity(x, x, id=f"{name}.{claim}") for claim in claims)
    return Formula(name, name.upper(), section, {}, {x: "a number"}, made)


CATALOGUE = {
    formula.id: formula
    for formula in (
        _formula("rnn", "1.10", "hidden", "output"),
        _formula("mlp", "1.3", "grad-W1", "grad-b1"),
        _formula("dropout", "2.1", "grad"),
    )
}


def ids(*targets):
    return [entry.id for entry in resolve(targets, lambda: CATALOGUE)]


def complaint(*targets):
    with pytest.raises(TargetError) as caught:
        resolve(targets, lambda: CATALOGUE)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.fixture
def claims_file(tmp_path):
    def write(source, name="my_claims.py"):
        path = tmp_path / name
        path.write_text("import sympy as sp\nfrom derive import *\n" + textwrap.dedent(source))
        return path

    return write


# ------------------------------------------------------------------------------- the catalogue


def test_no_target_is_the_whole_catalogue_by_section_number():
    assert ids() == ["mlp.grad-W1", "mlp.grad-b1", "rnn.hidden", "rnn.output", "dropout.grad"]


def test_sections_sort_by_number():
    assert sorted(["1.10", "2", "1.2", "1"], key=section_order) == ["1", "1.2", "1.10", "2"]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("mlp.grad-b1", ["mlp.grad-b1"]),
        ("mlp", ["mlp.grad-W1", "mlp.grad-b1"]),
        ("1.3", ["mlp.grad-W1", "mlp.grad-b1"]),
        ("1", ["mlp.grad-W1", "mlp.grad-b1", "rnn.hidden", "rnn.output"]),
        ("2", ["dropout.grad"]),
    ],
)
def test_a_claim_a_formula_a_section(target, expected):
    assert ids(target) == expected


def test_section_1_1_is_not_section_1_10():
    assert "no section 1.1;" in complaint("1.1")


def test_targets_keep_their_order_and_are_taken_once():
    assert ids("dropout", "mlp.grad-b1", "mlp") == ["dropout.grad", "mlp.grad-b1", "mlp.grad-W1"]


def test_only_what_is_named_is_built(tmp_path):
    path = tmp_path / "claims.py"
    path.write_text("")
    assert needed_modules(["mlp.grad-W1", str(path), "1.4"], index.listed()) == [
        "mlp", "weight_decay", "dropout"
    ]  # fmt: skip
    for target, said in (("mlp.grad-W9", "did you mean mlp.grad-W"), ("9.9", "no section 9.9")):
        with pytest.raises(TargetError, match=said):
            needed_modules(["mlp", target], index.listed())


def test_an_unknown_id_suggests_near_ones():
    assert "did you mean mlp.grad-W1" in complaint("mlp.grad-w1")
    assert "did you mean dropout" in complaint("droput")
    assert "`derive list`" in complaint("zzzzzz")
    assert "the sections are 1.3, 1.10, 2.1" in complaint("9.9")
    assert "called ''" in complaint("")


def test_a_target_that_is_plainly_a_file_leaves_the_catalogue_alone(claims_file):
    path = claims_file("a = Identity(sp.S(1), sp.S(1))")

    def no_catalogue():
        raise AssertionError("the catalogue was loaded")

    assert [entry.id for entry in resolve([str(path)], no_catalogue)] == ["my_claims.a"]


# --------------------------------------------------------------------------------------- files


def test_claims_in_order_of_definition_with_their_names(claims_file):
    path = claims_file(
        """
        z = Identity(sp.S(1), sp.S(1))
        a = Identity(sp.S(2), sp.S(2), id="given.id")
        many = [Identity(sp.S(3), sp.S(3)), (Identity(sp.S(4), sp.S(4)),)]
        named = {"first": Identity(sp.S(5), sp.S(5))}
        again = z
        number = 7
        """
    )
    entries = load_file(path)
    assert [entry.id for entry in entries] == [
        "my_claims.z",
        "given.id",
        "my_claims.many[0]",
        "my_claims.many[1][0]",
        "my_claims.named[first]",
    ]
    assert all(entry.path == str(path) and entry.formula is None for entry in entries)


def test_a_formula_in_a_file_keeps_its_claims(claims_file):
    path = claims_file(
        """
        own = Identity(sp.S(1), sp.S(1), id="mine.one")
        mine = Formula("mine", "Mine", "7.1", {}, {}, (own, Identity(sp.S(2), sp.S(2))))
        """
    )
    entries = load_file(path)
    assert [entry.id for entry in entries] == ["mine.one", "my_claims.mine[1]"]
    assert {entry.formula.id for entry in entries} == {"mine"}
    assert entries[0].section == "7.1"


def test_one_claim_of_a_file(claims_file):
    path = claims_file(
        """
        a = Identity(sp.S(1), sp.S(1), id="the.id")
        many = [Identity(sp.S(2), sp.S(2)), Identity(sp.S(3), sp.S(3))]
        """
    )
    assert ids(f"{path}::a") == ["the.id"]
    assert ids(f"{path}::the.id") == ["the.id"]
    assert ids(f"{path}::many") == ["my_claims.many[0]", "my_claims.many[1]"]
    assert ids(f"{path}::many[1]") == ["my_claims.many[1]"]
    assert "no claim called 'b'" in complaint(f"{path}::b")


def test_a_directory_is_its_files_with_claims(claims_file, tmp_path):
    claims_file("b = Identity(sp.S(1), sp.S(1))", "second.py")
    claims_file("a = Identity(sp.S(1), sp.S(1))", "first.py")
    claims_file("number = 1", "nothing.py")
    (tmp_path / "unrelated.py").write_text("raise SystemExit('not to be run')\n")
    assert ids(str(tmp_path)) == ["first.a", "second.b"]


def test_a_file_may_import_its_neighbours(claims_file):
    claims_file("side = sp.S(1)", "neighbour_of_claims.py")
    path = claims_file("from neighbour_of_claims import side\na = Identity(side, side)")
    assert ids(str(path)) == ["my_claims.a"]


def test_what_a_file_prints_stays_out_of_standard_output(claims_file, capsys):
    load_file(claims_file("print('hello')\na = Identity(sp.S(1), sp.S(1))"))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "hello\n"


def test_what_a_files_child_processes_print_stays_out_too(claims_file, capfd):
    source = "import subprocess\nsubprocess.run(['echo', 'hello'])\na = Identity(sp.S(1), sp.S(1))"
    load_file(claims_file(source))
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "hello\n")


def test_a_file_reads_no_arguments_but_its_own_name(claims_file):
    path = claims_file("import sys\na = Identity(sp.S(1), sp.S(1), note=' '.join(sys.argv))")
    (entry,) = load_file(path)
    assert entry.claim.note == str(path)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("\n\nfoo", "line 5: NameError: name 'foo' is not defined"),
        ("a = (", "line 3: SyntaxError: "),
        ("a = Identity('x', 1)", "line 3: ClaimError: `left` is the string 'x'"),
        ("def f():\n    raise ValueError('a\\nb')\nf()", "line 4: ValueError: a b"),
        ("import sys\nsys.exit(3)", "line 4: SystemExit: 3"),
        ("a = 1", "has no claims at module level"),
        ("a, b = (Identity(sp.S(k), sp.S(k), id='one') for k in (1, 2))", "id 'one': a and b"),
    ],
)
def test_a_faulty_file_is_named_with_its_line(claims_file, source, expected):
    path = claims_file(source)
    message = complaint(str(path))
    assert message.startswith(str(path))
    assert expected in message


def test_a_text_that_is_no_document_by_its_name_says_so(tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("Let $x$ be a vector.\n")
    assert "documents end in .md, .tex, .rst or .ipynb" in complaint(str(notes))
    claims = tmp_path / "claims.py"
    claims.write_text("Let $x$\n")
    assert "documents end" not in complaint(str(claims))


def test_an_error_inside_a_library_points_at_the_users_line(claims_file):
    assert "line 4: " in complaint(str(claims_file("\nsp.Symbol(3)")))


def test_paths_that_cannot_be_read(tmp_path):
    assert "does not exist" in complaint(str(tmp_path / "missing.py"))
    assert "does not exist" in complaint("missing.py::name")
    assert "no Python files with claims" in complaint(str(tmp_path))
    assert "is a directory" in complaint(f"{tmp_path}::name")
    (tmp_path / "binary.py").write_bytes(b"\x7fELF\x00\xff\xfe")
    assert "not a Python file" in complaint(str(tmp_path / "binary.py"))
    (tmp_path / "zeros.py").write_bytes(b"a = 1\0")
    assert "not a Python file" in complaint(str(tmp_path / "zeros.py"))
    (tmp_path / "folder.py").mkdir()
    assert "no Python files with claims" in complaint(str(tmp_path / "folder.py"))
    assert "not a regular file" in complaint("/dev/null" + "::a")
    assert "cannot be read" in complaint("x" * 300 + ".py")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(claims_file):
    path = claims_file("a = 1")
    path.chmod(0)
    assert "cannot be read: permission denied" in complaint(str(path))


def test_the_entries_of_a_catalogue_know_their_formula():
    entry = catalogue_entries(CATALOGUE)[0]
    assert (entry.section, entry.formula.id, entry.path) == ("1.3", "mlp", "")


# ------------------------------------------------------------------- what stands for a claim


def test_what_is_no_claim_is_said_to_be_none(claims_file):
    path = claims_file("a = Identity(sp.S(1), sp.S(1))\nb = 7\ndef c(): return a")
    assert complaint(f"{path}::b") == f"{path}::b is of type int, and no claim; the file has a"
    assert complaint(f"{path}::c").endswith("is of type function, and no claim; the file has a")
    formula = claims_file("f = Formula('f', 'f', '1', {}, {}, (3,))")
    assert complaint(str(formula)) == f"{formula}: f.claims[0] is of type int, and no claim"
    odd = claims_file("class Odd(Claim): pass\na = Odd()")
    assert complaint(str(odd)) == f"{odd}: a is of type Odd, which is no kind of claim"


def test_a_container_in_itself_is_read_once(claims_file):
    path = claims_file("many = [Identity(sp.S(1), sp.S(1))]\nmany.append(many)")
    assert [entry.name for entry in load_file(path)] == ["many[0]"]


def test_a_claim_of_a_kind_of_ones_own_is_decided(claims_file):
    path = claims_file("class Same(Identity): pass\na = Same(sp.S(1), sp.S(1))")
    (entry,) = load_file(path)
    assert verify(entry.claim).status == "holds"


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ("Identity(1, 1, id=5)", "`id` is 5; a string is expected"),
        ("Identity(1, 1, id='a\\nb')", "`id` has more than one line"),
        ("Identity(1, '1')", "`right` is the string '1'; a SymPy expression is expected"),
        ("Shape(sp.Symbol('t'), (sp.true,))", "a tuple of sizes; True is none"),
    ],
)
def test_a_field_of_the_wrong_kind_is_named_with_its_line(claims_file, claim, message):
    path = claims_file(f"a = {claim}")
    assert complaint(str(path)).startswith(f"{path}, line 3: ClaimError: ")
    assert message in complaint(str(path))
