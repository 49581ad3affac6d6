"""Values that are more frequent among the rows than among all documents: significant_terms, significant_text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.search.aggs.context import Context
from connote.search.aggs.options import Options
from connote.search.aggs.rows import Buckets, Rows, count, grouped, parted
from connote.search.aggs.terms import ALL, Only, by_value, label
from connote.search.aggs.tree import Agg
from connote.search.aggs.values import Column, Source, uninverted
from connote.search.mapping.text import Text
from connote.search.query.parse import parse as parse_query
from connote.search.query.query import Query


@dataclass(frozen=True, kw_only=True)
class Significant(Agg):
    """By the JLH score: the difference of the frequencies, times their ratio."""

    source: Source
    size: int = 10
    least: int = 3
    only: Only = ALL
    background: Query | None = None

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field, `size`, `min_doc_count`, `background_filter`. Raises IllegalArgument for another score."""
        body.ignore("shard_size", "shard_min_doc_count", "execution_hint", "filter_duplicate_text", "source_fields")
        body.ignore("jlh")
        for name in ("mutual_information", "chi_square", "gnd", "percentage", "script_heuristic", "p_value"):
            if name in body:
                raise IllegalArgument(f"[{body.kind}] [{name}] is not supported; see docs/compatibility.md")
        background = body.raw("background_filter")
        body.no_script()
        return {
            "source": Source.read(body),
            "size": body.size("size", 10),
            "least": body.size("min_doc_count", 3),
            "only": Only.read(body),
            "background": None if background is None else parse_query(background),
        }

    def queries(self) -> Iterator[Query]:
        """What the rows are compared with."""
        if self.background is not None:
            yield self.background

    def label(self, body: Mapping[str, Any]) -> str:
        """By what the keys are."""
        return "sigsterms" if self.kind == "significant_text" else f"sig{label(body, 'terms')}"

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """The best first."""
        form, every = self.source.format(context), context.every()
        if self.background is not None:
            every = context.matching(self.background, every)
        if any(part.path is not None for part in parts):
            every = [own for own in every if own.path is not None]
        here, whole = count(parts), count(every)
        found, behind = self._values(parts), self._values(every)
        rated = []
        for value, own in found.items():
            own_count, all_count = count(own), max(count(behind.get(value, [])), count(own))
            score = jlh(own_count, here, all_count, whole)
            if own_count >= self.least and score > 0 and self.only.fits(value, str(value)):
                rated.append((score, value, all_count))
        rated.sort(key=lambda each: (-each[0], each[1]))
        buckets = []
        for score, value, all_count in rated[: self.size]:
            made = self.bucket(form.bucket(value), found[value], context)
            shown: dict[str, Any] = {
                name: made.pop(name) for name in ("key", "key_as_string", "doc_count") if name in made
            }
            buckets.append({**shown, "score": score, "bg_count": all_count, **made})
        return {"doc_count": here, "bg_count": whole, "buckets": self.finished(buckets)}

    def _values(self, parts: Sequence[Rows]) -> Buckets:
        if self.kind == "significant_terms":
            return by_value(parts, self.source)
        return grouped(parts, self._terms)

    def _terms(self, rows: Rows) -> Iterator[tuple[Any, Rows]]:
        """The terms of a text, whether or not others may see them."""
        known = rows.seen.reader.field(self.source.name)
        if not isinstance(known, Text):
            column = self.source.any(rows)
        else:
            view = rows.table.text(known.name)
            if view is None:
                return
            column = Column(*uninverted(view, rows), view.terms)
        for key, found in parted(rows, column.which, column.keys):
            yield column.value(key), found


def jlh(own: int, here: int, every: int, whole: int) -> float:
    """The score of a value that `own` of `here` rows have, and `every` of `whole` documents; 0 if no more frequent.

    https://www.elastic.co/docs/reference/aggregations/search-aggregations-bucket-significantterms-aggregation
    """
    if not here or not whole or not every:
        return 0.0
    near, far = own / here, every / whole
    return (near - far) * (near / far) if near > far else 0.0
