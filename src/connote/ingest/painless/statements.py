"""Statements, parsed to closures that tell whether to go on."""

from collections.abc import Callable
from enum import Enum
from typing import Any

from connote.ingest.painless import types
from connote.ingest.painless.expressions import Expressions
from connote.ingest.painless.fault import Fault
from connote.ingest.painless.frame import Expression, Frame
from connote.ingest.painless.places import Variable
from connote.ingest.painless.values import Thrown, Unique, Value, java_class, text, truth


class Exit(Enum):
    """Why what follows a statement is not done."""

    BREAK = 1
    CONTINUE = 2
    RETURN = 3


Statement = Callable[[Frame], Exit | None]
_CATCHES_ALL = ("Exception", "RuntimeException", "Throwable")


class Statements(Expressions):
    """The parser of statements."""

    loops = 0  # around what is parsed

    def block(self) -> Statement:
        """Statements in braces."""
        self.expect("{")
        self.scopes.append({})
        found = list[Statement]()
        while not self.take("}"):
            found.append(self.statement())
        self.scopes.pop()
        return sequence(found)

    def statement(self) -> Statement:
        """One statement."""
        return self._placed(self.token.at, self._statement())

    @staticmethod
    def _placed(at: int, statement: Statement) -> Statement:
        def run(frame: Frame) -> Exit | None:
            frame.at = at
            return statement(frame)

        return run

    def _statement(self) -> Statement:
        if self.token.text == "{" and self.token.kind == "sign":
            return self.block()
        if self.take(";"):
            return lambda _: None
        by_word = {
            "if": self._if, "for": self._for, "while": self._while, "do": self._do, "return": self._return,
            "break": self._break, "continue": self._continue, "throw": self._throw, "try": self._try,
        }  # fmt: skip
        if self.token.kind == "name" and self.token.text in by_word:
            return by_word[self.name()]()
        statement = self._declaration() if self._is_declaration() else self._value()
        self._end()
        return statement

    def _end(self) -> None:
        """A semicolon, which the last statement of a block or script may go without."""
        if not self.take(";") and self.token.text != "}" and self.token.kind != "end":
            raise self.unexpected("[';']")

    def _value(self) -> Statement:
        value = self.expression()

        def run(frame: Frame) -> None:
            frame.result = value(frame)

        return run

    # --- variables

    def _is_declaration(self) -> bool:
        if self.token.kind != "name" or self.token.text not in types.NAMES:
            return False
        start = self.here
        try:
            self.type()
        except Fault:
            return False
        else:
            return self.token.kind == "name" and self.token.text not in ("in", "instanceof")
        finally:
            self.here = start

    def _declaration(self) -> Statement:
        kind, found = self.type(), list[Statement]()
        while True:
            at, name = self.token.at, self.name()
            value: Expression | None = self.expression() if self.take("=") else None
            found.append(self._placed(at, _declared(self.declare(name, kind), value)))
            if not self.take(","):
                return sequence(found)

    # --- control

    def _condition(self) -> Expression:
        self.expect("(")
        condition = self.expression()
        self.expect(")")
        return condition

    def _if(self) -> Statement:
        condition, yes = self._condition(), self._scoped()
        no = self._scoped() if self.take("else") else None

        def run(frame: Frame) -> Exit | None:
            if truth(condition(frame)):
                return yes(frame)
            return no(frame) if no else None

        return run

    def _scoped(self) -> Statement:
        self.scopes.append({})
        statement = self.statement()
        self.scopes.pop()
        return statement

    def _body(self) -> Statement:
        self.loops += 1
        body = self._scoped()
        self.loops -= 1
        return body

    def _while(self) -> Statement:
        condition = self._condition()
        return _loop(condition, self._body())

    def _do(self) -> Statement:
        body = self._body()
        self.expect("while")
        condition = self._condition()
        self._end()
        return _loop(condition, body, first=True)

    def _for(self) -> Statement:
        self.expect("(")
        self.scopes.append({})
        statement = self._for_each() if self._is_each() else self._for_count()
        self.scopes.pop()
        return statement

    def _is_each(self) -> bool:
        if self.ahead(1).text in ("in", ":"):
            return True
        start = self.here
        is_each = self._is_declaration()
        if is_each:
            self.type()
            is_each = self.ahead(1).text in (":", "in")
            self.here = start
        return is_each

    def _for_each(self) -> Statement:
        kind = self.type() if self.ahead(1).text not in ("in", ":") else "def"
        name = self.name()
        if not self.take(":", "in"):
            raise self.unexpected("[':']")
        items = self.expression()
        self.expect(")")
        variable = self.declare(name, kind)
        return _each(variable, items, self._body())

    def _for_count(self) -> Statement:
        begin = None if self.token.text == ";" else self._declaration() if self._is_declaration() else self._value()
        self.expect(";")
        condition = None if self.token.text == ";" else self.expression()
        self.expect(";")
        after = list[Expression]()
        while self.token.text != ")":
            after.append(self.expression())
            if not self.take(","):
                break
        self.expect(")")
        loop = _loop(condition or (lambda _: True), self._body(), after)
        return sequence([begin, loop]) if begin else loop

    def _return(self) -> Statement:
        is_bare = self.token.text in (";", "}") or self.token.kind == "end"
        value = None if is_bare else self.expression()
        self._end()

        def run(frame: Frame) -> Exit:
            frame.result = value(frame) if value else None
            return Exit.RETURN

        return run

    def _break(self) -> Statement:
        return self._left(Exit.BREAK)

    def _continue(self) -> Statement:
        return self._left(Exit.CONTINUE)

    def _left(self, how: Exit) -> Statement:
        if not self.loops:
            raise Fault(f"invalid {how.name.lower()} statement: not in a loop", at=self.token.at)
        self._end()
        return lambda _: how

    def _throw(self) -> Statement:
        self.expect("new")
        kind = self.type()
        told = self._arguments()
        self._end()

        def run(frame: Frame) -> None:
            reason = text(told[0](frame)) if told else "null"
            raise Fault(reason, _wire_name(kind), frame.at)

        return run

    def _try(self) -> Statement:
        body, catches = self.block(), list[tuple[str, Variable, Statement]]()
        while self.take("catch"):
            self.scopes.append({})
            self.expect("(")
            kind = self.type()
            variable = self.declare(self.name(), "def")
            self.expect(")")
            catches.append((kind, variable, self.block()))
            self.scopes.pop()
        if not catches:
            raise self.unexpected("['catch']")
        return lambda frame: _tried(frame, body, catches)


def _wire_name(kind: str) -> str:
    """`IllegalArgumentException` as the wire has it."""
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in kind).lstrip("_")


def _tried(frame: Frame, body: Statement, catches: list[tuple[str, Variable, Statement]]) -> Exit | None:
    try:
        return body(frame)
    except Fault as fault:
        for kind, variable, handler in catches:
            if not fault.final and (kind in _CATCHES_ALL or _wire_name(kind) == fault.type):
                frame.slots[variable.slot] = Thrown(str(fault))
                return handler(frame)
        raise


def _declared(variable: Variable, value: Expression | None) -> Statement:
    empty = types.PRIMITIVES.get(variable.kind)

    def run(frame: Frame) -> None:
        if value is None:
            frame.slots[variable.slot] = empty
        else:
            variable.put(frame.slots, variable.slot, value(frame))

    return run


def sequence(statements: list[Statement]) -> Statement:
    """One after another, until one leaves."""

    def run(frame: Frame) -> Exit | None:
        for statement in statements:
            if (left := statement(frame)) is not None:
                return left
        return None

    return run


def _loop(
    condition: Expression, body: Statement, after: list[Expression] | None = None, *, first: bool = False
) -> Statement:
    """While the condition holds; `first` does the body once before it is looked at."""

    def run(frame: Frame) -> Exit | None:
        skip = first
        while skip or truth(condition(frame)):
            skip = False
            frame.spend()
            left = body(frame)
            if left is Exit.RETURN:
                return left
            if left is Exit.BREAK:
                break
            for step in after or ():
                step(frame)
        return None

    return run


def _each(variable: Variable, items: Expression, body: Statement) -> Statement:
    def run(frame: Frame) -> Exit | None:
        for item in _walked(items(frame)):
            frame.spend()
            variable.put(frame.slots, variable.slot, item)
            left = body(frame)
            if left is Exit.RETURN:
                return left
            if left is Exit.BREAK:
                break
        return None

    return run


def _walked(items: Value) -> Any:  # noqa: ANN401
    """The elements of a list. One that changes meanwhile faults, as Java's does."""
    if not isinstance(items, list):
        told = f"Cannot iterate over [{java_class(items)}]"
        raise Fault(told, "null_pointer_exception" if items is None else "illegal_argument_exception")
    size = len(items)
    for item in list(items) if isinstance(items, Unique) else items:
        if len(items) != size:
            raise Fault("null", "concurrent_modification_exception")
        yield item
