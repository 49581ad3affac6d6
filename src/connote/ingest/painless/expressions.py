"""Expressions, parsed to closures.

Binding strengths are those of Painless:
https://www.elastic.co/docs/reference/scripting-languages/painless/painless-operators
"""

from collections.abc import Callable
from typing import Any

from connote.ingest.painless import classes, methods, patterns, places, types
from connote.ingest.painless.fault import Fault
from connote.ingest.painless.frame import Expression, Frame
from connote.ingest.painless.lexer import Token, unquoted
from connote.ingest.painless.parser import Parser
from connote.ingest.painless.places import Element, Member, Place, Variable
from connote.ingest.painless.values import BINARY, INTEGERS, Value, add, checked, negated, truth, wrapped

_STRENGTHS = {
    "||": 1, "&&": 2, "|": 3, "^": 4, "&": 5,
    **dict.fromkeys(("==", "!=", "===", "!=="), 6),
    **dict.fromkeys(("<", ">", "<=", ">=", "instanceof", "=~", "==~"), 7),
    **dict.fromkeys(("<<", ">>", ">>>"), 8), "+": 9, "-": 9, "*": 10, "/": 10, "%": 10,
}  # fmt: skip
_ASSIGN = {"=", *(f"{sign}=" for sign in ("+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", ">>>"))}
_LITERALS = {"true": True, "false": False, "null": None}
_MOST_DEPTH = 60


class Expressions(Parser):
    """The parser of expressions."""

    def expression(self) -> Expression:
        """An expression, assignments included."""
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise Fault(f"the script is nested more than {_MOST_DEPTH} deep", at=self.token.at)
        try:
            return self._assignment()
        finally:
            self.depth -= 1

    def _assignment(self) -> Expression:
        if self._is_lambda():
            return self._lambda()
        at, left = self.token.at, self._conditional()
        sign = self.take(*_ASSIGN)
        if sign is None:
            return left
        if not isinstance(left, Place):
            raise Fault("cannot assign a value to what is no variable or field", at=at)
        self.changes |= not isinstance(left, Variable)
        value = self.expression()
        if sign == "=":
            return places.stored(left, value)
        operation = BINARY[sign[:-1]]
        return places.changed(left, lambda old, frame: _paid(frame, operation(old, value(frame))))

    def _conditional(self) -> Expression:
        condition = self._binary(1)
        if self.take("?:"):
            other = self.expression()
            return lambda frame: other(frame) if (found := condition(frame)) is None else found
        if not self.take("?"):
            return condition
        yes = self.expression()
        self.expect(":")
        no = self.expression()
        return lambda frame: yes(frame) if truth(condition(frame)) else no(frame)

    def _binary(self, strength: int) -> Expression:
        left = self._unary()
        while self.token.kind in ("sign", "name") and _STRENGTHS.get(self.token.text, 0) >= strength:
            sign = self.token.text
            self.here += 1
            if sign == "instanceof":
                left = _instance(left, self.type())
            else:
                left = _operation(sign, left, self._binary(_STRENGTHS[sign] + 1))
        return left

    def _unary(self) -> Expression:
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise Fault(f"the script is nested more than {_MOST_DEPTH} deep", at=self.token.at)
        try:
            return self._prefixed()
        finally:
            self.depth -= 1

    def _prefixed(self) -> Expression:
        at, sign = self.token.at, self.take("!", "-", "+", "~", "++", "--")
        if sign is None:
            return self._cast() if self._is_cast() else self._postfix()
        value = self._unary()
        if sign in ("++", "--"):
            return self._stepped(value, sign, at, before=False)
        if sign == "!":
            return lambda frame: not truth(value(frame))
        if sign == "~":
            return lambda frame: BINARY["^"](value(frame), -1)
        return (lambda frame: negated(value(frame))) if sign == "-" else value

    def _stepped(self, place: Expression, sign: str, at: int, *, before: bool) -> Expression:
        if not isinstance(place, Place):
            raise Fault(f"[{sign}] needs a variable or field", at=at)
        self.changes |= not isinstance(place, Variable)
        by = 1 if sign == "++" else -1
        return places.changed(place, lambda old, _: BINARY["+"](old, by) if old is not None else add(old, by),
                              before=before)  # fmt: skip

    def _is_cast(self) -> bool:
        if self.token.text != "(" or self.ahead(1).text not in types.NAMES or self.ahead(1).kind != "name":
            return False
        end = 4 if self.ahead(2).text == "[" and self.ahead(3).text == "]" else 2
        after = self.ahead(end + 1)
        begins = after.kind in ("name", "number", "string", "pattern") or after.text in ("(", "!", "~", "[")
        is_primitive = self.ahead(1).text in types.PRIMITIVES and after.text == "-"
        return self.ahead(end).text == ")" and (begins or is_primitive) and after.text != "instanceof"

    def _cast(self) -> Expression:
        self.expect("(")
        kind = self.type()
        self.expect(")")
        value = self._unary()
        return lambda frame: types.cast(value(frame), kind)

    def _postfix(self) -> Expression:
        found = self._primary()
        while sign := self.take(".", "?.", "[", "++", "--"):
            if sign in ("++", "--"):
                return self._stepped(found, sign, self.token.at, before=True)
            if sign == "[":
                key = self.expression()
                self.expect("]")
                found = Element(found, key)
            else:
                found = self._member(found, safe=sign == "?.")
        return found

    def _member(self, holder: Expression, *, safe: bool) -> Expression:
        name = self.token.text
        if self.token.kind not in ("name", "number"):
            raise self.unexpected("a name")
        self.here += 1
        if self.token.text != "(":
            return Member(holder, name, safe=safe)
        self.changes |= name in methods.CHANGING
        return _called(holder, name, self._arguments(), safe=safe)

    def _arguments(self) -> list[Expression]:
        self.expect("(")
        return self._list(")")

    def _list(self, end: str) -> list[Expression]:
        found = list[Expression]()
        while not self.take(end):
            if found:
                self.expect(",")
            found.append(self.expression())
        return found

    def _primary(self) -> Expression:
        token = self.token
        if token.kind == "sign":
            return self._bracketed()
        if token.kind == "end":
            raise self.unexpected("an expression")
        self.here += 1
        if token.kind == "name":
            return self._named(token)
        value = {"number": _number, "string": _string, "pattern": _pattern}[token.kind](token)
        return lambda _: value

    def _bracketed(self) -> Expression:
        if self.take("("):
            inner = self.expression()
            self.expect(")")
            return _value_of(inner)
        if self.take("["):
            return self._brackets()
        raise self.unexpected("an expression")

    def _brackets(self) -> Expression:
        """A list or, with colons, a map."""
        if self.take(":"):
            self.expect("]")
            return lambda _: {}
        if self.take("]"):
            return lambda _: []
        first = self.expression()
        if not self.take(":"):
            items = [first, *(self._list("]") if self.take(",") else self._closed())]
            return lambda frame: [item(frame) for item in items]
        pairs = [(first, self.expression())]
        while self.take(","):
            key = self.expression()
            self.expect(":")
            pairs.append((key, self.expression()))
        self.expect("]")
        return lambda frame: _map(frame, pairs)

    def _closed(self) -> list[Expression]:
        self.expect("]")
        return []

    def _named(self, token: Token) -> Expression:
        name = token.text
        if name in _LITERALS:
            value = _LITERALS[name]
            return lambda _: value
        if name == "new":
            return self._new()
        is_call = self.token.text == "("
        for scope in self.scopes if is_call else reversed(self.scopes):
            if name in scope:
                return _applied(scope[name], name, self._arguments()) if is_call else scope[name]
        if self.token.text == "(" and name in self.functions:
            return self.own(name, token.at)
        if name in types.NAMES and self.token.text == ".":
            return self._static(name)
        raise Fault(f"cannot resolve symbol [{name}]", at=token.at)

    def _static(self, kind: str) -> Expression:
        self.expect(".")
        at, name = self.token.at, self.name()
        if name not in classes.CLASSES.get(kind, {}):
            raise Fault(f"member [{kind}, {name}] is not known here", at=at)
        if self.token.text != "(":
            value = classes.constant(kind, name)
            return lambda _: value
        arguments = self._arguments()
        self.changes |= name in methods.CHANGING

        def run(frame: Frame) -> Value:
            values = [argument(frame) for argument in arguments]
            frame.spend(1 + sum(map(_weight, values)))
            return checked(classes.call(kind, name, values))

        return run

    def _new(self) -> Expression:
        at, kind = self.token.at, self.name()
        if kind not in types.NAMES:
            raise Fault(f"cannot resolve type [{kind}]", at=at)
        if self.token.text == "<":
            self.here -= 1
            kind = self.type()
        if self.take("["):
            return self._array(kind)
        arguments = self._arguments()

        def run(frame: Frame) -> Value:
            values = [argument(frame) for argument in arguments]
            frame.spend(1 + sum(map(_weight, values)))
            return classes.new(kind, values)

        return run

    def _array(self, kind: str) -> Expression:
        if self.take("]"):
            self.expect("{")
            items = self._list("}")
            return lambda frame: [item(frame) for item in items]
        size = self.expression()
        self.expect("]")
        empty = types.PRIMITIVES.get(kind)

        def run(frame: Frame) -> Value:
            count = types.assigned(size(frame), "int")
            if count < 0:
                raise Fault(str(count), "negative_array_size_exception")
            frame.spend(count // 100)
            return [empty] * count

        return run

    # --- lambdas

    def _is_lambda(self) -> bool:
        if self.token.kind == "name":
            return self.ahead(1).text == "->"
        if self.token.text != "(":
            return False
        by = 1
        while self.ahead(by).kind == "name" or self.ahead(by).text == ",":
            by += 1
        return self.ahead(by).text == ")" and self.ahead(by + 1).text == "->"

    def _lambda(self) -> Expression:
        self.scopes.append({})
        parameters = [self._parameter()] if self.token.kind == "name" else self._parameters()
        self.expect("->")
        if self.token.text == "{":
            block = self.block()
            run = lambda frame: _returned(block, frame)  # noqa: E731
        else:
            run = self.expression()
        self.scopes.pop()
        return lambda frame: _Closure(frame, [parameter.slot for parameter in parameters], run)

    def _parameters(self) -> list[Variable]:
        self.expect("(")
        found = list[Variable]()
        while not self.take(")"):
            if found:
                self.expect(",")
            found.append(self._parameter())
        return found

    def _parameter(self) -> Variable:
        kind = self.type() if self.ahead(1).kind == "name" else "def"
        return self.declare(self.name(), kind)


class _Closure:
    """A lambda, as methods call it."""

    def __init__(self, frame: Frame, slots: list[int], run: Expression) -> None:
        self.frame, self.slots, self.run = frame, slots, run

    def __call__(self, *values: Value) -> Value:
        if len(values) != len(self.slots):
            raise Fault(f"a lambda of {len(self.slots)} parameters was called with {len(values)}")
        self.frame.spend()
        for slot, value in zip(self.slots, values, strict=True):
            self.frame.slots[slot] = value
        return self.run(self.frame)


def _returned(block: Callable[[Frame], Any], frame: Frame) -> Value:
    frame.result = None
    block(frame)
    found, frame.result = frame.result, None
    return found


def _weight(value: Value) -> int:
    """Hundreds of elements or characters."""
    return len(value) // 100 if isinstance(value, str | list | dict) else 0


def _value_of(place: Expression) -> Expression:
    """The expression as a value alone: what is in brackets is not assigned to."""

    def run(frame: Frame) -> Value:
        return place(frame)

    return run


def _paid(frame: Frame, value: Value) -> Value:
    """The value; a long text, which had to be copied, is paid for."""
    if isinstance(value, str):
        frame.spend(len(value) >> 10)
    return value


def _called(holder: Expression, name: str, arguments: list[Expression], *, safe: bool) -> Expression:
    def run(frame: Frame) -> Value:
        target = holder(frame)
        if target is None:
            if safe:
                return None
            told = f"cannot access method/field [{name}] from a null def reference"
            raise Fault(told, "null_pointer_exception")
        values = [argument(frame) for argument in arguments]
        frame.spend(1 + _weight(target) + sum(map(_weight, values)))
        return methods.call(target, name, values)

    return run


def _applied(function: Expression, name: str, arguments: list[Expression]) -> Expression:
    """A call of one of the functions that the script was given."""

    def run(frame: Frame) -> Value:
        found, values = function(frame), [argument(frame) for argument in arguments]
        frame.spend()
        try:
            return found(*values)
        except TypeError:
            raise Fault(f"Unknown call [{name}] with [{len(values)}] arguments.") from None

    return run


def _operation(sign: str, left: Expression, right: Expression) -> Expression:
    if sign == "&&":
        return lambda frame: truth(left(frame)) and truth(right(frame))
    if sign == "||":
        return lambda frame: truth(left(frame)) or truth(right(frame))
    if sign in ("=~", "==~"):
        found = patterns.Matcher.find if sign == "=~" else patterns.Matcher.matches
        return lambda frame: found(patterns.Pattern.of(right(frame)).matcher(left(frame)))
    operation = BINARY[sign]
    return lambda frame: _paid(frame, operation(left(frame), right(frame)))


def _instance(value: Expression, kind: str) -> Expression:
    return lambda frame: types.is_one(value(frame), kind)


def _map(frame: Frame, pairs: list[tuple[Expression, Expression]]) -> Value:
    found = dict[Any, Value]()
    for key, value in pairs:
        methods.call(found, "put", [key(frame), value(frame)])
    return found


def _number(token: Token) -> Value:
    text = token.text.lower()
    if text.startswith("0x"):
        return wrapped(int(text.rstrip("l"), 16))
    if text[-1] in "df" or "." in text or "e" in text:
        return float(text.rstrip("df"))
    value = int(text.rstrip("l"))
    if value - 1 not in INTEGERS and text[-1] != "l":
        raise Fault(f"Invalid int constant [{token.text}]. If you want a long constant then change it to "
                    f"[{token.text}L].", at=token.at)  # fmt: skip
    return wrapped(value)


def _string(token: Token) -> str:
    return unquoted(token.text)


def _pattern(token: Token) -> patterns.Pattern:
    body, _, flags = token.text[1:].rpartition("/")
    try:
        return patterns.Pattern(body.replace(r"\/", "/"), flags)
    except Fault as fault:
        fault.at = token.at
        raise
