"""A sparse query's weights as an index weighs tokens."""

from collections.abc import Mapping

from connote.search.mapping.semantic import SemanticText
from connote.search.mapping.vectors import SparseVector
from connote.search.query.reader import Reader


def weighted(weights: Mapping[str, float], reader: Reader, field: SparseVector | SemanticText) -> Mapping[str, float]:
    """The weights times the field's factors; unchanged if it has none. Tokens of factor 0 are left out.

    Frequencies are of the field's own vectors, one a chunk, those of deleted documents too, as Lucene counts.
    """
    own = field["weighting"]
    if own is None:
        return weights
    views = [view for table in reader.tables if (view := table.sparse(field.name)) is not None]
    count = sum(view.owners.rows for view in views)
    found = {
        token: weight * own.factor(token, reader.vectors(field.name, token), count) for token, weight in weights.items()
    }
    return {token: weight for token, weight in found.items() if weight}
