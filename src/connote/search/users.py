"""Which indices use an endpoint, a pipeline or a set of synonyms, for those who would delete it."""

from connote.search.indices import Indices
from connote.search.mapping.semantic import uses


def of_endpoint(indices: Indices, endpoint: str) -> list[str]:
    """The indices with a field of meaning that uses an endpoint."""
    return [name for name, record in sorted(indices.records.items()) if uses(record.mapping, endpoint)]


def of_pipeline(indices: Indices, id: str) -> str | None:
    """How an index uses a pipeline."""
    for name, record in sorted(indices.records.items()):
        for kind in ("default", "final"):
            if record.settings.get(f"{kind}_pipeline") == id:
                return f"is the {kind} pipeline for index [{name}]"
    return None


def of_synonyms(indices: Indices, synonyms: str) -> list[str]:
    """The indices with an analyzer that uses a set of synonyms."""
    return [
        name
        for name, record in sorted(indices.records.items())
        if any(key.endswith(".synonyms_set") and synonyms in _listed(value) for key, value in record.settings.items())
    ]


def _listed(value: object) -> list[str]:
    """The names in a setting: a list, or text with commas in between."""
    return [str(name) for name in value] if isinstance(value, list) else [n.strip() for n in str(value).split(",")]
