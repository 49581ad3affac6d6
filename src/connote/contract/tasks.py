"""Task types: what an endpoint does with its input."""

from enum import StrEnum

from connote.contract.errors import Rejected


class TaskType(StrEnum):
    """The task types of the inference API; `any` stands for a URL that names none."""

    TEXT_EMBEDDING = "text_embedding"
    SPARSE_EMBEDDING = "sparse_embedding"
    RERANK = "rerank"
    COMPLETION = "completion"
    CHAT_COMPLETION = "chat_completion"
    EMBEDDING = "embedding"
    ANY = "any"

    @classmethod
    def parse(cls, text: str) -> "TaskType":
        """The task type of that name, whatever its case. Raises Rejected for an unknown one."""
        try:
            return cls(text.strip().lower())
        except ValueError:
            raise Rejected(f"Unknown task_type [{text}]") from None

    @property
    def embeds(self) -> bool:
        """Whether its input may be a long document, so that chunking settings apply."""
        return self in {TaskType.TEXT_EMBEDDING, TaskType.SPARSE_EMBEDDING, TaskType.EMBEDDING}
