"""What all aggregations of other ones' results have."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.search.aggs import order as orders
from connote.search.aggs.formats import Format
from connote.search.aggs.tree import Bucket

GAPS = ("skip", "insert_zeros", "keep_values")
SIBLINGS = (
    "avg_bucket", "max_bucket", "min_bucket", "sum_bucket", "stats_bucket", "extended_stats_bucket",
    "percentiles_bucket",
)  # fmt: skip
PARENTS = (
    "derivative", "cumulative_sum", "bucket_sort", "bucket_selector", "bucket_script", "serial_diff", "moving_fn",
    "moving_percentiles", "normalize", "cumulative_cardinality",
)  # fmt: skip
_LABELS = {"avg_bucket": "simple_value", "sum_bucket": "simple_value", "min_bucket": "bucket_metric_value"}
_LABELS |= {"max_bucket": "bucket_metric_value", "cumulative_sum": "simple_value", "bucket_script": "simple_value"}
_LABELS |= dict.fromkeys(("serial_diff", "moving_fn", "normalize"), "simple_value")
_LABELS |= {"cumulative_cardinality": "simple_long_value", "moving_percentiles": "tdigest_percentiles"}


PLAIN = Format(None)


@dataclass(frozen=True, kw_only=True)
class Base:
    """What all have: a name, and what is to be done about buckets without a figure.

    `beside` are the names of other ones in the buckets that it looks at, some of which may have no figure of theirs.
    """

    name: str
    kind: str
    gap: str = "skip"
    form: Format = PLAIN
    beside: frozenset[str] = frozenset()

    def label(self, body: Any) -> str:  # noqa: ARG002, ANN401
        """Its type as `typed_keys` shows it."""
        return _LABELS.get(self.kind, self.kind)

    @property
    def is_parent(self) -> bool:
        """Whether it changes the buckets that it is in."""
        return self.kind in PARENTS

    @property
    def uses(self) -> frozenset[str]:
        """The names of the aggregations that it is of."""
        return frozenset(re.split(r"[.>\[]", path, maxsplit=1)[0] for path in self.used())

    def used(self) -> Iterable[str]:
        """The paths that it looks at."""
        return ()

    def over(self, buckets: list[Bucket]) -> list[Bucket]:
        """The same buckets: others change them."""
        return buckets

    def of(self, results: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Nothing: only siblings have a result."""
        return {}

    def figure(self, bucket: Bucket, path: str) -> float | None:
        """The figure at a path; None in a gap."""
        found = self.at(bucket, path)
        if found is not None and not isinstance(found, int | float):
            raise IllegalArgument(
                "buckets_path must reference either a number value or a single value numeric metric aggregation, got: "
                f"[{path}]"
            )
        is_empty = not bucket["doc_count"] and path not in ("_count", "_key")
        if found is not None and not math.isnan(found) and not (is_empty and self.gap != "keep_values"):
            return float(found)
        return 0.0 if self.gap == "insert_zeros" else None

    def at(self, bucket: Bucket, path: str) -> Any:  # noqa: ANN401
        """What is at a path; None where another one beside has made no figure."""
        name = re.split(r"[.>]", path, maxsplit=1)[0]
        return None if name in self.beside and name not in bucket else orders.at(bucket, path)
