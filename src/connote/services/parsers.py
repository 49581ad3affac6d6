"""What the service `custom` finds in an answer: a parser for each task, made of paths."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, TypeVar, cast

import msgspec

from connote.contract.chat import Answer, Chat, Choice, Delta
from connote.contract.errors import Malformed
from connote.contract.results import Element, Rank, Result
from connote.contract.settings import About, Settings
from connote.services import remote
from connote.services.path import Path
from connote.services.service import Call

T = TypeVar("T")

_ELEMENTS: dict[str, Element] = {"float": "float", "byte": "byte", "bit": "bit", "binary": "bit"}


class Parser(Settings):
    """The paths of one task."""

    def read(self, call: Call, reply: Any) -> Result:  # noqa: ANN401 (JSON)
        """The result in an answer. Raises Malformed if it is not there."""
        raise NotImplementedError

    def problems(self, scope: str) -> list[str]:
        """Which paths are none."""
        found = []
        for field in self.fields():
            path = None if field.about.choices else getattr(self, field.name)
            try:
                Path.parse("$" if path is None else path)
            except ValueError as error:
                found.append(f"[{scope}] Invalid path [{path}] received for field [{field.name}]. Error: {error}")
        return found


class DenseParser(Parser):
    """Finds vectors."""

    text_embeddings: Annotated[str, About("Embeddings", "The path to the vectors, such as `$.data[*].embedding`.")]
    embedding_type: Annotated[
        str, About("Embedding type", "What vectors are made of.", choices=("float", "bit", "binary", "byte"))
    ] = "float"

    def read(self, call: Call, reply: Any) -> Result:  # noqa: ANN401
        """One vector an input."""
        element = _ELEMENTS[self.embedding_type]
        kind = list[list[float]] if element == "float" else list[list[int]]
        rows = _typed(self.text_embeddings, reply, cast("type[list[list[float]]]", kind))
        return remote.dense(call, rows, element=element)


class SparseParser(Parser):
    """Finds tokens and their weights."""

    token_path: Annotated[str, About("Token path", "The path to tokens or their ids, a list of them for each input.")]
    weight_path: Annotated[str, About("Weight path", "The path to the tokens' weights.")]

    def read(self, call: Call, reply: Any) -> Result:  # noqa: ANN401
        """The tokens and weights of each input."""
        tokens = _typed(self.token_path, reply, list[list[str | int]])
        weights = _typed(self.weight_path, reply, list[list[float]])
        if [len(row) for row in tokens] != [len(row) for row in weights]:
            raise Malformed(
                f"the paths [{self.token_path}] and [{self.weight_path}] lead to lists that differ in length"
            )
        return remote.sparse(
            call,
            [
                [(str(token), weight) for token, weight in zip(names, values, strict=True)]
                for names, values in zip(tokens, weights, strict=True)
            ],
        )


class RankParser(Parser):
    """Finds scores."""

    relevance_score: Annotated[str, About("Relevance score", "The path to the scores.")]
    reranked_index: Annotated[
        str | None,
        About("Index", "The path to the documents' positions. Without it scores are in the documents' order."),
    ] = None
    document_text: Annotated[
        str | None, About("Text", "The path to the documents' texts, if the service's are to be shown.")
    ] = None

    def read(self, call: Call, reply: Any) -> Result:  # noqa: ANN401
        """Documents by score."""
        scores = _typed(self.relevance_score, reply, list[float])
        positions: Sequence[int] = range(len(call.inputs))
        if self.reranked_index is not None:
            positions = _typed(self.reranked_index, reply, list[int])
        if len(positions) != len(scores):
            raise Malformed(f"the path [{self.relevance_score}] leads to {len(scores)} scores, not {len(positions)}")
        ranked = remote.ranked(call, zip(positions, scores, strict=True))
        if self.document_text is None or call.return_documents is False:
            return ranked
        texts = _typed(self.document_text, reply, list[str])
        if len(texts) != len(scores):
            raise Malformed(f"the path [{self.document_text}] leads to {len(texts)} texts, not {len(scores)}")
        shown = dict(zip(positions, texts, strict=True))
        return replace(ranked, ranks=[Rank(each.index, each.score, shown[each.index]) for each in ranked.ranks])


class CompletionParser(Parser):
    """Finds what was written."""

    completion_result: Annotated[str, About("Result", "The path to a text, or a list of them.")]

    def read(self, call: Call, reply: Any) -> Result:  # noqa: ANN401, ARG002
        """Each text."""
        found = _typed(self.completion_result, reply, cast("type[str | list[str]]", str | list[str]))
        texts = [found] if isinstance(found, str) else found
        return Chat(Answer([Choice(Delta(content=text, role="assistant")) for text in texts]))


class Response(Settings):
    """What is found in an answer."""

    json_parser: Annotated[Parser, About("JSON parser", "The paths to what is wanted.")]


class DenseResponse(Response):
    """What is found in an answer."""

    json_parser: Annotated[DenseParser, About("JSON parser", "The path to vectors.")]


class SparseResponse(Response):
    """What is found in an answer."""

    json_parser: Annotated[SparseParser, About("JSON parser", "The paths to tokens and weights.")]


class RankResponse(Response):
    """What is found in an answer."""

    json_parser: Annotated[RankParser, About("JSON parser", "The paths to scores.")]


class CompletionResponse(Response):
    """What is found in an answer."""

    json_parser: Annotated[CompletionParser, About("JSON parser", "The path to texts.")]


def _typed(path: str, reply: Any, kind: type[T]) -> T:  # noqa: ANN401
    try:
        return msgspec.convert(Path.parse(path).find(reply), kind)
    except msgspec.ValidationError as error:
        raise Malformed(f"the path [{path}] leads to something else than it should: {error}") from None
