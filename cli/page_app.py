"""The page that ``derive serve`` shows, and who may ask it: an application of starlette.

Whoever reaches the port is asked for three things, since any page that a browser has open may send
requests to it: the name by which the server was called is that of this machine (a foreign name that
resolves to it is how a page gets around the browser's rules), the page that asks is this one, and
the request carries a key that only this page was given. Where Python is run, the page itself needs
the key as well, which stands in the address that the terminal shows: others on the same machine
reach the port, too.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from derive.backends.html import page_of_pasting, page_part
from derive.cli.limited import Deciding
from derive.cli.pasted import FILES, PYTHON, Paste

MOST_BYTES = 200_000  # of a paste
AT_A_TIME = 2  # pastes that are decided; others wait
NAMES = ("127.0.0.1", "localhost")

SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Rules:
    """What a server does, and within which limits.

    :param port: the one that it is reached at.
    :param allow_python: whether pasted Python is run.
    :param timeout: seconds for each claim.
    :param seconds: for all that was pasted.
    :param key: what a request has to carry.
    """

    port: int
    allow_python: bool = False
    timeout: float = 10.0
    effort: float = 1.0
    seconds: float = 60.0
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    @property
    def address(self) -> str:
        """What is opened in a browser."""
        address = f"http://{NAMES[0]}:{self.port}/"
        return f"{address}?key={self.key}" if self.allow_python else address

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset(f"{name}:{self.port}" for name in NAMES)


class Refused(Exception):
    """A request that is not answered: a status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


_TOO_LONG = f"more than {MOST_BYTES:,} bytes are not taken"

Decide = Callable[[Paste], Any]


def application(rules: Rules, decide: Decide = Deciding) -> Starlette:
    """The application.

    :param decide: begins to decide a paste; see :class:`derive.cli.limited.Deciding`.
    """
    app = _Page(rules, decide)

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        yield
        app.end_all()

    return Starlette(
        routes=[
            Route("/", app.answers(app.page)),
            Route("/page.css", app.answers(app.style)),
            Route("/page.js", app.answers(app.script)),
            Route("/verify", app.answers(app.verify), methods=["POST"]),
        ],
        lifespan=life,
    )


class _Page:
    def __init__(self, rules: Rules, decide: Decide) -> None:
        self._rules, self._decide = rules, decide
        self._places = asyncio.Semaphore(AT_A_TIME)
        self._running: set[Any] = set()

    def answers(self, handler: Callable[[Request], Any]) -> Callable[[Request], Any]:
        """The handler behind what is asked of every request, with the headers of every answer."""

        async def answered(request: Request) -> Response:
            try:
                self._check_origin(request)
                response: Response = await handler(request)
            except Refused as refused:
                if request.method == "POST":
                    response = JSONResponse({"problem": str(refused)}, refused.status)
                else:
                    response = PlainTextResponse(f"{refused}\n", refused.status)
            response.headers.update(SAFE_HEADERS)
            return response

        return answered

    def _check_origin(self, request: Request) -> None:
        if request.headers.get("host", "") not in self._rules.hosts:
            raise Refused(421, f"this server is called {self._rules.address.partition('?')[0]}")
        origin = request.headers.get("origin")
        if origin is not None and origin.removeprefix("http://") not in self._rules.hosts:
            raise Refused(403, "other pages may not ask this server")
        if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise Refused(403, "other pages may not ask this server")

    def _has_key(self, given: str | None) -> bool:
        return given is not None and secrets.compare_digest(
            given.encode("utf-8", "replace"), self._rules.key.encode()
        )

    async def page(self, request: Request) -> Response:
        if self._rules.allow_python and not self._has_key(request.query_params.get("key")):
            raise Refused(403, "open the address that the terminal shows, with its key")
        rules = self._rules
        return HTMLResponse(page_of_pasting(rules.key, rules.allow_python, MOST_BYTES))

    async def style(self, _: Request) -> Response:
        parts = "".join(map(page_part, ("report.css", "graph.css", "paste.css")))
        return Response(parts, media_type="text/css")

    async def script(self, _: Request) -> Response:
        return Response(page_part("paste.js"), media_type="text/javascript")

    async def verify(self, request: Request) -> Response:
        if not self._has_key(request.headers.get("x-derive-key")):
            raise Refused(403, "this page is of an earlier server: reload it")
        paste = self._paste(await _body(request))
        gone = asyncio.ensure_future(_gone(request))
        answer = asyncio.ensure_future(self._answer(paste))
        try:
            await asyncio.wait((gone, answer), return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                return Response(status_code=499)  # nobody reads it
            return JSONResponse(answer.result())
        finally:
            gone.cancel()
            answer.cancel()

    def _paste(self, body: bytes) -> Paste:
        try:
            if _is_nested(body):
                raise ValueError
            asked = json.loads(body)
            language, text = str(asked["language"]), asked["text"]
        except (ValueError, TypeError, LookupError):
            raise Refused(400, "the request cannot be read") from None
        if language not in FILES or not isinstance(text, str):
            raise Refused(400, f"the language is one of {', '.join(FILES)}")
        if language == PYTHON and not self._rules.allow_python:
            raise Refused(403, "Python is run only by `derive serve --allow-python`")
        try:
            size = len(text.encode())
        except UnicodeEncodeError:
            raise Refused(400, "this is no text in Unicode") from None
        if size > MOST_BYTES:
            raise Refused(413, _TOO_LONG)
        rules = self._rules
        return Paste(language, text, rules.timeout, rules.effort, rules.seconds)

    async def _answer(self, paste: Paste) -> Any:
        """What is decided; a process that is not waited for any more is ended."""
        async with self._places:
            try:
                deciding = self._decide(paste)
            except OSError as problem:
                return {"problem": f"no process can be had: {problem.strerror or problem}"}
            self._running.add(deciding)
            try:
                return await asyncio.shield(asyncio.to_thread(deciding.wait))
            finally:
                deciding.end()
                self._running.discard(deciding)

    def end_all(self) -> None:
        for deciding in list(self._running):
            deciding.end()


def _is_nested(body: bytes) -> bool:
    """Whether a request is more than an object of texts: the parser recurses for each level."""
    return len(re.findall(rb"[\[{]", re.sub(rb'"(?:[^"\\]|\\.)*"', b"", body))) > 1


async def _body(request: Request) -> bytes:
    """:raises Refused: for a body that is too long; it is not read to its end."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise Refused(415, "what is asked is JSON")
    found = bytearray()
    try:
        async for chunk in request.stream():
            found += chunk
            if len(found) > 2 * MOST_BYTES:  # as JSON it may be longer
                raise Refused(413, _TOO_LONG)
    except ClientDisconnect:
        raise Refused(400, "the request was not sent to its end") from None
    return bytes(found)


async def _gone(request: Request) -> None:
    """Until the browser has given up the request, as it does when something else is typed."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
