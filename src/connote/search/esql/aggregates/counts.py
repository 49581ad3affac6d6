"""Aggregates that count."""

import numpy as np

from connote.search.esql.aggregates.registry import Group, aggregate
from connote.search.esql.column import Column
from connote.search.esql.factors import factors


@aggregate("any|star?", gives="long")
def count(group: Group, column: Column | None = None) -> Column:
    """How many values there are; of `*` how many rows."""
    groups = group.groups if column is None else group.flat(column)[1]
    return Column.whole("long", np.bincount(groups, minlength=group.count).astype(np.int64))


@aggregate("plain", "whole!?", gives="long")
def count_distinct(group: Group, column: Column, _: int | None = None) -> Column:
    """How many different values there are: exactly, whatever precision is asked for."""
    values, groups = group.flat(column)
    codes, several = factors(values)
    pairs = np.unique(groups * max(several, 1) + codes)
    return Column.whole("long", np.bincount(pairs // max(several, 1), minlength=group.count).astype(np.int64))


@aggregate("any", gives="boolean")
def present(group: Group, column: Column) -> Column:
    """Whether there is a value."""
    return Column.whole("boolean", np.bincount(group.flat(column)[1], minlength=group.count) > 0)


@aggregate("any", gives="boolean")
def absent(group: Group, column: Column) -> Column:
    """Whether there is no value."""
    return Column.whole("boolean", np.bincount(group.flat(column)[1], minlength=group.count) == 0)
