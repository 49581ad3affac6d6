"""How a trained model's texts become tokens: the tokenisations that models are uploaded with, declared once."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from connote.contract.errors import Rejected, Unparsable
from connote.contract.settings import About, Settings

# What `span` is where long texts are not split into windows.
NO_SPAN = -1
# A window of more tokens than any encoder takes is a slip of the keys.
LONGEST = 1 << 16


class Tokenization(Settings):
    """What all tokenisations have. `span` is how many tokens a window of a long text shares with the one before it."""

    name: ClassVar[str]
    takes_case: ClassVar[bool] = False  # whether `do_lower_case` means anything; else it is read and stays false
    needs: ClassVar[str | None] = None  # what its vocabulary must have besides the tokens
    mask: ClassVar[str] = "[MASK]"

    do_lower_case: Annotated[bool, About("Lower case", "Whether the text is lowered first.")] = False
    with_special_tokens: Annotated[bool, About("Special tokens", "Whether a text gets them, such as [CLS].")] = True
    max_sequence_length: Annotated[
        int, About("Window", "Tokens that the model takes, special ones included.", positive=True, at_most=LONGEST)
    ] = 512
    truncate: Annotated[
        str,
        About(
            "Truncation",
            "Which text of a pair is cut where both are too long.",
            choices=("first", "second", "none", "balanced"),
            updatable=True,
        ),
    ] = "first"
    span: Annotated[
        int, About("Overlap", "Tokens that two windows share; -1: no windows.", at_least=NO_SPAN, updatable=True)
    ] = NO_SPAN

    def problems(self, scope: str) -> list[str]:
        """Settings that exclude each other."""
        found = []
        if self.span > self.max_sequence_length:
            found.append(
                f"[span] provided [{self.span}] must not be greater than [max_sequence_length] provided "
                f"[{self.max_sequence_length}]"
            )
        if self.span != NO_SPAN and self.truncate in ("first", "second"):
            found.append(f"[span] must not be provided when [truncate] is [{self.truncate}]")
        return [f"[{scope}] {problem}" for problem in found]

    def wire(self) -> dict[str, Any]:
        """As GET echoes it, under its name."""
        return {self.name: self.plain()}

    def updated(self, raw: Any) -> "Tokenization":  # noqa: ANN401 (JSON)
        """With the `truncate` and `span` of a call. Raises Unparsable, or Rejected for another tokenisation's."""
        name, fields = _named(raw)
        if name != self.name:
            raise Rejected(
                f"Tokenization config of type [{self.name}] can not be updated with a request of type [{name}]"
            )
        for field in fields:
            if field not in ("truncate", "span"):
                raise Unparsable(f"[{name}_tokenization_update] unknown field [{field}]; known are [truncate, span]")
        if "span" not in fields and _lowered(fields).get("truncate") in ("first", "second"):
            fields["span"] = NO_SPAN  # what is to be cut needs no windows
        return self._changed(fields)

    def _changed(self, fields: Mapping[str, Any]) -> "Tokenization":
        return _taken(type(self), self.plain() | {name: value for name, value in fields.items() if value is not None})


class Bert(Tokenization):
    """WordPiece, as BERT has it."""

    name = "bert"
    takes_case = True


class BertJapanese(Tokenization):
    """WordPiece of Japanese words."""

    name = "bert_ja"
    takes_case = True


class MpNet(Tokenization):
    """WordPiece with the special tokens of MPNet."""

    name = "mpnet"
    takes_case = True
    mask = "<mask>"


class Roberta(Tokenization):
    """Byte-level BPE, as RoBERTa and BART have it."""

    name = "roberta"
    needs = "merges"
    mask = "<mask>"

    add_prefix_space: Annotated[bool, About("Prefix space", "Whether a text begins with a space.")] = False


class XlmRoberta(Tokenization):
    """A sentencepiece unigram model, as XLM-RoBERTa has it."""

    name = "xlm_roberta"
    needs = "scores"
    mask = "<mask>"


class DebertaV2(Tokenization):
    """A sentencepiece unigram model, as DeBERTa v2 and v3 have it."""

    name = "deberta_v2"
    needs = "scores"


TOKENIZATIONS: Mapping[str, type[Tokenization]] = {
    kind.name: kind for kind in (Bert, BertJapanese, MpNet, Roberta, XlmRoberta, DebertaV2)
}


def parse(raw: Any) -> Tokenization:  # noqa: ANN401 (JSON)
    """The tokenisation in `{"bert": {…}}`. Raises Unparsable."""
    name, fields = _named(raw)
    kind = TOKENIZATIONS.get(name)
    if kind is None:
        raise Unparsable(f"[tokenization] unknown tokenization [{name}]; known are [{', '.join(TOKENIZATIONS)}]")
    return _taken(kind, fields)


def _named(raw: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401 (JSON)
    if not isinstance(raw, Mapping) or len(raw) != 1:
        raise Unparsable(f"[tokenization] must be an object with one of [{', '.join(TOKENIZATIONS)}]")
    ((name, fields),) = raw.items()
    if not isinstance(fields, Mapping):
        raise Unparsable(f"[tokenization] [{name}] must be an object")
    return name, dict(fields)


def _taken(kind: type[Tokenization], fields: Mapping[str, Any]) -> Tokenization:
    rest, problems = _lowered(fields), list[str]()
    taken = kind.take(rest, problems, kind.name)
    problems += [f"[{kind.name}] unknown field [{field}]" for field in rest]
    if taken is None or problems:
        raise Unparsable("; ".join(problems))
    return taken if kind.takes_case else replace(taken, do_lower_case=False)


def _lowered(fields: Mapping[str, Any]) -> dict[str, Any]:
    """`truncate` is read in any case."""
    given = fields.get("truncate")
    return {**fields, "truncate": given.lower()} if isinstance(given, str) else dict(fields)
