"""The page to paste into: who may ask it, what it runs, and what it ends."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from derive.cli import limited
from derive.cli.limited import Deciding
from derive.cli.main import main
from derive.cli.page_app import MOST_BYTES, Rules, application
from derive.cli.pasted import Paste

HOME = "http://127.0.0.1:8765"
ANSWER = {"html": "<p>found</p>", "marks": [], "summary": "1 formula: 1 holds"}


class Waiting:
    """Stands for a process: what it was asked, and whether it was ended."""

    asked: list[Paste]
    ended: threading.Event

    def __init__(self, answer: object = ANSWER, at_once: bool = True) -> None:
        self.asked, self.ended = [], threading.Event()
        self._answer, self._at_once = answer, at_once

    def __call__(self, paste: Paste) -> Waiting:
        self.asked.append(paste)
        return self

    def wait(self) -> object:
        if not self._at_once:
            self.ended.wait(20)
        return self._answer

    def end(self) -> None:
        self.ended.set()


def client(decide: Waiting, **rules: object) -> TestClient:
    made = Rules(8765, key="the-key", **rules)
    return TestClient(application(made, decide), base_url=HOME)


def asked(text: str = "$x$", language: str = "markdown", **headers: str) -> dict[str, object]:
    return {
        "content": json.dumps({"language": language, "text": text}),
        "headers": {"content-type": "application/json", "x-derive-key": "the-key", **headers},
    }


def test_the_page_shows_what_is_decided_and_loads_nothing_from_elsewhere() -> None:
    decide = Waiting()
    with client(decide) as browser:
        page = browser.get("/")
        assert page.status_code == 200 and 'content="the-key"' in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "http" not in page.text.replace("http-equiv", "")
        assert browser.get("/page.js").headers["content-type"].startswith("text/javascript")
        assert ".gutter" in browser.get("/page.css").text
        found = browser.post("/verify", **asked("$a = b$"))
    assert found.json() == ANSWER
    assert (decide.asked[0].language, decide.asked[0].text) == ("markdown", "$a = b$")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example:8765"}, 421),  # a name that was made to resolve to this machine
        ({"host": "127.0.0.1:9"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:9000"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"x-derive-key": "another"}, 403),
        ({"x-derive-key": ""}, 403),
        ({"content-type": "text/plain"}, 415),  # what a form of another page can send
    ],
)
def test_other_pages_are_refused(headers: dict[str, str], status: int) -> None:
    decide = Waiting()
    with client(decide) as browser:
        refused = browser.post("/verify", **asked(**headers))
        if "x-derive-key" not in headers and "content-type" not in headers:
            assert browser.get("/", headers=headers).status_code == status
    assert refused.status_code == status and refused.json()["problem"]
    assert not decide.asked


def test_its_own_page_is_not_refused() -> None:
    with client(Waiting()) as browser:
        for host in ("127.0.0.1:8765", "localhost:8765"):
            own = {"host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}
            assert browser.post("/verify", **asked(**own)).status_code == 200


def test_python_is_run_only_where_it_was_allowed() -> None:
    decide = Waiting()
    with client(decide) as browser:
        refused = browser.post("/verify", **asked("import os", "python"))
        assert refused.status_code == 403 and "--allow-python" in refused.json()["problem"]
        assert "Nothing of it is executed" in browser.get("/").text
    assert not decide.asked
    with client(decide, allow_python=True) as browser:
        assert browser.post("/verify", **asked("import os", "python")).status_code == 200
        assert browser.get("/").status_code == 403  # another user of the machine
        page = browser.get("/", params={"key": "the-key"})
        assert "is run on this machine, as you" in page.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"language": "markdown"}', 400),
        (b'{"language": "perl", "text": ""}', 400),
        (b'{"language": "markdown", "text": 3}', 400),
        (b'{"language": ["markdown"], "text": ""}', 400),
        (b'{"language": "markdown", "text": "\\ud800"}', 400),
        (b"[" * 100_000, 400),
        (b" " * (2 * MOST_BYTES + 1), 413),
        (json.dumps({"language": "markdown", "text": "x" * (MOST_BYTES + 1)}).encode(), 413),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(body: bytes, status: int) -> None:
    decide = Waiting()
    with client(decide) as browser:
        found = browser.post("/verify", **{**asked(), "content": body})
    assert found.status_code == status and found.json()["problem"] and not decide.asked


def test_a_request_that_the_browser_gives_up_ends_its_process() -> None:
    decide = Waiting(at_once=False)
    body = asked()
    headers = {"host": "127.0.0.1:8765", **body["headers"]}  # type: ignore[dict-item]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
        "path": "/verify", "raw_path": b"/verify", "query_string": b"", "scheme": "http",
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        "server": ("127.0.0.1", 8765), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    messages = [{"type": "http.request", "body": str(body["content"]).encode()}]

    async def receive() -> dict[str, object]:
        if messages:
            return messages.pop()
        while not decide.asked:
            await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    async def send(_: dict[str, object]) -> None:
        pass

    asyncio.run(application(Rules(8765, key="the-key"), decide)(scope, receive, send))
    assert decide.ended.is_set()


# ---------------------------------------------------------------------------- real processes


def decided(language: str, text: str, seconds: float = 60.0) -> dict[str, object]:
    limited.ready()
    return dict(Deciding(Paste(language, text, 20.0, 1.0, seconds)).wait())


def test_a_document_is_decided_beside_its_lines_and_nothing_of_it_is_run(tmp_path: Path) -> None:
    trace = tmp_path / "run"
    text = rf"""
Let $X \in \mathbb{{R}}^{{n \times m}}$.
$$\frac{{\partial \mathrm{{tr}}(X^\top X)}}{{\partial X}} = 2 X$$
$$\frac{{\partial \mathrm{{tr}}(X^\top X)}}{{\partial X}} = X$$
$$__import__("os").mkdir("{trace}") = 0$$
$$X = \text{{open("{trace}", "w")}}$$
\input{{/etc/passwd}}
<script>alert(1)</script>
"""
    found = decided("markdown", text)
    marks = {mark["line"]: mark["outcome"] for mark in found["marks"]}  # type: ignore[attr-defined]
    assert marks[3] == "holds" and marks[4] == "disagrees"
    assert "2 hold" not in str(found["summary"]) and "1 holds" in str(found["summary"])
    html = str(found["html"])
    assert "<script>" not in html and 'id="claim-pasted-4"' in html
    assert "root:" not in html and not trace.exists()


def test_python_is_ended_at_its_limit_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = tmp_path / "pid"
    deaf = f"""
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
pathlib.Path({str(pid)!r}).write_text(str(child.pid))
while True:
    try:
        time.sleep(300)
    except BaseException:
        pass
"""
    monkeypatch.setattr(limited, "OVERTIME", 1.0)
    found = decided("python", deaf, seconds=1.0)
    assert found == {"problem": "nothing was decided within 1 s"}
    if pid.exists():  # a slow machine may not have come so far
        with pytest.raises(ProcessLookupError):
            os.kill(_ended(int(pid.read_text())), 0)


def _ended(pid: int) -> int:
    """A process that has ended may stand in the table until its parent, which has, is gone."""
    for _ in range(500):
        status = Path(f"/proc/{pid}/stat")
        if status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z":
            raise ProcessLookupError
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            break
        threading.Event().wait(0.01)
    return pid


def test_claims_have_their_lines_and_a_broken_file_one_sentence() -> None:
    text = "from sympy import symbols\nfrom derive import Identity\nt = symbols('t', real=True)\n"
    found = decided("python", text + "one = Identity(t, t)\ntwo = Identity(t, t + 1)\n")
    marks = [(mark["line"], mark["outcome"]) for mark in found["marks"]]  # type: ignore[attr-defined]
    assert marks == [(4, "holds"), (5, "disagrees")]
    assert decided("python", "1 +")["problem"] == "pasted.py, line 1: SyntaxError: invalid syntax"


# --------------------------------------------------------------------------------- the command


def test_a_port_that_is_taken_is_said_in_a_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        found = CliRunner().invoke(main, ["serve", "--port", str(port)])
    assert found.exit_code == 2
    assert found.stderr == f"derive: port {port} is taken; --port 0 takes one that is free\n"


def test_an_extra_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    found = CliRunner().invoke(main, ["serve"])
    assert found.exit_code == 2
    assert found.stderr.startswith("derive: uvicorn is not installed; pip install 'derive-form")
