"""RERANK and COMPLETION: what models say of rows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from connote.search.esql import types
from connote.search.esql.bind import bind, usable
from connote.search.esql.column import Column
from connote.search.esql.commands.command import Asking
from connote.search.esql.nodes import Node, folded, is_constant
from connote.search.esql.page import Page
from connote.search.esql.rendering import wire
from connote.search.esql.scope import Problem, Scope
from connote.search.esql.tree import Expression, Named
from connote.search.retriever import Key
from connote.search.thread import abandonable

if TYPE_CHECKING:
    from connote.search.asks import Asked
    from connote.search.esql.parser import Parser

# Rows of which a model is asked, as Elasticsearch limits them.
MOST_RERANKED, MOST_COMPLETED = 1000, 100
RERANKER = ".rerank-v1-elasticsearch"


def _endpoint(parser: "Parser", default: str | None) -> str:
    """`WITH {"inference_id": …}`, or in its older form only the id."""
    if not parser.take("with"):
        if default is None:
            raise parser.unexpected("with")
        return default
    if not parser.is_next("{"):
        return parser.string() if parser.token.kind in ("string", "param") else parser.name()
    start, options = parser.token.start, parser.options()
    if unknown := options.keys() - {"inference_id", "timeout", "task_settings"}:
        raise parser.fault(f"Invalid option [{min(unknown)}], expected one of [inference_id]", start)
    found = options.get("inference_id", default)
    if not isinstance(found, str):
        raise parser.fault("Missing mandatory option [inference_id]", start)
    return found


@dataclass(frozen=True)
class Rerank:
    """The text that rows are held against, what of them, where the score goes, and who says it."""

    query: Expression
    fields: list[Named]
    name: str
    endpoint: str

    @classmethod
    def read(cls, parser: "Parser") -> "Rerank":
        """`RERANK name = "text" ON field, … WITH {"inference_id": "…"}`."""
        name, query = parser.assigned() or "_score", parser.expression()
        parser.expect("on")
        return cls(query, parser.columns(), name, _endpoint(parser, RERANKER))

    def expressions(self) -> list[Expression]:
        """The text and the fields."""
        return [self.query, *(each.expression for each in self.fields)]

    def bind(self, scope: Scope) -> Asking:
        """The score's column stands behind the others, or stays where it is; the best row comes first."""
        query = bind(self.query, scope)
        if not is_constant(query) or query.type not in types.STRINGS:
            raise Problem(query.at, f"query must be a valid string in RERANK, found [{query.text}]")
        nodes = list[tuple[str, Node]]()
        for each in self.fields:
            node = bind(each.expression, scope)
            usable(node, scope)
            if node.type not in (*types.STRINGS, *types.NUMBERS, "boolean", "null"):
                raise Problem(
                    node.at, f"rerank field must be a valid string, numeric or boolean expression, found [{node.text}]"
                )
            nodes.append((each.name, node))
        kept = self.name == "_score" and scope.columns.get("_score") == "double"
        if not kept:
            scope.put(self.name, "double")
        scope.behind = scope.behind or "RERANK"

        async def run(page: Page, asks: "Asked") -> Page:
            cut, texts = await abandonable(_documents, page, nodes)
            text = str(folded(query, page.running))
            keys = {Key(0, 0, row): each for row, each in enumerate(texts) if each}
            scores = await asks.reranked(self.endpoint, text, keys, None) if keys else {}
            return await abandonable(_ordered, cut, scores, self.name)

        return Asking(run)


def _documents(page: Page, nodes: list[tuple[str, Node]]) -> tuple[Page, list[str]]:
    """The first rows, and the text of each: of several fields one a line, with its name."""
    cut = page if page.size <= MOST_RERANKED else page.take(np.arange(MOST_RERANKED))
    if page.size > MOST_RERANKED:
        page.running.warn(f"RERANK looks at the first [{MOST_RERANKED}] rows")
    columns = [(name, wire(node.run(cut))) for name, node in nodes]
    if len(columns) == 1:
        return cut, [_text(each) for each in columns[0][1]]
    return cut, [
        "\n".join(f"{name}: {_text(values[row])}" for name, values in columns if values[row] is not None)
        for row in range(cut.size)
    ]


def _text(value: Any) -> str:  # noqa: ANN401 (as answers show it)
    if isinstance(value, list):
        return " ".join(map(_text, value))
    return "" if value is None else str(value)


def _ordered(page: Page, scores: dict[Key, float], name: str) -> Page:
    values, nulls = np.zeros(page.size), np.ones(page.size, dtype=np.bool_)
    for key, score in scores.items():
        values[key.document], nulls[key.document] = score, False
    column = Column("double", values, nulls)
    found = (
        Page(page.size, {**page.columns, name: column}, page.documents, page.running)
        if (name in page.columns and name == "_score")
        else page.having({name: column})
    )
    return found.take(np.lexsort([-values, nulls]))


@dataclass(frozen=True)
class Complete:
    """The prompt, where the answer goes, and who writes it."""

    prompt: Expression
    name: str
    endpoint: str

    @classmethod
    def read(cls, parser: "Parser") -> "Complete":
        """`COMPLETION name = prompt WITH {"inference_id": "…"}`."""
        name, prompt = parser.assigned() or "completion", parser.expression()
        return cls(prompt, name, _endpoint(parser, None))

    def expressions(self) -> list[Expression]:
        """The prompt."""
        return [self.prompt]

    def bind(self, scope: Scope) -> Asking:
        """The answer's column stands behind the others."""
        node = bind(self.prompt, scope)
        usable(node, scope)
        if node.type not in (*types.STRINGS, "null"):
            raise Problem(node.at, f"prompt must be of type [text] but is [{types.shown(node.type)}]")
        scope.put(self.name, "keyword")
        scope.behind = scope.behind or "COMPLETION"

        async def run(page: Page, asks: "Asked") -> Page:
            cut = page if page.size <= MOST_COMPLETED else page.take(np.arange(MOST_COMPLETED))
            if page.size > MOST_COMPLETED:
                page.running.warn(f"No limit defined, adding default limit of [{MOST_COMPLETED}]")
            prompts = (await abandonable(node.run, cut)).rows() if node.type != "null" else [()] * cut.size
            wanted = list(dict.fromkeys("\n".join(row) for row in prompts if row))
            answers = dict(zip(wanted, await asks.completed(self.endpoint, wanted) if wanted else [], strict=True))
            made = [(answers["\n".join(row)],) if row else () for row in prompts]
            return cut.having({self.name: Column.of("keyword", made)})

        return Asking(run)
