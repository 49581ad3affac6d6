"""The parser of whole queries: a source, and commands behind pipes."""

from collections.abc import Mapping

from connote.contract.errors import BadQuery
from connote.search.esql.commands import COMMANDS, REFUSED, SOURCES
from connote.search.esql.commands.command import Command
from connote.search.esql.cursor import Param
from connote.search.esql.expressions import Expressions
from connote.search.esql.tree import Expression, Name, Named

# Commands of a query, and subqueries in it.
MOST_COMMANDS, MOST_SUBQUERIES = 500, 32


class Parser(Expressions):
    """Reads a query, with so many `queries` in it."""

    queries = 0

    def query(self) -> list[Command]:
        """All commands, the source first. Raises BadQuery."""
        start = self.token.start
        if self.take("set"):
            raise self.fault("[SET] is not there: give [time_zone] beside the query", start)
        found = self._piped(SOURCES)
        if self.token.kind != "end":
            raise self.unexpected("<EOF>", "|")
        return found

    def piped(self) -> list[Command]:
        """Commands in parentheses, without a source."""
        return self._nested(COMMANDS)

    def subquery(self) -> list[Command]:
        """A query in parentheses."""
        self.queries += 1
        if self.queries > MOST_SUBQUERIES:
            raise self.fault(f"a query has at most [{MOST_SUBQUERIES}] subqueries")
        return self._nested(SOURCES)

    def _nested(self, first: Mapping[str, object]) -> list[Command]:
        self.expect("(")
        self.depth += 10
        if self.depth > 50:
            raise self.fault("commands are nested too deep")
        found = self._piped(first)
        self.depth -= 10
        self.expect(")")
        return found

    def _piped(self, first: Mapping[str, object]) -> list[Command]:
        """Commands with pipes between them, the first of these."""
        found = [self._command(first)]
        while self.take("|"):
            found.append(self._command(COMMANDS))
            if len(found) > MOST_COMMANDS:
                raise self.fault(f"a query has at most [{MOST_COMMANDS}] commands")
        return found

    def columns(self, *, filtered: bool = False) -> list[Named]:
        """`name = expression`, or only the expression, which then is the name; some may have a WHERE."""
        found = [self._named(filtered=filtered)]
        while self.take(","):
            found.append(self._named(filtered=filtered))
        return found

    def assigned(self) -> str | None:
        """The name before a `=`, if that is next."""
        if self.token.kind not in ("name", "quoted", "param"):
            return None
        place = (self.last, self.token, self.used)
        try:
            name = self.name()
        except BadQuery:
            name = None
        if name is not None and self.take("="):
            return name
        self.last, self.token, self.used = place
        return None

    def _named(self, *, filtered: bool) -> Named:
        name, expression = self.assigned(), self.expression()
        where = self.expression() if filtered and self.take("where") else None
        if name is None:
            name = expression.name if isinstance(expression, Name) else _called(expression, where)
        return Named(name, expression, where)

    def _command(self, known: Mapping[str, object]) -> Command:
        start, name = self.token.start, self.token.text.lower()
        if self.token.kind != "name":
            raise self.unexpected(*(f"{each}" for each in known))
        if name in REFUSED:
            raise self.fault(f"[{name.upper()}] is not there: {REFUSED[name]}", start)
        read = known.get(name)
        if read is None:
            raise self.unexpected(*known)
        self.step()
        command: Command = read(self)  # type: ignore[operator]
        return command


def _called(expression: Expression, where: Expression | None) -> str:
    """What an expression without a name is called: as it stands there."""
    return expression.text if where is None else f"{expression.text} WHERE {where.text}"


def parse(text: str, listed: list[Param], named: Mapping[str, Param]) -> list[Command]:
    """The commands of a query. Raises BadQuery."""
    return Parser(text, listed, named).query()
