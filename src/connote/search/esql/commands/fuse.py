"""FUSE: one ranking of the rows of several branches.

https://www.elastic.co/docs/reference/query-languages/esql/commands/fuse
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from connote.search.esql.aggregates import Group
from connote.search.esql.aggregates.picks import values_
from connote.search.esql.column import Column, Rows, Values
from connote.search.esql.commands.command import Step
from connote.search.esql.commands.fork import NAME
from connote.search.esql.commands.stats import grouped
from connote.search.esql.page import Page
from connote.search.esql.scope import Problem, Scope
from connote.search.esql.tree import Expression

if TYPE_CHECKING:
    from connote.search.esql.parser import Parser

_CONSTANT = 60.0
_NORMALIZERS = ("none", "minmax", "l2_norm")


@dataclass(frozen=True)
class Fuse:
    """How (`rrf`, `linear`), by which columns, and with which weights."""

    way: str
    at: str
    score: str = "_score"
    group: str = NAME
    keys: list[str] = field(default_factory=lambda: ["_id", "_index"])
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, parser: "Parser") -> "Fuse":
        """`FUSE LINEAR SCORE BY _score GROUP BY _fork KEY BY _id, _index WITH {…}`."""
        at, way = parser.at(parser.token.start), parser.take("rrf", "linear") or "rrf"
        given: dict[str, Any] = {}
        while (part := parser.take("score", "group", "key", "with")) is not None:
            if part == "with":
                given["options"] = _checked(parser, way)
                continue
            parser.expect("by")
            names = [parser.name()]
            while part == "key" and parser.take(","):
                names.append(parser.name())
            given["keys" if part == "key" else part] = names if part == "key" else names[0]
        return cls(way, at, **given)

    def expressions(self) -> list[Expression]:
        """None."""
        return []

    def bind(self, scope: Scope) -> Step:
        """The columns stay; that of the branches has all in which a document was found."""
        for name in (self.score, self.group, *self.keys):
            if name not in scope.columns:
                raise Problem(self.at, f"FUSE requires a column, default [{name}] column not found.")
        if scope.columns[self.score] != "double":
            raise Problem(
                self.at,
                f"expected SCORE BY column [{self.score}] to be DOUBLE, not {scope.columns[self.score].upper()}",
            )
        shown = dict(scope.columns)
        scope.behind, scope.mapped = scope.behind or "FUSE", set()
        return lambda page: self._run(page, shown)

    def _run(self, page: Page, shown: dict[str, str]) -> Page:
        points = self._points(page)
        groups, count, first = grouped([page[name] for name in self.keys], page.size)
        if not page.size:
            return page.only(shown)
        sums = np.bincount(groups, weights=np.where(page[self.score].nulls, 0.0, points), minlength=count)
        made = dict[str, Column]()
        for name, kind in shown.items():
            if name == self.score:
                made[name] = Column.whole("double", sums)
            elif name in self.keys:
                made[name] = page[name].take(first)
            else:
                own = page[name]
                plain = kind not in ("dense_vector", "_source", "unsupported", "null")
                made[name] = values_(Group(groups, count, kind, page.running), own) if plain else own.take(first)
        return Page.made(made, count, page.running)

    def _points(self, page: Page) -> Values:
        """What each row adds to the score of its document."""
        scores, branches = page[self.score].values, page[self.group]
        weights = self.options.get("weights", {})
        found = np.zeros(page.size)
        for branch in dict.fromkeys(branches.values.tolist()):
            rows = np.flatnonzero(
                np.fromiter((each == branch for each in branches.values.tolist()), np.bool_, page.size)
            )
            weight = float(weights.get(branch, 1.0)) if isinstance(weights, Mapping) else 1.0
            found[rows] = weight * self._branch(scores[rows], rows)
        return found

    def _branch(self, scores: Values, rows: Rows) -> Values:
        if self.way == "rrf":
            ranks = np.empty(len(rows), dtype=np.int64)
            ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(rows) + 1)
            return np.asarray(1.0 / (float(self.options.get("rank_constant", _CONSTANT)) + ranks))
        way = self.options.get("normalizer", "none")
        if way == "minmax" and len(scores):
            low, high = scores.min(), scores.max()
            return np.asarray((scores - low) / (high - low)) if high > low else np.ones(len(scores))
        if way == "l2_norm":
            length = float(np.linalg.norm(scores))
            return np.asarray(scores / length) if length else scores
        return scores


def _checked(parser: "Parser", way: str) -> dict[str, Any]:
    start, found = parser.token.start, parser.options()
    known = {"weights"} | ({"rank_constant"} if way == "rrf" else {"normalizer"})
    if unknown := found.keys() - known:
        raise parser.fault(f"unknown option [{min(unknown)}]", start)
    weights = found.get("weights", {})
    if not isinstance(weights, Mapping) or not all(_is_positive(each) for each in weights.values()):
        raise parser.fault("expected weights to be a map of positive numbers", start)
    if "rank_constant" in found and not (_is_positive(found["rank_constant"]) and found["rank_constant"] > 0):
        raise parser.fault("expected rank_constant to be a positive number", start)
    if found.get("normalizer", "none") not in _NORMALIZERS:
        raise parser.fault(f"[{found['normalizer']}] is not a valid normalizer, use one of {list(_NORMALIZERS)}", start)
    return found


def _is_positive(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
