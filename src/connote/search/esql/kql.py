"""Kibana's query language, as a query of the engine.

https://www.elastic.co/docs/reference/query-languages/kql
"""

import re
from collections.abc import Mapping
from typing import Any

from connote.contract.errors import BadQuery

_TOKEN = re.compile(
    r'\s*(?:(?P<string>"(?:\\.|[^"\\])*")|(?P<sign><=|>=|<|>|:|\(|\)|\{|\})|(?P<word>(?:\\.|[^\s"<>:(){}\\])+))',
)
_MOST_DEPTH = 60
_BOUNDS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


def query(text: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The query in a text. Raises BadQuery."""
    return _Kql(text, options).whole()


class _Kql:
    def __init__(self, text: str, options: Mapping[str, Any]) -> None:
        self.tokens, self.here, self.depth = _tokens(text), 0, 0
        self.insensitive = options.get("case_insensitive") is True
        self.default, self.zone = options.get("default_field"), options.get("time_zone")

    def whole(self) -> dict[str, Any]:
        if not self.tokens:
            return {"match_all": {}}
        found = self._or("")
        if self.here < len(self.tokens):
            raise self._fault()
        return found

    def _or(self, path: str) -> dict[str, Any]:
        found = [self._and(path)]
        while self._word("or"):
            found.append(self._and(path))
        return found[0] if len(found) == 1 else {"bool": {"should": found, "minimum_should_match": 1}}

    def _and(self, path: str) -> dict[str, Any]:
        found = [self._not(path)]
        while self._word("and"):
            found.append(self._not(path))
        return found[0] if len(found) == 1 else {"bool": {"must": found}}

    def _not(self, path: str) -> dict[str, Any]:
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise BadQuery(f"a KQL query is nested at most [{_MOST_DEPTH}] deep")
        try:
            if self._word("not"):
                return {"bool": {"must_not": [self._not(path)]}}
            if self._sign("("):
                found = self._or(path)
                self._expect(")")
                return found
            return self._clause(path)
        finally:
            self.depth -= 1

    def _clause(self, path: str) -> dict[str, Any]:
        kind, text = self._next()
        sign = self._sign(":", *_BOUNDS)
        if sign is None:
            words = [text]
            while kind == "word" and self._is_plain():
                words.append(self._next()[1])
            return self._anywhere(kind, " ".join(words))
        name = f"{path}{text}"
        if sign != ":":
            return {
                "range": {name: {_BOUNDS[sign]: self._next()[1], **({"time_zone": self.zone} if self.zone else {})}}
            }
        if self._sign("{"):
            inner = self._or(f"{name}.")
            self._expect("}")
            return {"nested": {"path": name, "query": inner}}
        if self._sign("("):
            found = self._values(name)
            self._expect(")")
            return found
        return self._value(name)

    def _values(self, name: str) -> dict[str, Any]:
        found, signs = [self._one(name)], set[str]()
        while (sign := "or" if self._word("or") else "and" if self._word("and") else None) is not None:
            signs.add(sign)
            found.append(self._one(name))
        if len(signs) > 1:
            raise BadQuery("a list of values in KQL is joined by [and] or by [or], not by both")
        return (
            found[0]
            if not signs
            else {"bool": {"must": found}}
            if "and" in signs
            else {"bool": {"should": found, "minimum_should_match": 1}}
        )

    def _one(self, name: str) -> dict[str, Any]:
        return {"bool": {"must_not": [self._one(name)]}} if self._word("not") else self._value(name)

    def _value(self, name: str) -> dict[str, Any]:
        kind, text = self._next()
        words = [text]
        while kind == "word" and self._is_plain():
            words.append(self._next()[1])
        value = " ".join(words)
        if kind == "string":
            return self._fielded(name, "match_phrase", value)
        if value == "*":
            return {"exists": {"field": name}}
        if "*" in value:
            return {
                "query_string": {"fields": [name], "query": re.sub(r'([+\-=&|><!(){}\[\]^"~?:\\/ ])', r"\\\1", value)}
            }
        return self._fielded(name, "match", value)

    def _fielded(self, name: str, kind: str, value: str) -> dict[str, Any]:
        if "*" in name:
            return {
                "multi_match": {
                    "fields": [name],
                    "query": value,
                    "lenient": True,
                    **({"type": "phrase"} if kind == "match_phrase" else {}),
                }
            }
        return {kind: {name: value}}

    def _anywhere(self, kind: str, text: str) -> dict[str, Any]:
        if self.default:
            return self._fielded(self.default, "match_phrase" if kind == "string" else "match", text)
        more = {"type": "phrase"} if kind == "string" else {}
        return {"multi_match": {"query": text, "lenient": True, **more}}

    def _is_plain(self) -> bool:
        """Whether a word is next that belongs to the value before it."""
        if self.here >= len(self.tokens) or self.tokens[self.here][0] != "word":
            return False
        if self.tokens[self.here][1].lower() in ("and", "or", "not"):
            return False
        behind = self.tokens[self.here + 1 : self.here + 2]
        return not behind or behind[0][1] not in (":", "<", "<=", ">", ">=") or behind[0][0] != "sign"

    def _next(self) -> tuple[str, str]:
        if self.here >= len(self.tokens) or self.tokens[self.here][0] == "sign":
            raise self._fault()
        kind, text = self.tokens[self.here]
        if kind == "word" and text.lower() in ("and", "or"):
            raise self._fault()
        self.here += 1
        inner = text[1:-1] if kind == "string" else text
        return kind, re.sub(r"\\(.)", r"\1", inner)

    def _sign(self, *signs: str) -> str | None:
        if self.here < len(self.tokens) and self.tokens[self.here][0] == "sign" and self.tokens[self.here][1] in signs:
            self.here += 1
            return self.tokens[self.here - 1][1]
        return None

    def _word(self, word: str) -> bool:
        if self.here < len(self.tokens) and self.tokens[self.here][0] == "word":
            is_next = self.tokens[self.here][1].lower() == word
            self.here += is_next
            return is_next
        return False

    def _expect(self, sign: str) -> None:
        if self._sign(sign) is None:
            raise self._fault()

    def _fault(self) -> BadQuery:
        found = self.tokens[self.here][1][:100] if self.here < len(self.tokens) else "<EOF>"
        return BadQuery(f"a KQL query cannot be parsed at [{found}]")


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = list[tuple[str, str]](), 0
    text = text.rstrip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise BadQuery(f"a KQL query cannot be parsed at [{text[at : at + 100]}]")
        found.append((str(token.lastgroup), token[0].strip()))
        at = token.end()
    return found
