"""`derive init`: what is drafted, that it is read again, and that nothing is written over."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from derive.cli.main import main
from derive.frontends.document.draft import draft_of, written

NOTES = r"""# Notes
The loss is $L = \frac12 \|XW - Y\|_F^2$ and
$$\frac{\partial L}{\partial W} = X^\top (X W - Y)$$
With $r = A w - b$ and $J = r^\top r$,
$$\nabla_w J = 2 A^\top (A w - b)$$
"""


@pytest.fixture
def notes(tmp_path):
    file = tmp_path / "notes.md"
    file.write_text(NOTES, encoding="utf-8")
    return file


def test_shapes_are_found_from_use(notes):
    found = [each.item for each in draft_of(str(notes)).names]
    assert found == ["X: n×m", "W: m×p", "Y: n×p", "A: q×r", "w: r", "b: q"]


def test_a_draft_is_read_again(notes):
    run = CliRunner().invoke
    before = run(main, ["verify", str(notes)]).output
    assert before.count("✓ holds") == 1
    assert run(main, ["init", str(notes)]).exit_code == 0
    after = run(main, ["verify", str(notes)]).output
    assert after.count("✓ holds") == 2


def test_a_sidecar_is_written_over_only_when_asked(notes):
    run = CliRunner().invoke
    sidecar = notes.with_name("notes.derive.toml")
    sidecar.write_text("# mine\n", encoding="utf-8")
    refused = run(main, ["init", str(notes)])
    assert refused.exit_code == 2
    assert sidecar.read_text(encoding="utf-8") == "# mine\n"
    assert run(main, ["init", "--force", str(notes)]).exit_code == 0
    assert "X: n×m" in sidecar.read_text(encoding="utf-8")


def test_a_directive_to_paste(notes):
    printed = CliRunner().invoke(main, ["init", "--paste", str(notes)]).output
    assert printed.startswith("<!-- derive: X: n×m; W: m×p;")
    assert not notes.with_name("notes.derive.toml").exists()


def test_what_its_use_does_not_tell_is_asked(tmp_path):
    file = tmp_path / "open.md"
    file.write_text(
        "# Notes\nLet $X \\in \\mathbb{R}^{n \\times d}$.\n$$c + c = 2 c$$ $$n \\hat{q} = 0$$\n"
        "$$P = XW$$ $$\\frac{\\partial}{\\partial X} \\mathrm{tr}(X W) = W X$$\n"
        "$$\\nabla_X \\mathrm{tr}(X W) = W^\\top$$",
        encoding="utf-8",
    )
    made = draft_of(str(file))
    assert [each.question for each in made.asked if each.name == "c"] == ["c: vector or scalar?"]
    assert made.declared == [("X: n×d", 2)]
    assert [each.item for each in made.names] == ["W: d×n"]
    run = CliRunner().invoke
    printed = run(main, ["init", "--paste", str(file)]).output
    assert "<!-- line 2 declares X: n×d -->" in printed
    before = run(main, ["verify", str(file), "--format", "json"]).output
    file.write_text(printed + file.read_text(encoding="utf-8"), encoding="utf-8")
    after = run(main, ["verify", str(file), "--format", "json"]).output
    assert after.count('"ill-shaped"') >= before.count('"ill-shaped"')


def test_what_is_declared_is_not_drafted(notes):
    notes.write_text("<!-- derive: X: n×d; W: d×k; Y: n×k -->\n" + NOTES, encoding="utf-8")
    assert [each.name for each in draft_of(str(notes)).names] == ["A", "w", "b"]


@pytest.mark.parametrize(
    ("key", "name"),
    [("hat(y)", r"\hat{y}"), ("W^(1)", "W^{(1)}"), ("W_hh", "W_{hh}"), ("mu", "μ")],
)
def test_names_are_written_as_directives_take_them(key, name):
    assert written(key) == name


def test_nothing_is_written_where_nothing_is_to_be_declared(tmp_path):
    bare = tmp_path / "bare.md"
    bare.write_text("No formula.\n", encoding="utf-8")
    result = CliRunner().invoke(main, ["init", str(bare)])
    assert "nothing is drafted" in result.output and result.exit_code == 0
    assert list(tmp_path.iterdir()) == [bare]
