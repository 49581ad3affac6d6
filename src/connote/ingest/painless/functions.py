"""A whole script: functions of its own, and then its statements."""

from collections.abc import Sequence
from dataclasses import dataclass

from connote.ingest.painless import types
from connote.ingest.painless.fault import Fault
from connote.ingest.painless.frame import Expression, Frame
from connote.ingest.painless.places import Variable
from connote.ingest.painless.statements import Exit, Statement, Statements, sequence
from connote.ingest.painless.values import Value

_WORDS = ("return", "new", "else", "throw", "in", "instanceof", "do")


@dataclass(frozen=True)
class Function:
    """Its variables have the numbers from `first` to `last` in the frame, the parameters first."""

    kind: str
    parameters: Sequence[Variable]
    first: int
    last: int
    body: Statement

    def call(self, frame: Frame, values: Sequence[Value]) -> Value:
        """What it returns. Variables of calls around it, which may be its own, stay what they are."""
        frame.spend()
        kept, at = frame.slots[self.first : self.last], frame.at
        frame.slots[self.first : self.last] = [None] * len(kept)
        try:
            for variable, value in zip(self.parameters, values, strict=True):
                variable.put(frame.slots, variable.slot, value)
            found = frame.result if self.body(frame) is Exit.RETURN else None
        finally:
            frame.slots[self.first : self.last] = kept
        frame.at, frame.result = at, None
        return found if self.kind in ("def", "void") else types.assigned(found, self.kind)


class Program(Statements):
    """The parser of a whole script."""

    def __init__(self, source: str, given: tuple[str, ...]) -> None:
        super().__init__(source, given)
        self._functions: dict[str, Function] = {}
        self.functions = self._announced()

    def script(self) -> Statement:
        """All of it. A script that is one expression gives its value."""
        while self.functions and self._is_function():
            self._function()
        found = list[Statement]()
        while self.token.kind != "end":
            found.append(self.statement())
        return found[0] if len(found) == 1 else sequence(found)

    def own(self, name: str, at: int) -> Expression:
        """A call of a function of the script, which may be declared further down."""
        arguments, functions = self._arguments(), self._functions

        def run(frame: Frame) -> Value:
            function = functions.get(name)
            if function is None or len(function.parameters) != len(arguments):
                raise Fault(f"Unknown call [{name}] with [{len(arguments)}] arguments.", at=at)
            return function.call(frame, [argument(frame) for argument in arguments])

        return run

    def _announced(self) -> frozenset[str]:
        """The names of all functions: `type name(…) {`, outside of braces."""
        found, depth, opened = set[str](), 0, list[str | None]()
        for at, token in enumerate(self.tokens[:-1]):
            if token.kind != "sign":
                continue
            depth += (token.text == "{") - (token.text == "}")
            if token.text == "(":
                opened.append(None if depth else self._declared_before(at))
            elif token.text == ")" and opened and (name := opened.pop()) and self.tokens[at + 1].text == "{":
                found.add(name)
        return frozenset(found)

    def _declared_before(self, at: int) -> str | None:
        """The name behind a type that stands before a token, if there is one."""
        if at < 2 or self.tokens[at - 1].kind != "name":
            return None
        type_ = self.tokens[at - 2]
        is_typed = type_.text in (">", ">>", "]") or (type_.kind == "name" and type_.text not in _WORDS)
        return self.tokens[at - 1].text if is_typed else None

    def _is_function(self) -> bool:
        start = self.here
        try:
            self._kind()
            return self.token.kind == "name" and self.token.text in self.functions and self.ahead(1).text == "("
        except Fault:
            return False
        finally:
            self.here = start

    def _kind(self) -> str:
        return self.name() if self.token.text == "void" else self.type()

    def _function(self) -> None:
        kind, at, name, first = self._kind(), self.token.at, self.name(), self.slots
        if name in self._functions:
            raise Fault(f"function [{name}] is already defined", at=at)
        self.scopes.append({})
        parameters = self._parameters()
        body = self.block()
        self.scopes.pop()
        self._functions[name] = Function(kind, parameters, first, self.slots, body)
