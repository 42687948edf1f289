"""``derive serve``: a page to paste into, on this machine alone."""

from __future__ import annotations

import errno
import os
import socket

import click

EXTRA = "pip install 'derive-formulas[serve]'"


class NotServed(Exception):
    """A server that cannot start; the message is one sentence."""


def serve(port: int, allow_python: bool, timeout: float, effort: float, show: bool) -> None:
    """Serve the page until Ctrl-C.

    :param port: 0 for one that is free.
    :param show: open it in a browser.
    :raises NotServed: without the extra ``serve``, or where the port is taken.
    """
    if not hasattr(os, "setsid"):
        raise NotServed("derive serve needs processes as Linux and macOS have them")
    try:
        import jinja2  # noqa: F401
        import latex2mathml  # noqa: F401
        import uvicorn

        from derive.cli.page_app import Rules, application
    except ModuleNotFoundError as problem:
        raise NotServed(f"{problem.name} is not installed; {EXTRA} brings it") from None
    from derive.cli import limited

    with _bound(port) as listening:
        rules = Rules(listening.getsockname()[1], allow_python, timeout, effort)
        limited.ready()
        click.echo(f"derive serves {rules.address} on this machine alone; Ctrl-C ends it")
        if allow_python:
            click.echo("Python that is pasted there is run as you; keep the address to yourself")
        if show:
            click.launch(rules.address)
        settings = uvicorn.Config(
            application(rules),
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        uvicorn.Server(settings).run(sockets=[listening])


def _bound(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as problem:
        listening.close()
        if problem.errno == errno.EADDRINUSE:
            raise NotServed(f"port {port} is taken; --port 0 takes one that is free") from None
        cause = (problem.strerror or str(problem)).lower()
        raise NotServed(f"port {port} cannot be had: {cause}") from None
    return listening
