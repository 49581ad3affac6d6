"""Functions that search the indices: each is a query, which is run over all documents at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery
from connote.search.esql import kql
from connote.search.esql.column import Column
from connote.search.esql.nodes import Constant, Node, Search, folded, is_constant, within
from connote.search.esql.page import Page
from connote.search.esql.scope import Problem, Scope
from connote.search.esql.tree import Call, Literal, Name
from connote.search.query.parse import parse

NAMES = (":", "kql", "knn", "match", "match_phrase", "multi_match", "qstr", "score", "text_embedding")
_K = 1000


@dataclass(frozen=True)
class Scores(Node):
    """How well each row's document matches."""

    inner: Node | None = None

    def run(self, page: Page) -> Column:
        """The sum of the scores of the searches."""
        searches = [each for each in within(self.inner) if isinstance(each, Search)] if self.inner else []
        found = sum((each.scores(page).astype(np.float64) for each in searches), np.zeros(page.size))
        return Column.whole("double", np.asarray(found))

    def parts(self) -> list[Node]:
        """The searches."""
        return [] if self.inner is None else [self.inner]


def bound(call: Call, scope: Scope) -> Node:
    """The node of such a function. Raises Problem, BadQuery."""
    if call.name == "text_embedding":
        return _embedding(call, scope)
    if call.name == "score":
        return _score(call, scope)
    told = "[:] operator" if call.name == ":" else f"[{call.name.upper()}] function"
    if scope.behind:
        raise Problem(call.at, f"{told} cannot be used after {scope.behind}")
    if not scope.searchable:
        raise Problem(
            call.at,
            f"{told} is only supported in WHERE and STATS commands, or in EVAL within score(...) function",
        )
    body = _BODIES[call.name](call, scope, told)
    search = Search("boolean", call.text, call.at, parse(body), scope.source, scope.scores)
    scope.searches.append(search)
    return search


def _score(call: Call, scope: Scope) -> Node:
    from connote.search.esql.bind import bind  # noqa: PLC0415 (each may be in the other)

    if len(call.arguments) != 1:
        raise BadQuery(f"line {call.at}: error building [score]: expects exactly one argument")
    before, scope.searchable, scope.scores = (scope.searchable, scope.scores), True, True
    try:
        inner = bind(call.arguments[0], scope)
    finally:
        scope.searchable, scope.scores = before
    if not any(isinstance(each, Search) for each in within(inner)):
        raise Problem(call.at, f"[SCORE] function needs a full text function, found [{inner.text}]")
    return Scores("double", call.text, call.at, inner)


def _embedding(call: Call, scope: Scope) -> Node:
    key = embedding_of(call)
    if key is None:
        raise Problem(call.at, f"arguments of [{call.text}] must be two constant texts")
    return Constant("dense_vector", call.text, call.at, scope.running.known[key])


def embedding_of(call: Call) -> tuple[str, str] | None:
    """The endpoint and the text of a call of text_embedding, if these are constants."""
    if len(call.arguments) != 2 or not all(isinstance(each, Literal) for each in call.arguments):
        return None
    text, endpoint = (each.value for each in call.arguments if isinstance(each, Literal))
    return (endpoint, text) if isinstance(text, str) and isinstance(endpoint, str) else None


def _field(call: Call, number: int, scope: Scope, told: str) -> str:
    given = call.arguments[number] if number < len(call.arguments) else None
    if isinstance(given, Name):
        scope.find(given.name, given.at)
        if given.name in scope.mapped:
            return given.name
    name = given.text if given is not None else ""
    raise Problem(call.at, f"{told} cannot operate on [{name}], which is not a field from an index mapping")


def _value(call: Call, number: int, scope: Scope) -> Any:  # noqa: ANN401 (of any type)
    from connote.search.esql.bind import bind  # noqa: PLC0415

    if number >= len(call.arguments):
        raise BadQuery(f"line {call.at}: error building [{call.name}]: expects {number + 1} arguments")
    node = bind(call.arguments[number], scope)
    if not is_constant(node):
        raise Problem(call.at, f"argument of [{call.text}] must be a constant, received [{node.text}]")
    value = folded(node, scope.running)
    if value is None:
        raise Problem(call.at, f"argument of [{call.text}] cannot be null, received [{node.text}]")
    return value


def _match(call: Call, scope: Scope, told: str) -> dict[str, Any]:
    kind = "match_phrase" if call.name == "match_phrase" else "match"
    return {kind: {_field(call, 0, scope, told): {"query": _value(call, 1, scope), **call.options}}}


def _multi(call: Call, scope: Scope, told: str) -> dict[str, Any]:
    fields = [_field(call, number, scope, told) for number in range(1, len(call.arguments))]
    return {"multi_match": {"query": _value(call, 0, scope), "fields": fields, **call.options}}


def _string(call: Call, scope: Scope, told: str) -> dict[str, Any]:  # noqa: ARG001
    return {"query_string": {"query": _value(call, 0, scope), **call.options}}


def _kql(call: Call, scope: Scope, told: str) -> dict[str, Any]:  # noqa: ARG001
    found = kql.query(str(_value(call, 0, scope)), call.options)
    return {"bool": {"must": [found], "boost": call.options.get("boost", 1.0)}}


def _knn(call: Call, scope: Scope, told: str) -> dict[str, Any]:
    options: Mapping[str, Any] = call.options
    vector = _value(call, 1, scope)
    if not isinstance(vector, list) and not hasattr(vector, "tolist"):
        raise Problem(call.at, f"second argument of [{call.text}] must be [dense_vector], received [{vector}]")
    numbers = vector if isinstance(vector, list) else vector.tolist()
    if not all(isinstance(each, int | float) for each in numbers):
        raise Problem(call.at, f"second argument of [{call.text}] must be [dense_vector], received [{vector}]")
    k = options.get("k") or (_value(call, 2, scope) if len(call.arguments) > 2 else scope.limit or _K)
    body = {"field": _field(call, 0, scope, told), "query_vector": numbers, "k": k}
    if (least := options.get("min_candidates", options.get("num_candidates"))) is not None:
        body["num_candidates"] = max(least, k)
    if (more := options.get("rescore_oversample")) is not None:
        body["rescore_vector"] = {"oversample": more}
    body |= {name: options[name] for name in ("similarity", "boost") if name in options}
    if unknown := options.keys() - {
        "k", "min_candidates", "num_candidates", "rescore_oversample", "similarity", "boost", "visit_percentage"
    }:  # fmt: skip
        raise Problem(call.at, f"Invalid option [{min(unknown)}] in [{call.text}]")
    return {"knn": body}


_BODIES = {
    ":": _match, "kql": _kql, "knn": _knn, "match": _match, "match_phrase": _match, "multi_match": _multi,
    "qstr": _string,
}  # fmt: skip
