"""Semantic fields as queries find them: by the name of their chunks, and by the kind of their vectors."""

from connote.contract.errors import IllegalArgument
from connote.search.mapping.field import Field
from connote.search.mapping.semantic import SemanticText
from connote.search.query.reader import Reader


def chunks_of(reader: Reader, name: str) -> str:
    """The semantic field of `FIELD.inference.chunks.embeddings`, by which nested queries call its chunks."""
    for suffix in (".inference.chunks.embeddings", ".inference.chunks"):
        if name.endswith(suffix) and name.removesuffix(suffix) in reader.mapping.semantic:
            return name.removesuffix(suffix)
    return name


def check_task(field: Field, query: str, task: str) -> None:
    """Raise IllegalArgument for a semantic field whose vectors are of the other kind."""
    holds = (field.model or {}).get("task_type", task) if isinstance(field, SemanticText) else task
    if (holds == "sparse_embedding") != (task == "sparse_embedding"):
        raise IllegalArgument(
            f"Field [{field.name}] has embeddings of the task type [{holds}]; [{query}] queries need [{task}]"
        )
