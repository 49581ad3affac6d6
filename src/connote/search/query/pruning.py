"""Leaving out tokens of a sparse query that are frequent and weigh little."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.search.query.body import Body
from connote.search.query.reader import Reader


@dataclass(frozen=True)
class Pruning:
    """When a token is left out: over `ratio` times as frequent as the average, and below `share` of the best weight."""

    ratio: float = 5.0
    share: float = 0.4
    only_pruned: bool = False

    @classmethod
    def parse(cls, given: Any) -> "Pruning":  # noqa: ANN401 (JSON)
        """`{"tokens_freq_ratio_threshold": 5, "tokens_weight_threshold": 0.4, "only_score_pruned_tokens": false}`."""
        body = Body("pruning_config", {} if given is None else given)
        made = cls(
            body.number("tokens_freq_ratio_threshold", 5.0),
            body.number("tokens_weight_threshold", 0.4),
            body.flag("only_score_pruned_tokens", default=False),
        )
        body.done()
        if not 1 <= made.ratio <= 100:
            raise IllegalArgument(f"[tokens_freq_ratio_threshold] must be between [1] and [100], got {made.ratio}")
        if not 0 <= made.share <= 1:
            raise IllegalArgument("[tokens_weight_threshold] must be between 0 and 1")
        return made


def pruned(weights: Mapping[str, float], pruning: Pruning, reader: Reader, field: str) -> dict[str, float]:
    """The tokens that are left, or with `only_pruned` those that are not."""
    views = [view for table in reader.tables if (view := table.sparse(field)) is not None]
    rows = sum(view.owners.rows for view in views)
    frequencies = {token: reader.vectors(field, token) for token in weights}
    # The average over the tokens of the whole field.
    tokens = max((len(view.terms) for view in views), default=0)
    average = sum(len(view.docs) for view in views) / tokens if tokens and rows else 0.0
    best = max(weights.values(), default=0.0)

    def is_kept(token: str) -> bool:
        return frequencies[token] <= pruning.ratio * average or weights[token] >= pruning.share * best

    return {token: weight for token, weight in weights.items() if is_kept(token) is not pruning.only_pruned}
