"""ES|QL queries: from a request to the table that it comes to."""

import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import reduce
from itertools import takewhile
from typing import Any

import numpy as np

from connote.contract.errors import IllegalArgument, NoIndex, Unverified
from connote.endpoints import asking
from connote.endpoints.endpoints import Endpoints
from connote.endpoints.inference import Inference
from connote.ingest.enrich import Policies
from connote.search import dated
from connote.search.asks import Asked
from connote.search.esql import types
from connote.search.esql.commands.command import AnyStep, Asking, Branched, ByRow, Command, Step
from connote.search.esql.commands.enrich import Enrich
from connote.search.esql.commands.fork import DEFAULT_ROWS, Fork
from connote.search.esql.commands.limit import Limit
from connote.search.esql.commands.lookup import Lookup
from connote.search.esql.commands.ranking import shortened
from connote.search.esql.commands.source import From
from connote.search.esql.commands.union import Union
from connote.search.esql.commands.where import Passing
from connote.search.esql.cursor import params
from connote.search.esql.expressions import MOST_ENTRIES
from connote.search.esql.nodes import Search
from connote.search.esql.page import Page
from connote.search.esql.parser import parse
from connote.search.esql.running import Running
from connote.search.esql.scope import Problem, Scope
from connote.search.esql.searching import embedding_of
from connote.search.esql.source import Source
from connote.search.esql.tree import Literal, Subquery, calls, subqueries
from connote.search.indices import Indices
from connote.search.query.query import Query
from connote.search.rulesets import Rulesets
from connote.search.session import Session
from connote.search.thread import abandonable
from connote.security.rights import Right

_ENRICH = Right("cluster:monitor/xpack/enrich/esql/resolve_policy", ("monitor_enrich",), is_cluster=True)
# Rows of an answer; those that a query which may be told to stop looks at in one go.
MOST_ROWS, BLOCK = 10_000, 8192


@dataclass(frozen=True)
class EsqlRequest:
    """What is asked; `filter` lets only some documents be seen. Once `stopping` is set, no more rows are looked at."""

    query: str
    params: Any = None
    filter: Query | None = None
    zone: tzinfo = UTC
    stopping: threading.Event | None = None


@dataclass(frozen=True)
class Table:
    """What a query comes to. `types` are by name, in order; `why` says what the unsupported are."""

    types: dict[str, str]
    page: Page = field(repr=False)  # which may be long
    why: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def warnings(self) -> list[str]:
        """What is told beside it."""
        return list(self.page.running.warnings)


class Queries:
    """Runs them."""

    def __init__(
        self, indices: Indices, endpoints: Endpoints, inference: Inference, rulesets: Rulesets, policies: Policies
    ) -> None:
        self._indices, self._endpoints, self._inference, self._rulesets = indices, endpoints, inference, rulesets
        self._policies = policies

    async def run(self, request: EsqlRequest) -> Table:
        """The table of a query. Raises BadQuery, Unverified, IllegalArgument, and what indices and endpoints raise."""
        began, running = time.perf_counter(), Running(zone=request.zone, stopping=request.stopping)
        listed, named = params(request.params)
        commands = await abandonable(parse, request.query, listed, named)
        commands = _limited(commands, running)
        asks = Asked(self._endpoints, self._inference, self._indices, self._rulesets)
        with ExitStack() as held:
            await self._open(commands, asks, held, request.filter)
            running.known = await _embedded(commands, asks)
            scope, page = await _table(commands, running, asks)
        return Table(dict(scope.columns), page, scope.why, time.perf_counter() - began)

    async def _open(self, commands: Sequence[Command], asks: Asked, held: ExitStack, only: Query | None) -> None:
        """Open all indices that commands name."""
        for command in commands:
            if not isinstance(command, Fork | Union):
                for each in subqueries(command.expressions()):
                    await self._open(each.commands, asks, held, only)
            if isinstance(command, From):
                command.source = await self._source(command.names, asks, held)
                if only is not None:
                    command.source.kept = [
                        (await only.rewritten(asks, seen.reader)).weigh(seen.reader) for seen in command.source.seen
                    ]
            elif isinstance(command, Lookup):
                command.source = await self._source([command.index], asks, held)
            elif isinstance(command, Enrich):
                self._check_enrich(command)
                command.policies = self._policies
            elif isinstance(command, Fork | Union):
                for branch in command.branches:
                    await self._open(branch, asks, held, only)

    def _check_enrich(self, command: Enrich) -> None:
        """Raise Forbidden unless who asks may use policies, and may see all that this one has copied."""
        visit = asking.visit()
        if visit is not None:
            visit.asker.check(_ENRICH)
            for name in self._indices.resolve(",".join(self._policies.get(command.policy).indices)):
                visit.check_whole(name)

    async def _source(self, names: Sequence[str], asks: Asked, held: ExitStack) -> Source:
        expression = dated.resolved(",".join(names))
        try:
            found = self._indices.resolve(expression, ignore_missing=False, allow_none=True, expand={"open"})
        except NoIndex as error:
            told = error.details.get("index", expression)
            raise Unverified([f"1:1: Unknown index [{told}]"]) from None
        if not found:
            raise Unverified([f"1:1: Unknown index [{expression}]"])
        filters = self._indices.filters(expression, found)
        session = await Session.open(found, self._indices, asks, held, filters)
        return Source(session.seen)


def bound(commands: Sequence[Command], scope: Scope) -> list[AnyStep]:
    """The steps of commands. Raises Unverified with all problems, BadQuery."""
    steps = list[AnyStep]()
    limits = [command.count for command in commands if isinstance(command, Limit)]
    scope.limit = limits[0] if limits else None
    for command in commands:
        try:
            steps.append(command.bind(scope))
        except Problem as problem:
            scope.noted(problem)
            break
    if scope.problems:
        raise Unverified(sorted(set(scope.problems), key=scope.problems.index))
    return shortened(commands, steps)


def _limited(commands: list[Command], running: Running) -> list[Command]:
    """With a limit at the end, as every answer has one."""
    has_limit = any(isinstance(each, Limit) for each in commands)
    if not has_limit and isinstance(commands[0], From | Union):
        running.warn(f"No limit defined, adding default limit of [{DEFAULT_ROWS}]")
    return [*commands, Limit(MOST_ROWS if has_limit else DEFAULT_ROWS)]


async def _table(commands: Sequence[Command], running: Running, asks: Asked) -> tuple[Scope, Page]:
    """The table of a query, with what is known of its columns. Subqueries in expressions run first."""
    for each in subqueries(each for command in commands for each in command.expressions()):
        await _answer(each, running, asks)
    scope = Scope(running)
    steps = await abandonable(bound, commands, scope)
    for search in scope.searches:
        await _prepared(search, asks)
    page = await _run(steps, Page.made({}, 0, running), asks)
    return scope, await abandonable(_read, page.only(scope.columns))


async def _answer(query: Subquery, running: Running, asks: Asked) -> None:
    """Run a subquery, of which the values of one column are wanted."""
    scope, page = await _table(query.commands, running, asks)
    if len(scope.columns) != 1:
        raise Unverified([f"{query.at}: subquery must return exactly one column, found {list(scope.columns)[:10]}"])
    ((name, kind),) = scope.columns.items()
    if kind not in (*types.KINDS["plain"], "null"):
        raise Unverified([f"{query.at}: subquery cannot return a column of type [{types.shown(kind)}]"])
    found = {value: None for row in page[name].rows() for value in row or (None,)}
    if len(found) > MOST_ENTRIES:
        raise IllegalArgument(f"subquery [{query.text[:100]}] finds more than [{MOST_ENTRIES}] values")
    query.found[:] = [Literal(query.text, query.at, value, kind if value is not None else "null") for value in found]


async def _embedded(commands: Sequence[Command], asks: Asked) -> dict[tuple[str, str], Any]:
    """The vectors of all texts that are to be embedded, by endpoint and text."""
    found = dict[tuple[str, str], Any]()
    for command in commands:
        for query in subqueries(command.expressions()):
            found |= await _embedded(query.commands, asks)
        inner = [call for each in command.expressions() for call in calls(each) if call.name == "text_embedding"]
        for key in [embedding_of(call) for call in inner]:
            if key is not None and key not in found:
                found[key] = [float(each) for each in np.asarray(await asks.dense(*key))]
    return found


async def _prepared(search: Search, asks: Asked) -> None:
    """Ask for the vectors of a search's texts."""
    assert search.query is not None  # noqa: S101 (only so are they made)
    search.asked.extend([await search.query.rewritten(asks, seen.reader) for seen in search.source.seen])


async def _run(steps: Sequence[AnyStep], page: Page, asks: Asked) -> Page:
    """The table behind some steps; those that ask nobody run in a thread."""
    waiting = list[Any]()
    for step in steps:
        if not isinstance(step, Asking | Branched):
            waiting.append(step)
            continue
        page, waiting = await abandonable(_passed, waiting, page), []
        if isinstance(step, Asking):
            page = await step.run(page, asks)
        else:
            parts = [await _run(branch, page, asks) for branch in step.branches]
            page = await abandonable(step.join, parts)
    return await abandonable(_passed, waiting, page)


def _passed(steps: Sequence[Step], page: Page) -> Page:
    left = list(steps)
    while left:
        by_row = list(takewhile(_is_by_row, left))
        if by_row and page.running.stopping is not None and page.size > BLOCK:
            page, left = _blocks(by_row, page, page.running.stopping), left[len(by_row) :]
        else:
            page = left.pop(0)(page)
    return page


def _is_by_row(step: Step) -> bool:
    return isinstance(step, ByRow) or (isinstance(step, Passing) and step.is_by_row)


def _blocks(steps: Sequence[Step], page: Page, stopping: threading.Event) -> Page:
    """What steps make of a table block by block, until it is told to stop."""
    parts = list[Page]()
    for start in range(0, page.size, BLOCK):
        if stopping.is_set():
            page.running.is_partial = True
            break
        part = page.take(np.arange(start, min(start + BLOCK, page.size)))
        parts.append(reduce(lambda table, step: step(table), steps, part))
    if not parts:
        parts.append(reduce(lambda table, step: step(table), steps, page.take(np.zeros(0, dtype=np.int64))))
    return Page.stacked(parts)


def _read(page: Page) -> Page:
    """With all columns read."""
    for name in list(page.columns):
        page[name]
    return page
