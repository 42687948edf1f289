"""Files and functions of the user's, executed from their copies inside of a trace."""

from __future__ import annotations

import ast
import builtins
import importlib
import importlib.util
import inspect
import os
import sys
from functools import lru_cache
from types import ModuleType
from typing import Any

from derive.base.errors import ClaimError
from derive.frontends.code import runtime
from derive.frontends.code.bases import find_module, is_foreign
from derive.frontends.code.left_out import UNFIT, Place, Unfit
from derive.frontends.code.libraries import Library, Passing, Unknown, imported, names_of
from derive.frontends.code.trace import COPIED, Trace
from derive.frontends.code.transform import RUNTIME, transformed, transformed_function

# What only says something about a function.
ANNOTATIONS = ("derive", "jaxtyping", "torchtyping", "beartype", "typeguard", "numba", "nptyping")


@lru_cache(maxsize=64)
def _code(path: str, changed_at: float, left_out: tuple[Place, ...]) -> Any:
    with open(path, encoding="utf-8") as file:
        source = file.read()
    return compile(transformed(source, path, left_out), path, "exec")


class Runtime:
    """What ``__derive__`` is in a copy: the functions of :mod:`runtime`, and imports."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(runtime, name)

    def imported(self, name: str, whole: bool, file: str, tried: bool = False) -> Any:
        return self._tried(self._loader.imported(name, whole, file), name, tried)

    def imported_from(
        self, module: str, name: str, level: int, file: str, tried: bool = False
    ) -> Any:
        found = self._loader.imported_from(module, name, level, file)
        return self._tried(found, module, tried and not level)

    @staticmethod
    def _tried(found: Any, name: str, tried: bool) -> Any:
        """What was imported; where the file does without what is not installed, it is to do so.

        :raises ModuleNotFoundError: where it is none of ours, and is not installed.
        """
        root = name.partition(".")[0]
        own = isinstance(found, Unknown) and not isinstance(found, Passing)
        if tried and own and importlib.util.find_spec(root) is None:
            raise ModuleNotFoundError(f"No module named {root!r}", name=root)
        return found


class Loader:
    """The files of one trace, each executed once.

    :param left_out: the statements that do not fit, which are not executed.
    """

    def __init__(self, trace: Trace, left_out: tuple[Place, ...] = ()) -> None:
        self.trace = trace
        self.left_out = left_out
        self.modules: dict[str, ModuleType] = {}
        self.runtime = Runtime(self)

    def module(self, path: str) -> ModuleType:
        """A file, executed from its copy.

        :raises ClaimError: for a file that cannot be read.
        """
        path = os.path.abspath(path)
        if path in self.modules:
            return self.modules[path]
        try:
            code = _code(path, os.stat(path).st_mtime, self.left_out)
        except OSError as problem:
            raise ClaimError(f"{path}: {problem.strerror}") from None
        except SyntaxError as problem:
            raise ClaimError(f"{path}:{problem.lineno}: {problem.msg}") from None
        name = os.path.splitext(os.path.basename(path))[0]
        module = ModuleType(f"{name}{COPIED}")
        self.modules[path] = module
        self.trace.files.add(path)
        module.__dict__.update({RUNTIME: self.runtime, "__file__": path, "__builtins__": builtins})
        module.__dict__[UNFIT] = Unfit
        exec(code, module.__dict__)
        return module

    def function(self, function: Any) -> Any:
        """The copy of a function or class of which the user gives the object.

        :raises ClaimError: where there is no source.
        """
        function = inspect.unwrap(function)
        try:
            path = inspect.getsourcefile(function)
        except TypeError:
            path = None
        if path is None or not os.path.exists(path):
            raise ClaimError(f"the source of {function!r} is not found")
        found: Any = self.module(path)
        parts = function.__qualname__.split(".")
        if "<locals>" not in parts:
            for part in parts:
                found = getattr(found, part)
            return found
        return self._inner(function, path)

    def _inner(self, function: Any, path: str) -> Any:
        """A function that was defined inside of another one, with what it closes over."""
        lines, first = inspect.getsourcelines(function)
        with open(path, encoding="utf-8") as file:
            tree = ast.parse(file.read(), path)
        inside = range(first, first + len(lines))
        node = next(
            (
                n
                for n in ast.walk(tree)
                if isinstance(n, (ast.FunctionDef, ast.ClassDef))
                and n.name == function.__name__
                and n.lineno in inside
            ),
            None,
        )
        if node is None:
            raise ClaimError(f"the source of {function!r} is not found")
        space = dict(self.module(path).__dict__)
        if not isinstance(function, type):
            for name, cell in zip(
                function.__code__.co_freevars, function.__closure__ or (), strict=True
            ):
                space[name] = self.translated(cell.cell_contents)
        exec(compile(transformed_function(node), path, "exec"), space)
        return space[function.__name__]

    def translated(self, value: Any) -> Any:
        """What a native value is in a copy."""
        if isinstance(value, ModuleType):
            own = imported(value.__name__)
            return value if own is None else own
        if inspect.isfunction(value) or isinstance(value, type):
            module = getattr(value, "__module__", "") or ""
            own = imported(module)
            if own is not None:
                return getattr(own, value.__name__)
            try:
                path = inspect.getsourcefile(value)
            except TypeError:
                return value
            if path and not is_foreign(path):
                return self.function(value)
        return value

    # ---- imports

    def imported(self, name: str, whole: bool, file: str) -> Any:
        root = name.partition(".")[0]
        if root in ANNOTATIONS:
            return Passing(name)
        library = imported(name if whole else root)
        if library is not None:
            return self._used(library)
        path = find_module(name if whole else root, file, 0)
        if path is not None:
            return self.module(path)
        if root in sys.stdlib_module_names:
            module = importlib.import_module(name)
            return module if whole else sys.modules[root]
        return Unknown(name if whole else root)

    def imported_from(self, module: str, name: str, level: int, file: str) -> Any:
        if not level:
            if module.partition(".")[0] in ANNOTATIONS:
                return {} if name == "*" else Passing(f"{module}.{name}")
            library = imported(module)
            if library is not None:
                used = self._used(library)
                return names_of(library) if name == "*" else getattr(used, name)
        path = find_module(module, file, level)
        if path is not None:
            inside = find_module(f"{module}.{name}" if module else name, file, level)
            if inside is not None and not hasattr(self.module(path), name):
                return self.module(inside)
            found = self.module(path)
            if name == "*":
                public = getattr(found, "__all__", None)
                names = public or [n for n in found.__dict__ if not n.startswith("_")]
                return {n: getattr(found, n) for n in names}
            return getattr(found, name)
        if level == 0 and module.partition(".")[0] in sys.stdlib_module_names:
            found = importlib.import_module(module)
            if name == "*":
                return {n: v for n, v in found.__dict__.items() if not n.startswith("_")}
            return getattr(found, name)
        return {} if name == "*" else Unknown(f"{module}.{name}")

    def _used(self, library: Library) -> Library:
        name = library._library
        if name in ("torch", "jax"):
            self.trace.library = name
        return library
