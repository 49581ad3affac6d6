"""What the parsers of expressions and statements share: the tokens, the variables, and the types."""

from collections.abc import Callable
from typing import Any

from connote.ingest.painless import types
from connote.ingest.painless.fault import Fault
from connote.ingest.painless.frame import Frame
from connote.ingest.painless.lexer import Token, tokens
from connote.ingest.painless.places import Variable

# What scripts are given that is no function.
_VALUES = frozenset(("params", "doc", "ctx", "state", "states", "values", "token", "explanation", "_score", "_value"))


class Parser:
    """Where a parser is, and which variables there are."""

    def __init__(self, source: str, given: tuple[str, ...]) -> None:
        self.tokens, self.here, self.depth = tokens(source), 0, 0
        # Those that are given, and then, from the outermost block on, the script's own.
        self.scopes: list[dict[str, Variable]] = [{name: Variable(i, "def") for i, name in enumerate(given)}, {}]
        self.slots = len(given)
        self.changes = False  # whether the script may change what it is given
        self.functions: frozenset[str] = frozenset()  # the script's own

    @property
    def token(self) -> Token:
        """The token that is next."""
        return self.tokens[self.here]

    def ahead(self, by: int) -> Token:
        """A later token; the end, if there are not so many."""
        return self.tokens[min(self.here + by, len(self.tokens) - 1)]

    def take(self, *texts: str) -> str | None:
        """The next token if it is one of these; then the one behind it is next."""
        if self.token.text in texts and self.token.kind != "string":
            self.here += 1
            return self.tokens[self.here - 1].text
        return None

    def expect(self, text: str) -> None:
        """Take that token. Raises Fault if another is next."""
        if self.take(text) is None:
            raise self.unexpected(f"['{text}']")

    def name(self) -> str:
        """Take a name. Raises Fault if there is none."""
        if self.token.kind != "name":
            raise self.unexpected("a name")
        self.here += 1
        return self.tokens[self.here - 1].text

    def unexpected(self, wanted: str) -> Fault:
        """The fault of another token than is wanted."""
        found = "end of script" if self.token.kind == "end" else f"token ['{self.token.text}']"
        return Fault(f"unexpected {found} was expecting one of [{wanted}].", at=self.token.at)

    def declare(self, name: str, kind: str) -> Variable:
        """A new variable. Raises Fault if there is one of that name."""
        known = self.scopes if name in _VALUES else self.scopes[1:]  # a function may have the name of a variable
        if any(name in scope for scope in known):
            raise Fault(f"variable [{name}] is already defined", at=self.token.at)
        variable = Variable(self.slots, kind)
        self.slots += 1
        self.scopes[-1][name] = variable
        return variable

    def own(self, name: str, at: int) -> Callable[[Frame], Any]:
        """A call of a function of the script's own."""
        raise NotImplementedError

    def block(self) -> Callable[[Frame], Any]:
        """Statements in braces, for a lambda."""
        raise NotImplementedError

    def type(self) -> str:
        """The name of a type, with `[]` for an array; what stands in angle brackets says nothing."""
        at, name = self.token.at, self.name()
        while self.token.text == "." and f"{name}.{self.ahead(1).text}" in types.NAMES:
            self.here += 1
            name = f"{name}.{self.name()}"
        if name not in types.NAMES:
            raise Fault(f"cannot resolve type [{name}]", at=at)
        if self.token.text == "<" and self.ahead(1).text in types.NAMES:
            while not self.take(">", ">>"):
                if self.token.text not in types.NAMES and self.token.text not in (",", "<", "[", "]"):
                    raise self.unexpected("['>']")
                self.here += 1
        while self.token.text == "[" and self.ahead(1).text == "]":
            self.here += 2
            name = f"{name.removesuffix('[]')}[]"
        return name
