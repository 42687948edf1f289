"""The command line from outside: what is printed where, and the exit code."""

import contextlib
import json
import multiprocessing
import os
import pty
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
import sympy as sp
from click.testing import CliRunner

import derive.engine
from derive import Formula, Identity, Shape, Verdict, Witness, formulas
from derive.cli.claim_runner import verdicts
from derive.cli.main import main
from derive.formulas import index

ROOT = Path(__file__).resolve().parents[2]
n, t = sp.Symbol("n", integer=True, positive=True), sp.Symbol("t", real=True)
X = sp.MatrixSymbol("X", n, n)

CLAIMS = (
    Identity(t, t, id="mlp.good", title="t is t"),
    Identity(t, t + 1, id="mlp.wrong"),
    Shape(X, (n, 1), id="mlp.shape"),
    Identity(t, sp.sin(t), id="mlp.open"),
    Identity(t, t, id="mlp.boom"),
)
CATALOGUE = {
    "rnn": Formula("rnn", "Recurrent", "1.10", {}, {}, (Identity(t, t, id="rnn.good"),)),
    "mlp": Formula("mlp", "Perceptron", "1.3", {n: "units"}, {X: "a matrix"}, CLAIMS),
}


def decide(claim, timeout=60.0, effort=1.0):
    """A stand-in for the engine: the id says what becomes of the claim."""
    match claim.id.split(".")[-1]:
        case "wrong":
            witness = Witness({}, {"t": 0}, {}, (), 0, 1)
            return Verdict(claim, "disagrees", witness=witness, reason="One is missing.")
        case "shape":
            return Verdict(claim, "ill-shaped", reason="It is square.")
        case "open":
            return Verdict(claim, "undecided", reason="Nothing was found.")
        case "boom":
            raise ValueError("a\nbug")
        case "die":
            os._exit(9)
        case "deaf":  # as in one long call, to which nothing gets through
            while True:
                with contextlib.suppress(BaseException):
                    time.sleep(60)
        case "stuck":
            return Verdict(claim, "holds", notes=(lambda: None,))  # cannot be pickled
    return Verdict(claim, "holds")


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    monkeypatch.setattr(formulas, "catalogue", lambda modules=(): CATALOGUE)
    monkeypatch.setattr(index, "listed", lambda: index.index_of(CATALOGUE))
    monkeypatch.setattr(derive.engine, "verify", decide)


def run(*arguments, **kwargs):
    return CliRunner().invoke(main, arguments, **kwargs)


def complaint(*arguments):
    """The one sentence of a command that was misused."""
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("derive: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def start(*arguments, before="", **kwargs):
    """The command in a process of its own; ``before`` is run first in it."""
    script = f"import sys; sys.argv[0] = 'derive'\n{before}\nfrom cli.main import main; main()"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(ROOT)])}
    environment.update(kwargs.pop("env", {}))
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=kwargs.pop("stdout", subprocess.PIPE),
        stderr=kwargs.pop("stderr", subprocess.PIPE),
        env=environment,
        text=True,
        **kwargs,
    )


@pytest.fixture
def claims_file(tmp_path):
    path = tmp_path / "my_claims.py"

    def write(source):
        path.write_text("import sympy as sp\nfrom derive import *\n" + textwrap.dedent(source))
        return str(path)

    return write


# ------------------------------------------------------------------------------------ the list


def test_list_is_in_order_of_the_sections():
    result = run("list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["mlp.good", "1.3", "identity", "t", "is", "t"]
    assert lines[-1].split() == ["rnn.good", "1.10", "identity"]
    assert len(lines) == 6


def test_list_as_json():
    result = run("list", "--format", "json")
    assert json.loads(result.stdout)[2] == {
        "id": "mlp.shape",
        "formula": "mlp",
        "section": "1.3",
        "kind": "shape",
        "title": "",
    }


# ---------------------------------------------------------------------------------- the verify


def test_verify_prints_sections_and_a_summary():
    result = run("verify")
    assert result.exit_code == 1
    assert result.stdout.startswith("1.3  Perceptron\n  ✓ holds       mlp.good   t is t\n")
    assert "\n  ✗ disagrees   mlp.wrong\n      One is missing.\n" in result.stdout
    assert "\n  ⊘ ill-shaped  mlp.shape\n" in result.stdout
    assert "internal error: ValueError: a bug" in result.stdout
    assert "\n1.10  Recurrent\n  ✓ holds       rnn.good\n" in result.stdout
    summary = result.stdout.splitlines()[-1]
    assert summary.startswith("6 claims: 2 hold, 1 disagrees, 1 ill-shaped, 2 undecided · ")
    assert result.stderr == ""
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize(
    ("target", "code"),
    [("mlp.good", 0), ("1.10", 0), ("mlp.wrong", 1), ("mlp.shape", 1), ("mlp.open", 1), ("1", 1)],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_the_exit_code_says_whether_everything_holds(target, code, form):
    assert run("verify", target, "--format", form).exit_code == code


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_json_is_all_there_is_on_standard_output(jobs):
    result = run("verify", "--format", "json", "--jobs", jobs)
    assert result.exit_code == 1
    assert result.stderr == ""
    record = json.loads(result.stdout)
    assert list(record) == ["claims", "summary"]
    assert record["summary"] == {"holds": 2, "disagrees": 1, "ill-shaped": 1, "undecided": 2}
    by_id = {claim["id"]: claim for claim in record["claims"]}
    assert by_id["mlp.boom"]["reason"] == "internal error: ValueError: a bug"
    assert by_id["mlp.wrong"]["witness"]["right"] == "1"
    assert list(by_id["mlp.good"]) == [
        *("id", "formula", "section", "kind", "title", "status", "assumptions", "statement"),
        *("documented", "derived", "witness", "reason", "notes", "source", "stopped", "work"),
        "seconds",
    ]


def test_the_limits_reach_the_engine(monkeypatch):
    def verify(claim, timeout=60.0, effort=1.0):
        return Verdict(claim, "undecided", reason=f"It had {timeout:g} seconds, {effort:g} times.")

    monkeypatch.setattr(derive.engine, "verify", verify)
    assert "It had 2.5 seconds, 1 times." in run("verify", "rnn", "--timeout", "2.5").stdout
    assert "It had 60 seconds, 1 times." in run("verify", "rnn").stdout
    assert "It had 60 seconds, 0.5 times." in run("verify", "rnn", "--effort", "0.5").stdout


def test_a_file_of_claims(claims_file):
    path = claims_file("good = Identity(sp.S(1), sp.S(1))\nwrong = Identity(sp.S(1), sp.S(2))")
    result = run("verify", path)
    assert result.exit_code == 1
    assert result.stdout.startswith(path[:40])
    assert "my_claims.wrong" in result.stdout
    assert run("verify", path + "::good").exit_code == 0
    (claim,) = json.loads(run("verify", path + "::good", "--format=json").stdout)["claims"]
    assert (claim["id"], claim["formula"], claim["section"]) == ("my_claims.good", None, None)


# ------------------------------------------------------------------------------- the workers


def _claims(*names):
    return [Identity(t, t, id=f"a.{name}") for name in names]


@pytest.mark.parametrize("jobs", [2, 7])
def test_workers_answer_in_order(jobs):
    names = ["good", "wrong", "boom", "open", "shape", "good"]
    found = [verdict.status for verdict in verdicts(_claims(*names), decide, jobs)]
    assert found == ["holds", "disagrees", "undecided", "undecided", "ill-shaped", "holds"]


def test_a_verdict_that_cannot_travel_is_decided_here():
    found = list(verdicts(_claims("good", "stuck", "good"), decide, 2))
    assert [verdict.status for verdict in found] == ["holds"] * 3
    assert callable(found[1].notes[0])


def test_a_worker_that_dies_costs_one_claim():
    found = list(verdicts(_claims("good", "die", "good", "wrong"), decide, 2))
    assert [verdict.status for verdict in found] == ["holds", "undecided", "holds", "disagrees"]
    assert found[1].reason == "internal error: the process that decided it died"


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_worker_that_no_interruption_reaches_is_ended(jobs):
    found = list(verdicts(_claims("good", "deaf", "wrong", "deaf"), decide, jobs, limit=0.5))
    assert [verdict.status for verdict in found] == ["holds", "undecided", "disagrees", "undecided"]
    assert found[1].reason == found[3].reason == "the time limit has passed (limit 0.5 s)"
    assert multiprocessing.active_children() == []


def test_a_verdict_travels_as_it_is_written():
    def decided(claim):
        conditions = (sp.Ne(X[0, 0], 0, evaluate=False), sp.Gt(sp.exp(t), 0, evaluate=False))
        derived = sp.Add(t, sp.Mul(2, t, evaluate=False), sp.Integer(0), evaluate=False)
        return Verdict(claim, "holds", assumptions=conditions, derived=derived)

    claim = Identity(t, t)
    (found,) = verdicts([claim], decided, 1, limit=60)
    assert found.assumptions == decided(claim).assumptions
    assert found.derived.args == decided(claim).derived.args


@pytest.mark.parametrize("wanted", [1, 3])  # not all of them, and all of them
def test_the_workers_are_gone_once_the_verdicts_are_in(wanted):
    before = threading.enumerate()
    stream = verdicts(_claims("good", "wrong", "good"), decide, 2)
    for _ in range(wanted):
        next(stream)
    stream.close()
    assert multiprocessing.active_children() == []
    assert threading.enumerate() == before


# ---------------------------------------------------------------------- shapes, show, explain


def test_shapes_fail_on_a_mismatch():
    result = run("shapes", "mlp.shape")
    assert result.exit_code == 1
    assert "X has shape (n, n), and (n, 1) is documented" in result.stdout
    assert run("shapes", "mlp.good").exit_code == 0
    records = json.loads(run("shapes", "mlp.shape", "--format", "json").stdout)
    assert records[0] == {
        "claim": "mlp.shape",
        "field": "of",
        "expression": "X",
        "shape": ["n", "n"],
        "error": None,
    }
    assert records[1]["error"].startswith("X has shape (n, n)")


def test_show_a_claim_and_its_formula():
    result = run("show", "mlp.wrong")
    assert result.exit_code == 1
    for part in (
        "Perceptron\n",
        "mlp · section 1.3",
        "n  units",
        "a matrix",
        "states      t = t + 1",
    ):
        assert part in result.stdout
    whole = run("show", "mlp").stdout
    assert whole.count("Perceptron") == 1
    assert all(claim.id in whole for claim in CLAIMS)


def test_explain_ends_in_a_script_that_runs_as_it_is():
    result = run("explain", "mlp.wrong")
    assert result.exit_code == 1
    script = result.stdout[result.stdout.index("# mlp.wrong") :]
    alone = run("explain", "mlp.wrong", "--numpy").stdout
    assert script == alone
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[:2] == ["left: 0.0", "right: 1.0"], done.stderr


def test_explain_has_no_script_for_what_holds():
    assert run("explain", "mlp.good").exit_code == 0
    assert "has no witness to replay" in complaint("explain", "mlp.good", "--numpy")
    assert "--numpy is text" in complaint("explain", "mlp.wrong", "--numpy", "--format", "html")
    assert "--output html=FILE" in complaint("verify", "mlp.good", "--output", "html")


# ------------------------------------------------------------------------------------ misuse


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "no command is given"),
        (["verfy"], "No such command 'verfy'. Did you mean 'verify'?"),
        (["frobnicate"], "No such command 'frobnicate'. `derive --help` lists the commands"),
        (["verify", "--jbos", "2"], "No such option"),
        (["verify", "--jobs", "0"], "0 is not in the range x>=1"),
        (["verify", "--jobs", "many"], "'many' is not a valid integer"),
        (["verify", "--timeout", "-1"], "-1.0 is not a positive number of seconds"),
        (["verify", "--timeout", "nan"], "nan is not a positive number of seconds"),
        (["verify", "--timeout", "0"], "0.0 is not a positive number of seconds"),
        (["verify", "--effort", "0"], "0.0 is not a positive number"),
        (["verify", "--format", "xml"], "'xml' is not one of 'text', 'json'"),
        (["verify", "mpl.good"], "did you mean mlp.good"),
        (["verify", "mlp", "missing.py"], "missing.py does not exist"),
        (["shapes", "7"], "no section 7"),
        (["show"], "Missing argument 'ID'"),
        (["show", "nothing"], "called 'nothing'"),
        (["explain", "a.py::b"], "a.py does not exist"),
    ],
)
def test_misuse_is_one_sentence(arguments, expected):
    assert expected in complaint(*arguments)


def test_a_faulty_file_is_one_sentence(claims_file):
    path = claims_file("\nfoo")
    assert complaint("verify", path) == (
        f"derive: {path}, line 4: NameError: name 'foo' is not defined\n"
    )


def test_an_internal_error_is_one_sentence_with_its_place(monkeypatch):
    def broken():
        raise KeyError("x")

    monkeypatch.setattr(index, "listed", broken)
    assert complaint("list").startswith("derive: internal error: KeyError: 'x' (test_cli.py, line ")


# --------------------------------------------------------------------- a process of its own

FAKE_ENGINE = f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n" + textwrap.dedent(
    """
    import os, signal, time, derive.engine, test_cli
    from derive import formulas
    from derive.formulas import index
    # Whoever runs the tests in the background has Ctrl-C ignored, and so have their children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    def verify(claim, timeout, effort):
        if claim.id == "mlp.wrong":
            open(os.environ["MARK"], "w").close()
            time.sleep(60)
        return test_cli.decide(claim)
    formulas.catalogue = lambda modules=(): test_cli.CATALOGUE
    index.listed = lambda: index.index_of(test_cli.CATALOGUE)
    derive.engine.verify = verify
    """
)


@pytest.mark.parametrize("signal_sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interruption_keeps_results_and_leaves_nobody_behind(jobs, signal_sent, tmp_path):
    if (jobs, signal_sent) == ("1", signal.SIGTERM):
        pytest.skip("a single process has nobody to leave behind")
    mark = tmp_path / "deciding the second claim"
    environment = {"MARK": str(mark)}
    process = start(
        "verify", "--jobs", jobs, before=FAKE_ENGINE, env=environment, start_new_session=True
    )
    while not mark.exists():
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(0.2)  # with two workers, the first claim's verdict is still on its way
    (process.send_signal if signal_sent == signal.SIGTERM else _to_group(process))(signal_sent)
    out, err = process.communicate(timeout=20)
    assert "✓ holds       mlp.good" in out
    assert "1 of 6 claims: 1 holds" in out
    if signal_sent == signal.SIGINT:
        assert (process.returncode, err) == (130, "derive: interrupted\n")
    else:
        assert (process.returncode, err) == (143, "")
    time.sleep(0.2)
    with pytest.raises(ProcessLookupError):  # the whole group is gone
        os.killpg(process.pid, 0)


def _to_group(process):
    return lambda number: os.killpg(process.pid, number)


LIST_HEAVY_MODULES = """
import atexit
atexit.register(lambda: print([m for m in ("sympy", "rich", "derive.engine") if m in sys.modules]))
"""


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_do_not_wait_for_sympy(option):
    process = start(option, before=LIST_HEAVY_MODULES)
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert out.splitlines()[-1] == "[]"
    assert out.lower().startswith(("usage: derive", "derive "))


def test_the_help_of_every_command_has_a_line():
    result = run("--help")
    for command in ("list", "verify", "shapes", "show", "explain"):
        assert f"\n  {command} " in result.stdout
        assert run(command, "--help").exit_code == 0


def test_a_closed_pipe_is_quiet():
    process = start("verify", "1.10", "mlp.good", before=FAKE_ENGINE)
    process.stdout.close()
    err = process.stderr.read()
    assert (process.wait(), err) == (141, "")


@pytest.mark.parametrize(
    ("arguments", "descriptors"),
    [
        (["verify", "1.10"], (1,)),
        (["verify", "1.10"], (1, 2)),
        (["list", "--format", "json"], (2,)),
        (["-h"], (1, 2)),
    ],
)
def test_a_stream_that_is_closed_is_not_missed(arguments, descriptors):
    process = start(
        *arguments, before=FAKE_ENGINE, preexec_fn=lambda: [*map(os.close, descriptors)]
    )
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert (out == "") is (1 in descriptors)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no full device")
@pytest.mark.parametrize("arguments", [["verify", "1.10"], ["--help"]])
def test_an_output_that_is_full_is_one_sentence(arguments):
    with open("/dev/full", "w") as full:
        process = start(*arguments, before=FAKE_ENGINE, stdout=full)
        _, err = process.communicate()
    assert process.returncode == 2
    assert err.startswith("derive: internal error: OSError: ") and err.count("\n") == 1


def test_an_output_without_unicode_gets_ascii():
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    process = start("verify", "mlp.good", before=FAKE_ENGINE, env=environment)
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert "+ holds       mlp.good" in out


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colour_only_on_a_terminal_that_wants_it(environment, coloured):
    leader, follower = pty.openpty()
    settings = {"TERM": "xterm", "NO_COLOR": "", "COLUMNS": "80", **environment}
    process = start("verify", "1.10", before=FAKE_ENGINE, env=settings, stdout=follower)
    os.close(follower)
    out = b""
    while chunk := _read(leader):
        out += chunk
    assert process.wait() == 0, process.stderr.read()
    assert (b"\x1b[" in out) is coloured
    assert "✓ holds" in out.decode()


def _read(descriptor):
    try:
        return os.read(descriptor, 4096)
    except OSError:  # what Linux says once the other end is closed
        return b""


def test_progress_on_a_terminal_is_removed_again():
    leader, follower = pty.openpty()
    environment = {"TERM": "xterm"}
    process = start("verify", "1.10", before=FAKE_ENGINE, env=environment, stderr=follower)
    os.close(follower)
    out, _ = process.communicate()
    assert _read(leader) == b"\r0/1  rnn.good" + b"\r" + b" " * 13 + b"\r"
    assert "rnn.good" in out


# --------------------------------------------------------------------------- the real engine


def test_a_file_of_claims_from_start_to_end(claims_file):
    path = claims_file(
        """
        n, m = sp.symbols("n m", integer=True, positive=True)
        A, w = sp.MatrixSymbol("A", n, m), sp.MatrixSymbol("w", m, 1)
        right = Gradient(sp.Trace(w.T * A.T * A * w), w, 2 * A.T * A * w)
        wrong = Gradient(sp.Trace(w.T * A.T * A * w), w, A.T * A * w)
        """
    )
    process = start("verify", path, "--format", "json", "--jobs", "2")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (1, "")
    statuses = {claim["id"]: claim["status"] for claim in json.loads(out)["claims"]}
    assert statuses == {"my_claims.right": "holds", "my_claims.wrong": "disagrees"}
    process = start("explain", path + "::wrong", "--numpy")
    script, err = process.communicate(timeout=120)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    printed = dict(line.split(":", 1) for line in done.stdout.splitlines())
    left, right = float(printed["by differences"]), float(printed["documented"])
    assert left == pytest.approx(2 * right)
    assert right != 0
    process = start("verify", path + "::right")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")


@pytest.mark.parametrize("arguments", [["--help"], ["verify", "--help"], ["list"], ["--version"]])
def test_what_decides_nothing_does_not_wait_for_sympy(arguments):
    code = f"import sys; from cli.main import main\ntry: main({arguments!r})\nfinally: " + (
        "sys.stderr.write(str('sympy' in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.endswith("False"), done.stderr


def test_a_process_ends_at_once_with_all_that_was_written():
    code = (
        "import atexit\nfrom derive.cli.exits import in_a_process\n"
        "class Kept:\n    def __del__(self): print('taken apart')\n"
        "kept = Kept()\n"
        "def command():\n    atexit.register(print, 'tidied up')\n    print('written', end=' ')\n"
        "    raise SystemExit(3)\n"
        "in_a_process(command)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (3, "written tidied up\n", "")
