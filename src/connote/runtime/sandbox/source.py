"""The code of an archive, which is Python's syntax, held against the operators that are allowed.

This is what can be known before torch loads it, which already runs parts of it. How torch writes code:
torch/csrc/jit/serialization/python_print.cpp. `torch.NAME(…)` is aten::NAME and `ops.SPACE.NAME(…)` is SPACE::NAME. A
function of the archive may be held in a variable, an operator never is: so no other name can stand for one.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping

from connote.runtime.sandbox.errors import BadArchive
from connote.runtime.sandbox.operators import ALLOWED

# What may be called by its bare name, and the operators that some of those stand for which may not.
_BUILTINS = {
    *("abs", "all", "annotate", "any", "bool", "chr", "complex", "dict", "divmod", "enumerate", "float"),
    *("getattr", "hasattr", "int", "isinstance", "len", "list", "max", "min", "ord", "range", "reversed"),
    *("round", "sorted", "str", "sum", "tuple", "unchecked_cast", "uninitialized", "zip"),
}
_REFUSED = {"print": "prim::Print", "fork": "prim::fork", "awaitable": "prim::awaitable"}
_OPERATORS, _OWN = ("torch", "ops"), "__torch__"
_LIBRARIES = ("quantized", "rnn")
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def check(sources: Mapping[str, str]) -> None:
    """Raises BadArchive that names the operators which are not allowed, or the file that cannot be read."""
    trees = [_parsed(name, text) for name, text in sources.items()]
    methods = {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    refuse({name for tree in trees for scope in _scopes(tree) for name in _Scope(scope, methods).refused()})


def refuse(operators: Iterable[str]) -> None:
    """Raises BadArchive if there are any."""
    names = sorted(set(operators))
    if names:
        more = f" and {len(names) - 20} more" if len(names) > 20 else ""
        raise BadArchive(f"the model has operations that are not allowed: [{', '.join(names[:20])}]{more}"[:1900])


def _parsed(name: str, text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        raise BadArchive(f"[{name}] is not the code that torch.jit.save writes") from None
    except (RecursionError, MemoryError):
        raise BadArchive(f"[{name}] is too large or nested too deeply") from None


def _scopes(tree: ast.Module) -> Iterator[ast.AST]:
    yield tree
    yield from (node for node in ast.walk(tree) if isinstance(node, _Function))


class _Scope:
    """A function, or what stands outside of all."""

    def __init__(self, scope: ast.AST, methods: set[str]) -> None:
        self._nodes, self._methods = list(_within(scope)), methods
        self._called = {id(node.func) for node in self._nodes if isinstance(node, ast.Call)}
        self._inner = {id(node.value) for node in self._nodes if isinstance(node, ast.Attribute)}
        self._functions = self._held()

    def refused(self) -> Iterator[str]:
        """The operators, or else the words, that are not allowed."""
        for node in self._nodes:
            match node:
                case ast.Name(id=name) if name in _OPERATORS and id(node) not in self._inner:
                    yield name
                case ast.Attribute() if id(node) not in self._inner:
                    yield from self._attribute(node)
                case ast.Call(func=func):
                    yield from self._call(func)
                case ast.Import() | ast.ImportFrom():
                    yield from (alias.name for alias in node.names if not alias.name.startswith(_OWN))

    def _attribute(self, node: ast.Attribute) -> Iterator[str]:
        """The whole of a dotted name."""
        names = _dotted(node)
        if names[0] in _OPERATORS:
            operator = f"aten::{'.'.join(names[1:])}" if names[0] == "torch" else "::".join(names[1:])
            if operator not in ALLOWED or id(node) not in self._called:
                yield operator
        elif names[:3] == [_OWN, "torch", "classes"] and names[3:4] and names[3] not in _LIBRARIES:
            yield ".".join(names[1:])

    def _call(self, func: ast.expr) -> Iterator[str]:
        match func:
            case ast.Name(id=name):
                if name not in _BUILTINS and name not in self._functions:
                    yield _REFUSED.get(name, name)
            case ast.Attribute(attr=name):
                # A method, of the archive's own classes or of a tensor.
                is_own = _dotted(func)[0] in (*_OPERATORS, _OWN) or name in self._methods
                if not is_own and f"aten::{name}" not in ALLOWED:
                    yield f"aten::{name}"
            case _:
                yield f"a call of {type(func).__name__}"

    def _held(self) -> set[str]:
        """Variables that hold nothing but functions of the archive."""
        own = {
            id(node.targets[0])
            for node in self._nodes
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and _dotted(node.value)[0] == _OWN
        }
        stored = [node for node in self._nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
        others = {node.id for node in stored if id(node) not in own}
        others |= {node.arg for node in self._nodes if isinstance(node, ast.arg)}
        return {node.id for node in stored} - others


def _within(scope: ast.AST) -> Iterator[ast.AST]:
    """All nodes, but those of functions inside."""
    todo = list(ast.iter_child_nodes(scope))
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, _Function):
            todo.extend(ast.iter_child_nodes(node))


def _dotted(node: ast.expr) -> list[str]:
    """The parts of a dotted name; the first is empty if it does not begin with a name."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    names.append(node.id if isinstance(node, ast.Name) else "")
    return names[::-1]
