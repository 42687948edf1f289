"""The command ``derive``: parse, run, print, exit.

Exit codes: 0 everything holds; 1 something disagrees, is ill-shaped or undecided; 2 usage, an
unreadable file, an internal error, each said in one sentence on standard error.

SymPy and rich are imported by the commands that need them: ``--help`` must not wait for them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from derive.cli.asked import asked_for, is_document, is_function, may_be_code, resolved
from derive.cli.deciding import decider, kept_findings, one_by_one
from derive.cli.exits import FAILS, INTERRUPTED, OK, USAGE, Commands, complain, exit_code
from derive.cli.options import (
    ID,
    OF_VERIFY,
    TARGETS,
    cache_option,
    effort_option,
    form_option,
    id_argument,
    no_cache,
    output,
    print_version,
    report_form,
    seconds,
    targets_argument,
    timeout_option,
)
from derive.cli.printing import (
    blank,
    deeply,
    formula_head,
    layers_of,
    networks,
    print_json,
    print_shapes,
    screen_now,
)
from derive.cli.prompt import (
    Misread,
    TakesFormula,
    answer,
    code_shapes,
    derive,
    derive_code,
)

if TYPE_CHECKING:
    from derive.claims.formula import Formula


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"{TARGETS} To verify, it may be a document (notes.md), too. Exit code 0: everything "
    "holds; 1: something disagrees, is ill-shaped or undecided; 2: a usage error, an unreadable "
    "file or an internal error.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Tell whether documented derivations are right: shapes, gradients and identities."""


@main.command("list", short_help="Show the catalogue: id, section, kind, title.")
@form_option
def list_command(form: str) -> int:
    """Show the catalogue: the id, section, kind and title of every claim."""
    from derive.cli.listing import list_lines, list_records
    from derive.formulas import index

    entries = index.listed()
    if form == "json":
        print_json(list_records(entries))
        return OK
    screen = screen_now()
    screen.print(list_lines(entries, screen.width if screen.is_terminal else None))
    return OK


@main.command(short_help="Say which derivations hold and which disagree.", epilog=OF_VERIFY)
@targets_argument
@report_form
@output
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(min=1),
    default=None,
    metavar="N",
    help="Decide N claims at a time, each in its own process  [default: one per processor].",
)
@timeout_option
@effort_option
@cache_option
@no_cache
@click.option(
    "--declarations",
    metavar="FILE",
    help="Shapes and assumptions for a document that does not declare them (notes.derive.toml).",
)
@click.option("--strict", is_flag=True, help="Fail, too, for what of a document is not decided.")
@click.option("--annotate", metavar="FILE", help="Write a copy of the document with the verdicts.")
@click.option("--docstrings", is_flag=True, help="Read the formulas in docstrings of Python files.")
@click.option("--all", "everything", is_flag=True, help="List formulas that claim nothing, too.")
@click.option(
    "--changed-since",
    metavar="REV",
    help="Verify only those files among the targets that changed since a revision of Git.",
)
@click.option(
    "--project",
    "of_project",
    is_flag=True,
    help="Verify what [tool.derive] names as targets, and nothing else where it names none.",
)
@click.option("--watch", "watched", is_flag=True, help="Verify a file again whenever it is saved.")
@click.pass_context
def verify(
    context: click.Context,
    targets: tuple[str, ...],
    form: str,
    wanted: tuple[str, ...],
    jobs: int | None,
    timeout: float,
    effort: float,
    cache_dir: str | None,
    no_cache: bool,
    declarations: str | None,
    strict: bool,
    annotate: str | None,
    docstrings: bool,
    everything: bool,
    changed_since: str | None,
    of_project: bool,
    watched: bool,
) -> int:
    """Say which derivations hold and which disagree, with the reason and a witness.

    Of a file of code that is every gradient that a backward pass returns, where the shapes of its
    inputs are declared: # derive: x (N, D), w (D, M). Of a document (.md, .tex, .ipynb, .rst) it is
    every formula, where it stands.
    """
    from derive.cli.outputs import OutputError, Outputs, outputs
    from derive.cli.settings import SettingsError, project_settings

    try:
        report = Outputs(outputs(form, wanted))
        project = project_settings()
    except (OutputError, SettingsError) as problem:
        raise click.UsageError(str(problem)) from None
    everywhere = not targets
    if of_project:
        if targets:
            raise click.UsageError("--project and targets are two ways to say what to verify")
        if not project.targets:
            raise click.UsageError(project.without_targets())
    targets = targets or project.targets
    if watched:
        from derive.cli.watching import watch_over

        return watch_over(context, targets, changed_since)
    if changed_since is not None:
        from derive.cli.changes import changed_among

        targets = changed_among(targets, changed_since)
        if not targets:
            from derive.report import Report

            report.add(Report())
            report.finish()
            return OK
    timeout, effort = (project.or_typed(*o) for o in (("timeout", timeout), ("effort", effort)))
    jobs = project.or_typed("jobs", jobs)
    documents = [target for target in targets if docstrings or is_document(target)]
    others = [target for target in targets if target not in documents]
    for option, value in (("--declarations", declarations), ("--annotate", annotate)):
        if value is not None and not documents:
            raise click.UsageError(f"{option} is for documents: .md, .tex, .ipynb, .rst")
    code, problems = OK, []
    try:
        if documents:
            from derive.cli import verifying_documents

            code = verifying_documents.run(
                documents,
                report,
                timeout,
                effort,
                declarations,
                strict,
                annotate,
                docstrings,
                everything,
            )
        if code != INTERRUPTED and (others or not documents):
            tasks, requests, problems = asked_for(others)
            kept = None if no_cache else kept_findings(cache_dir, timeout, effort, report.steps)
            if tasks or requests:
                from derive.cli import verifying

                asked = verifying.Asked(
                    tasks, requests, jobs, timeout, effort, kept, report.steps, project, everywhere
                )
                code = max(code, verifying.run(asked, report))
    finally:  # what was decided before Ctrl-C is not lost
        report.finish()
    for problem in problems:
        complain(problem)
    return USAGE if problems else code


@main.command("init", short_help="Draft the declarations that a document needs.")
@click.argument("document", type=click.Path(exists=True, dir_okay=False))
@click.option("--force", is_flag=True, help="Write over a sidecar that is there.")
@click.option(
    "--paste", is_flag=True, help="Print a directive for the document itself, and write nothing."
)
def init(document: str, force: bool, paste: bool) -> int:
    """Draft the declarations of DOCUMENT from how its names are used.

    They go to a sidecar beside it, NAME.derive.toml, for its author to correct: what is declared
    is taken at its word.
    """
    from derive.cli import drafting

    click.echo(deeply(drafting.run, document, force, paste))
    return OK


@main.command("check", short_help="Decide one formula in LaTeX, as it is pasted.")
@click.argument("formula")
@click.option("--where", multiple=True, metavar="FORMULA", help="A definition: 'Y = XW'.")
@click.option(
    "--shape",
    "--given",
    "declared",
    multiple=True,
    metavar="DECLARATION",
    help="What a directive says: 'X: n×d, W: d×k', 'λ > 0', 'vectors = column', "
    "'L = any scalar of Y'.",
)
@form_option
@timeout_option
@effort_option
def check_command(
    formula: str,
    where: tuple[str, ...],
    declared: tuple[str, ...],
    form: str,
    timeout: float,
    effort: float,
) -> int:
    """Decide one FORMULA in LaTeX: its text, or - for standard input.

    The exit code is 0 where it holds.
    """
    from derive.base.errors import DeriveError
    from derive.cli import checking

    try:
        checked = checking.check_pasted(
            checking.read_formula(formula), where, declared, one_by_one(timeout, effort)
        )
    except DeriveError as problem:
        raise click.ClickException(str(problem)) from None
    if form == "json":
        print_json(checking.document_report([checked]).data())
    else:
        screen = screen_now()
        screen.print(deeply(checking.checked_lines, checked, screen.width))
    return OK if checking.holds(checked) else FAILS


@main.command(
    short_help="Show every expression with its shape, and every mismatch.", epilog=TARGETS
)
@targets_argument
@form_option
def shapes(targets: tuple[str, ...], form: str) -> int:
    """Show every expression and subexpression with its shape, and every mismatch.

    Of a file of code that is every assignment of the functions whose inputs are declared.
    """
    from derive.cli.shapes import shape_records, shape_rows
    from derive.engine import shape_of

    if any(may_be_code(target) for target in targets):
        from derive.cli.code_report import has_code

        if has_code(targets):
            return code_shapes(targets, form)
    entries = resolved(targets)
    rows = deeply(lambda: list(shape_rows(entries, shape_of)))
    if form == "json":
        layers = [record for formula in networks(entries) for record in layers_of(formula)]
        print_json(layers + deeply(shape_records, rows))
    else:
        print_shapes(rows)
    return FAILS if any(row.error is not None for row in rows) else OK


@main.command(short_help="Show a formula or claim in full, with both of its sides.", epilog=ID)
@id_argument
@timeout_option
@effort_option
def show(id: str, timeout: float, effort: float) -> int:
    """Show a formula or claim: its dimensions and symbols, what is documented and derived."""
    from derive.backends.text import show_lines
    from derive.cli.claim_runner import decide_safely

    entries = resolved([id])
    screen = screen_now()
    verdicts = []
    shown: Formula | None = None
    for entry in entries:
        if entry.formula is not None and entry.formula is not shown:
            screen.print(formula_head(entry.formula, screen))
            shown = entry.formula
        verdicts.append(decide_safely(entry.claim, decider(timeout, effort)))
        screen.print([blank(), *deeply(show_lines, entry, verdicts[-1], screen.width)])
    return exit_code(verdicts)


@main.command(short_help="Show a derivation step by step, or a witness worked out.", epilog=ID)
@id_argument
@click.option("--numpy", is_flag=True, help="Print only the NumPy script that replays the witness.")
@click.option("--replay", "check", is_flag=True, help="Evaluate each step on its own, too.")
@click.option("--steps", is_flag=True, help="Print every step of a proof, not its main lines.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "latex", "html"]),
    default="text",
    show_default=True,
    help="As text, as an align* of LaTeX, or as a page of HTML.",
)
@timeout_option
@effort_option
def explain(
    id: str, numpy: bool, check: bool, steps: bool, form: str, timeout: float, effort: float
) -> int:
    """Show how a claim is derived, or the witness worked out and replayed in NumPy.

    What holds is shown as a person derives it, each line proved; where there are no such lines, or
    with --steps, by every step of the proof.
    """
    from derive.cli.code_report import has_code

    asked = {"--numpy": numpy, "--replay": check, "--steps": steps}
    if form != "text" and (given := [option for option, on in asked.items() if on]):
        raise click.UsageError(f"{' and '.join(given)} is text: not with --format {form}")
    if form == "text" and has_code((id,)):
        from derive.cli.code_explaining import explain_code

        return explain_code(id, numpy, screen_now(), timeout, effort)
    if form != "text":
        from derive.cli.explaining import explain_set

        return explain_set(id, form, timeout, effort)
    from derive.backends.snippet import replay
    from derive.backends.text import explain_lines
    from derive.cli.claim_runner import decide_safely
    from derive.cli.explaining import chain_text
    from derive.cli.render import replay_lines

    entries = resolved([id])
    screen = screen_now()
    verdicts = []
    for position, entry in enumerate(entries):
        verdict = decide_safely(entry.claim, decider(timeout, effort))
        verdicts.append(verdict)
        script = deeply(replay, verdict) if verdict.witness is not None else None
        if numpy:
            if script is None:
                raise click.ClickException(f"{entry.id} has no witness to replay: {verdict.status}")
            screen.print_script(script)
            continue
        if position:
            screen.print([blank()])
        whole = steps or check
        chain = None if whole else deeply(chain_text, verdict, timeout, effort, screen.width)
        screen.print(deeply(explain_lines, entry, verdict, screen.width, chain))
        if check and verdict.status not in ("ill-shaped", "undecided"):
            screen.print(deeply(replay_lines, verdict.replay(), screen.width))
        if script is not None:
            screen.print([blank()])
            screen.print_script(script)
    return exit_code(verdicts)


@main.command(
    short_help="Write a formula and its proved gradient as code, with its test.", epilog=ID
)
@id_argument
@click.option(
    "--to",
    "target",
    type=click.Choice(["numpy", "torch", "jax", "latex", "python"]),
    default="numpy",
    show_default=True,
    help="What to write it in; python is a file of SymPy that states and verifies it.",
)
@timeout_option
@effort_option
def export(id: str, target: str, timeout: float, effort: float) -> int:
    """Write a formula and its proved gradient as code with its test, or as LaTeX.

    Of a claim that is wrong it is the derived gradient, proved as any other. The NumPy code has
    passed its test before it is shown.
    """
    from derive.backends.export import ExportError
    from derive.backends.export import export as exported

    entries = resolved([id])
    if len(entries) > 1:
        raise click.ClickException(f"{id} makes {len(entries)} claims; export takes one of them")
    try:
        text = deeply(exported, entries[0], decider(timeout, effort), target)
    except ExportError as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(text, nl=False)
    return OK


@main.command(short_help="Draw a formula: the graph of its definitions, as SVG.", epilog=ID)
@id_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["svg", "text"]),
    default="svg",
    show_default=True,
    help="A picture, or the same in sentences.",
)
@click.option("--gradient", "way_back", is_flag=True, help="Mark the gradient's way back.")
@click.option("--output", "-o", metavar="FILE", help="Write it into FILE.")
def draw(id: str, form: str, way_back: bool, output: str | None) -> int:
    """Draw the definitions of a formula from its inputs to its result, each edge with its shape.

    Of a formula with several claims it is the one that defines most, and that is about a loss or
    another result with a name, where there is one.
    """
    from derive.backends.draw import drawn

    text = deeply(drawn, resolved([id]), form, way_back)
    if output is None:
        click.echo(text, nl=False)
        return OK
    try:
        with open(output, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as problem:
        raise click.ClickException(f"{output} cannot be written: {problem.strerror}") from None
    return OK


@main.command("serve", short_help="Show a page to paste formulas or code into.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    metavar="PORT",
    help="Where it listens, on 127.0.0.1 alone; 0 for one that is free.",
)
@click.option(
    "--allow-python", is_flag=True, help="Run pasted Python, as claims and code need it, as you."
)
@click.option("--open", "show", is_flag=True, help="Open the page in a browser.")
@click.option(
    "--timeout",
    type=float,
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    callback=seconds,
    help="How long to try each claim before it is called undecided.",
)
@effort_option
def serve_command(port: int, allow_python: bool, show: bool, timeout: float, effort: float) -> int:
    """Show a page in the browser that decides what is pasted into it, as one types.

    It takes documents in Markdown or LaTeX, of which nothing is executed, and with --allow-python
    files of claims and code, which are run.
    """
    from derive.cli.serving import NotServed, serve

    try:
        serve(port, allow_python, timeout, effort, show)
    except NotServed as problem:
        raise click.ClickException(str(problem)) from None
    except KeyboardInterrupt:
        click.echo("ended")
    return OK


@main.command(cls=TakesFormula, short_help="Derive a gradient, or check one, at the prompt.")
@click.argument("expression", metavar="EXPR")
@click.option("--wrt", required=True, metavar="NAME", help="What the gradient is taken in.")
@click.option(
    "--dim",
    "dims",
    multiple=True,
    metavar="NAME=N,M",
    help="NAME is a matrix with N rows and M columns, names or integers; NAME=N is a column. "
    "Repeatable; a name without sizes is a real scalar.",
)
@click.option("--equals", metavar="EXPR", help="The gradient that is claimed, to be verified.")
@click.option(
    "--given",
    multiple=True,
    metavar="FACT",
    help="What is assumed: symmetric(A), positive(t), 'sum(y) == 1', … Repeatable.",
)
@click.option(
    "--to",
    type=click.Choice(["math", "numpy", "torch", "jax"]),
    default="math",
    show_default=True,
    help="Of a function in a file: its derivative, or code of it in a library.",
)
@form_option
@timeout_option
@effort_option
def gradient(
    expression: str,
    wrt: str,
    dims: tuple[str, ...],
    equals: str | None,
    given: tuple[str, ...],
    to: str,
    form: str,
    timeout: float,
    effort: float,
) -> int:
    """Derive the gradient of the scalar EXPR, or with --equals decide whether it is the one given.

    EXPR may be a function in a file of code, my_layer.py::affine_forward, whose inputs are
    declared there; --to numpy then prints a backward that is proved to be right.

    EXPR is made of numbers, names, + - * / **, A.T, X[0, 1] and functions: exp log sqrt sin cos
    tan atan sinh cosh tanh erf erfc erfinv gamma loggamma digamma abs sign sigmoid softplus relu
    gelu silu max min where(a < b, then, otherwise) entry by entry;
    softmax logsumexp row by row; sum mean norm (Frobenius) trace det logdet inv
    cholesky sqrtm expm hadamard diag outer dot; ones(n, m) zeros(n, m) eye(n). Both * and @ are
    the product, of matrices too.
    """
    from derive.base.errors import BudgetExceeded, Stopped
    from derive.base.worker import run_deep
    from derive.claims.verdict import ILL_SHAPED, Verdict
    from derive.cli.claim_runner import decide_safely
    from derive.frontends.typed.expression import (
        Asked,
        ExpressionError,
        MisfitError,
        read,
        unread_claim,
    )

    if is_function(expression) and equals is None:
        return derive_code(expression, wrt, to, form)
    asked = Asked(expression, wrt, dims, equals, given)
    try:
        question = run_deep(partial(read, asked), timeout)
    except MisfitError as problem:
        if equals is None:
            raise Misread(problem) from None
        # What does not fit together is what `verify` calls ill-shaped, and no usage error.
        return answer(Verdict(unread_claim(asked), ILL_SHAPED, reason=str(problem)), form)
    except ExpressionError as problem:
        raise Misread(problem) from None
    except (BudgetExceeded, Stopped) as problem:
        raise click.ClickException(f"the expression cannot be read: {problem}") from None
    if equals is None:
        return derive(question, form, timeout, effort)
    return answer(decide_safely(question.claim(asked), decider(timeout, effort)), form)


def run() -> None:
    """The program."""
    from derive.cli.exits import in_a_process

    in_a_process(main)


if __name__ == "__main__":
    run()
