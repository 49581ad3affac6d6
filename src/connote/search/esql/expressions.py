"""The parser of expressions, by the precedence of operators."""

from typing import Any

from connote.contract.errors import BadQuery
from connote.search.esql.cursor import Cursor
from connote.search.esql.periods import Duration, Period, period
from connote.search.esql.tree import OPERATORS, Call, Expression, Literal, Name, Subquery

# How deep parentheses go, and how many calls may be one in the other: `a + b + c` is two, a long row of AND one.
MOST_DEPTH, MOST_HEIGHT = 60, 150
# Entries of a list.
MOST_ENTRIES = 65_536

_ADDING, _MULTIPLYING = ("+", "-"), ("*", "/", "%")
_COMPARING = ("==", "!=", "<", "<=", ">", ">=", "=~")
_INTS = 2**31


class Expressions(Cursor):
    """Reads expressions; `depth` is how deep the one that is read lies, and each knows its height."""

    depth = 0

    def expression(self) -> Expression:
        """A whole one: OR binds least."""
        return self._row("or", self._conjunction)

    def _conjunction(self) -> Expression:
        return self._row("and", self._negation)

    def _row(self, sign: str, inner: Any) -> Expression:  # noqa: ANN401 (one of the methods)
        start, found = self.token.start, list[Expression]([inner()])
        while self.take(sign):
            found.append(inner())
        return found[0] if len(found) == 1 else self._call(sign, found, start)

    def _negation(self) -> Expression:
        start, count = self.token.start, 0
        while self.take("not"):
            count += 1
        found = self._comparison()
        for _ in range(count % 2 or 2 * bool(count)):
            found = self._call("not", [found], start)
        return found

    def _comparison(self) -> Expression:
        start, left = self.token.start, self._sum()
        if (sign := self.take(*_COMPARING)) is not None:
            return self._call(sign, [left, self._sum()], start)
        if self.take(":"):
            right = self._unary()
            return self._call(":", [left, right], start, self.options() if self.is_next("{") else None)
        if self.take("is"):
            is_not = self.take("not")
            self.expect("null")
            return self._negated(is_not, self._call("is null", [left], start), start)
        is_not = self.take("not")
        if self.take("in"):
            among = [self._subquery()] if self._is_query() else self._listed(self._sum)
            return self._negated(is_not, self._call("in", [left, *among], start), start)
        if (sign := self.take("like", "rlike")) is not None:
            patterns = self._listed(self._sum) if self.is_next("(") else [self._sum()]
            return self._negated(is_not, self._call(sign, [left, *patterns], start), start)
        if is_not:
            raise self.unexpected("in", "like", "rlike")
        return left

    def subquery(self) -> list[Any]:
        """The commands of a query in parentheses."""
        raise NotImplementedError

    def _subquery(self) -> Expression:
        start, commands = self.token.start, self.subquery()
        return Subquery(self.text[start : self.last], self.at(start), commands)

    def _is_query(self) -> bool:
        """Whether what is next are not values, but a query: a column may be called `from`, too."""
        first = self._read(self.token.end) if self.is_next("(") else None
        if first is None or first.kind != "name" or first.text.lower() not in ("from", "row"):
            return False
        return self._read(first.end).text not in (",", ")", ".", "(", "+", "-", "*", "/", "%", "::")

    def _negated(self, is_not: str | None, found: Expression, start: int) -> Expression:
        return self._call("not", [found], start) if is_not else found

    def _listed(self, inner: Any) -> list[Expression]:  # noqa: ANN401
        self.expect("(")
        found = [inner()]
        while self.take(","):
            found.append(inner())
        self.expect(")")
        return found

    def _sum(self) -> Expression:
        return self._chain(_ADDING, self._product)

    def _product(self) -> Expression:
        return self._chain(_MULTIPLYING, self._unary)

    def _chain(self, signs: tuple[str, ...], inner: Any) -> Expression:  # noqa: ANN401
        start = self.token.start
        found: Expression = inner()
        while (sign := self.take(*signs)) is not None:
            found = self._call(sign, [found, inner()], start)
        return found

    def _unary(self) -> Expression:
        start, is_negative = self.token.start, False
        while (sign := self.take("+", "-")) is not None:
            is_negative ^= sign == "-"
        found = self._cast(start)
        if not is_negative:
            return found
        if isinstance(found, Literal) and isinstance(found.value, int | float | Period | Duration):
            return self._literal(-found.value, found.type, start)
        return self._call("neg", [found], start)

    def _cast(self, start: int) -> Expression:
        found = self._primary()
        while self.take("::"):
            kind = self.token.text.lower()
            if self.token.kind not in ("name", "quoted"):
                raise self.unexpected("<type>")
            self.step()
            found = self._call("::", [found, self._literal(kind, "keyword", start)], start)
        return found

    def _primary(self) -> Expression:
        token = self.token
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise self._deep()
        try:
            if self.take("("):
                found = self.expression()
                self.expect(")")
                return found
            if token.kind in ("name", "quoted") and not self.is_next("null", "true", "false"):
                return self._name_or_call()
            if token.kind == "param":
                return self._param()
            return self.constant()
        finally:
            self.depth -= 1

    def _name_or_call(self) -> Expression:
        token, start = self.token, self.token.start
        if token.kind == "name" and self._is_called(token.end):
            self.step()
            return self._function(token.text.lower(), start)
        name = self._dotted()
        return Name(self.text[start : self.last], self.at(start), name)

    def _is_called(self, end: int) -> bool:
        rest = self._read(end)
        return rest.kind == "sign" and rest.text == "("

    def _dotted(self) -> str:
        parts = [self.step().value]
        while self.is_next("."):
            self.step()
            if self.token.kind == "param":
                parts.append(str(self.param(self.step()).value))
            elif self.token.kind in ("name", "quoted", "integer"):
                parts.append(self.step().value)
            else:
                raise self.unexpected("<identifier>")
        return ".".join(parts)

    def _param(self) -> Expression:
        token, start = self.token, self.token.start
        given = self.param(self.step())
        if given.kind != "value":
            if self.is_next("("):
                return self._function(str(given.value).lower(), start)
            parts = [str(given.value)]
            while self.take("."):
                parts.append(self._dotted() if self.token.kind != "param" else str(self.param(self.step()).value))
            return Name(self.text[start : self.last], self.at(start), ".".join(parts))
        value = given.value
        if isinstance(value, list):
            return self._list(value, start)
        if value is not None and not isinstance(value, str | int | float):
            raise self.fault(f"[{token.text}] cannot be a value of that kind", start)
        return self._literal(value, type_of(value), start)

    def _function(self, name: str, start: int) -> Expression:
        if name in OPERATORS:
            raise self.fault(f"mismatched input '{name}' expecting <expression>", start)
        self.expect("(")
        found, options = list[Expression](), None
        if self.is_next("*") and name == "count":
            star = self.step()
            found.append(Literal("*", self.at(star.start), "*", "star"))
        elif not self.is_next(")"):
            found.append(self.expression())
            while self.take(","):
                if self.is_next("{"):
                    options = self.options(spans=name == "decay")
                    break
                found.append(self.expression())
        self.expect(")")
        return self._call(name, found, start, options)

    def constant(self) -> Expression:
        """A literal, a list of them, or a span of time."""
        start, token = self.token.start, self.token
        if token.kind == "string":
            self.step()
            return self._literal(token.value, "keyword", start)
        if token.kind in ("integer", "decimal"):
            return self._number(start)
        if (word := self.take("null", "true", "false")) is not None:
            return self._literal(
                None if word == "null" else word == "true", "null" if word == "null" else "boolean", start
            )
        if self.take("["):
            values = [self._entry()]
            while self.take(","):
                values.append(self._entry())
            self.expect("]")
            return self._list(values, start)
        raise self.unexpected("<expression>")

    def _number(self, start: int) -> Expression:
        token = self.step()
        value: int | float = int(token.text[:400]) if token.kind == "integer" else float(token.text)
        if token.kind == "integer" and value >= 2**63:
            value = float(value) if len(token.text) < 300 else float("inf")
        if value == float("inf"):
            raise self.fault(f"Number [{token.text[:50]}] is too large", start)
        if self.token.kind == "name" and isinstance(value, int):
            span = period(value, self.token.text.lower())
            if span is not None:
                self.step()
                return self._literal(span, span.type, start)
        return self._literal(value, type_of(value), start)

    def amount(self) -> tuple[int | float | None, str, int]:
        """A constant number, None for what is none; how it stands there, and where."""
        start = self.token.start
        value = getattr(self.expression(), "value", None)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return (value if is_number else None), self.text[start : self.last][:100], start

    def _entry(self) -> Any:  # noqa: ANN401 (a value)
        start, is_negative = self.token.start, bool(self.take("-"))
        if not is_negative:
            self.take("+")
        if self.is_next("["):
            raise self.fault("a list holds no lists", start)
        found = self.constant() if self.token.kind != "param" else self._param()
        if not isinstance(found, Literal) or isinstance(found.value, list | Period | Duration) or found.value is None:
            raise self.fault("a list holds strings, numbers or booleans", start)
        if is_negative and (isinstance(found.value, bool | str)):
            raise self.fault("only numbers can be negative", start)
        return -found.value if is_negative else found.value

    def _list(self, values: list[Any], start: int) -> Literal:
        if len(values) > MOST_ENTRIES:
            raise self.fault(f"a list has at most [{MOST_ENTRIES}] entries", start)
        if not all(isinstance(each, str | int | float) for each in values):
            raise self.fault("a list holds strings, numbers or booleans", start)
        types = {type_of(each) for each in values}
        if not types:
            return self._literal(None, "null", start)
        if len(types) > 1 and not types <= {"integer", "long", "double"}:
            raise self.fault("all values of a list must be of one type", start)
        kind = next((each for each in ("double", "long") if each in types), min(types))
        cast = float if kind == "double" else lambda each: each
        return self._literal([cast(each) for each in values], kind, start)

    def options(self, *, spans: bool = False) -> dict[str, Any]:
        """An object of names and constants, as functions that search and commands take them; of time, if it is said."""
        self.expect("{")
        found = dict[str, Any]()
        while not self.is_next("}"):
            name = self.string()
            self.expect(":")
            found[name] = self._option(spans=spans)
            if not self.take(","):
                break
        self.expect("}")
        return found

    def _option(self, *, spans: bool) -> Any:  # noqa: ANN401
        if not self.is_next("{"):
            start, is_negative = self.token.start, self.take("-")
            found = self._param() if self.token.kind == "param" else self.constant()
            if not isinstance(found, Literal) or (isinstance(found.value, Period | Duration) and not spans):
                raise self.fault("a constant is needed", start)
            return -found.value if is_negative and isinstance(found.value, int | float) else found.value
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise self._deep()
        found_options = self.options()
        self.depth -= 1
        return found_options

    def _call(self, name: str, arguments: list[Expression], start: int, options: dict[str, Any] | None = None) -> Call:
        height = 1 + max((each.height for each in arguments if isinstance(each, Call)), default=0)
        if height > MOST_HEIGHT:
            raise self._deep(MOST_HEIGHT)
        return Call(self.text[start : self.last], self.at(start), name, arguments, options or {}, height)

    def _literal(self, value: Any, kind: str, start: int) -> Literal:  # noqa: ANN401
        return Literal(self.text[start : self.last], self.at(start), value, kind)

    def _deep(self, most: int = MOST_DEPTH) -> BadQuery:
        return self.fault(f"ES|QL statement exceeded the maximum expression depth allowed ({most})")


def type_of(value: Any) -> str:  # noqa: ANN401
    """The type of a value of JSON."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer" if -_INTS <= value < _INTS else "long" if -(2**63) <= value < 2**63 else "double"
    return "double" if isinstance(value, float) else "keyword"
