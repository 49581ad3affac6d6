"""The family of span queries: `span_term`, `span_near` and those that combine them."""

from collections.abc import Callable, Mapping
from typing import Any

from connote.search.query.query import Query
from connote.search.query.spans.query import (
    SpanContaining,
    SpanFieldMasking,
    SpanFirst,
    SpanMulti,
    SpanNear,
    SpanNot,
    SpanOr,
    SpanTerm,
    SpanWithin,
)
from connote.search.query.spans.span import SpanQuery

Parse = Callable[[Any], Query]
KINDS: Mapping[str, Callable[[Any, Parse], Query]] = {
    "field_masking_span": SpanFieldMasking.parse,
    "span_containing": SpanContaining.parse,
    "span_field_masking": SpanFieldMasking.parse,
    "span_first": SpanFirst.parse,
    "span_multi": SpanMulti.parse,
    "span_near": SpanNear.parse,
    "span_not": SpanNot.parse,
    "span_or": SpanOr.parse,
    "span_term": SpanTerm.parse,
    "span_within": SpanWithin.parse,
}

__all__ = ["KINDS", "SpanQuery"]
