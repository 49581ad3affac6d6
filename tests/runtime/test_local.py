"""A local model gives what transformers gives, whatever its family and head."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from checkpoints import FAMILIES, TEXTS, TOKENS, VOCABULARY, Toy, spread
from conftest import Make
from connote.contract.results import Dense, Sparse
from connote.runtime import heads
from connote.runtime.backends.backend import Precision
from connote.runtime.catalog import Head
from connote.runtime.local import Inputs, LocalModel, Outputs, Scores

LONG = "the dogs sat on a mat. " * 20

pytestmark = pytest.mark.usefixtures("engine")


def infer(model: LocalModel, inputs: Inputs) -> Outputs:
    encoded = model.encode(inputs)
    return model.finish(encoded, model.run(encoded))


def shown(toy: Toy, weights: np.ndarray[tuple[int], np.dtype[np.float32]]) -> dict[str, float]:
    """A row of the reference as a caller sees it: by token, without special ones, the higher of two alike."""
    special = {id for id, token in toy.raw.get_added_tokens_decoder().items() if token.special}
    result: dict[str, float] = {}
    for token, id in toy.raw.get_vocab().items():
        name = token.replace(".", "__")
        if id not in special and weights[id] > 0:
            result[name] = max(float(weights[id]), result.get(name, 0.0))
    return result


@pytest.mark.parametrize("family", FAMILIES)
def test_a_sparse_model_weighs_tokens_as_transformers_does(make: Make, family: str) -> None:
    toy = make(family, Head.SPARSE)
    result = infer(toy.load(), Inputs([*TEXTS, LONG]))
    assert isinstance(result, Sparse)
    for vector, expected in zip(result.vectors, toy.reference([*TEXTS, LONG]), strict=True):
        assert dict(zip(vector.tokens, vector.weights.tolist(), strict=True)) == pytest.approx(
            shown(toy, expected), abs=1e-4
        )
        assert vector.weights.tolist() == sorted(vector.weights.tolist(), reverse=True)


@pytest.mark.parametrize("head", [Head.MEAN, Head.CLS])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_dense_model_gives_the_vectors_of_transformers(make: Make, family: str, head: Head) -> None:
    toy = make(family, head)
    result = infer(toy.load(), Inputs([*TEXTS, LONG]))
    assert isinstance(result, Dense)
    assert result.vectors == pytest.approx(toy.reference([*TEXTS, LONG]), abs=1e-4)
    assert np.linalg.norm(result.vectors, axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_cross_encoder_scores_pairs_as_transformers_does(make: Make, family: str) -> None:
    toy = make(family, Head.CROSS)
    result = infer(toy.load(), Inputs([*TEXTS, LONG], query="a mat"))
    assert isinstance(result, Scores)
    assert result.values == pytest.approx(toy.reference([*TEXTS, LONG], query="a mat"), abs=1e-4)
    assert len(set(result.values.tolist())) == len(TEXTS) + 1


@pytest.mark.parametrize("family", FAMILIES)
def test_late_interaction_compares_the_token_vectors_of_transformers(make: Make, family: str) -> None:
    toy = make(family, Head.LATE)
    result = infer(toy.load(), Inputs(TEXTS, query="a mat"))
    assert isinstance(result, Scores)
    lengths = toy.inputs(["a mat", *TEXTS])["attention_mask"].sum(1).tolist()
    reference = toy.reference(["a mat", *TEXTS])
    query, *documents = (row[:length] for row, length in zip(reference, lengths, strict=True))
    expected = [np.mean([max(q @ d for d in document) for q in query]) for document in documents]
    assert result.values == pytest.approx(np.array(expected), abs=1e-4)


def test_late_interaction_of_a_text_with_itself_is_one() -> None:
    tokens = np.eye(3, dtype=np.float32)
    assert heads.late_interaction(tokens, tokens) == 1
    assert heads.late_interaction(tokens, tokens[:1]) == pytest.approx(1 / 3)


@pytest.mark.parametrize("head", list(Head))
@pytest.mark.parametrize("family", FAMILIES)
def test_an_item_gives_the_same_alone_as_in_a_batch(make: Make, family: str, head: Head) -> None:
    model = make(family, head).load()
    items = model.encode(Inputs([*TEXTS, LONG], query="a mat"))
    for item, together in zip(items, model.run(items), strict=True):
        (alone,) = model.run([item])
        assert spread(alone, VOCABULARY) == pytest.approx(spread(together, VOCABULARY), abs=1e-5)


def test_in_int8_too_neighbours_change_nothing(make: Make) -> None:
    """They would where activations have one scale for all of a batch."""
    model = make("bert", Head.MEAN).load(precision=Precision.INT8)
    items = model.encode(Inputs([*TEXTS, "the dogs sat on a mat. " * 9]))
    for together, item in zip(model.run(items), items, strict=True):
        assert spread(together, 0) == pytest.approx(spread(model.run([item])[0], 0), abs=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_was_cut_is_counted(make: Make, family: str) -> None:
    toy = make(family, Head.SPARSE)
    result = infer(toy.load(max_tokens=12), Inputs(["a dog", LONG]))
    assert isinstance(result, Sparse)
    assert [vector.is_truncated for vector in result.vectors] == [False, True]
    (cut,) = result.cuts
    assert (cut.position, cut.tokens, cut.used) == (1, len(toy.raw.encode(LONG)), 12)


@pytest.mark.parametrize("head", list(Head))
def test_the_tokens_of_every_text_are_counted(make: Make, head: Head) -> None:
    toy = make("bert", head)
    result = infer(toy.load(max_tokens=12), Inputs(["a dog", LONG], query="a mat"))
    one = len(toy.raw.encode("a dog"))
    if head is Head.CROSS:
        assert list(result.reads) == [len(toy.raw.encode("a mat", "a dog")), 12]
    elif head is Head.LATE:
        assert list(result.reads) == [len(toy.raw.encode("a mat")) + one, len(toy.raw.encode("a mat")) + 12]
    else:
        assert list(result.reads) == [one, 12]


def test_sparse_tokens_come_with_their_ids(make: Make) -> None:
    toy = make("bert", Head.SPARSE)
    result = infer(toy.load(), Inputs(["a dog"]))
    assert isinstance(result, Sparse)
    (vector,) = result.vectors
    assert vector.ids is not None
    names = {id: token.replace(".", "__") for token, id in toy.raw.get_vocab().items()}
    assert [names[id] for id in vector.ids.tolist()] == list(vector.tokens)


def test_the_smaller_of_the_models_and_the_rows_limit_holds(make: Make) -> None:
    toy = make("xlm-roberta", Head.MEAN)
    assert toy.load(max_tokens=10).encode(Inputs([LONG]))[0].used == 10
    assert toy.load(max_tokens=512).encode(Inputs([LONG]))[0].used == TOKENS


@pytest.mark.parametrize("head", [Head.LATE, Head.CROSS])
def test_a_reranker_tells_of_documents_that_were_cut_and_of_all_if_the_query_was(make: Make, head: Head) -> None:
    model = make("bert", head).load()
    assert [cut.position for cut in infer(model, Inputs(["a dog", LONG], query="a mat")).cuts] == [1]
    cuts = infer(model, Inputs(["a dog", "a mat"], query=LONG)).cuts
    assert [cut.position for cut in cuts] == [0, 1]
    assert all(cut.tokens > cut.used for cut in cuts)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_token_but_the_special_ones_can_appear_and_dots_are_rewritten(tmp_path: Path, family: str) -> None:
    toy = Toy.write(tmp_path, family, Head.SPARSE)
    toy.network.get_output_embeddings().bias.data += 99  # every token weighs something
    toy.network.save_pretrained(tmp_path)
    result = infer(toy.load(), Inputs([*TEXTS, "[CLS] [MASK] <s> <mask> </s> [SEP]", ""]))
    assert isinstance(result, Sparse)
    special = {token.content for token in toy.raw.get_added_tokens_decoder().values()}
    expected = {token.replace(".", "__") for token in toy.raw.get_vocab().keys() - special}
    for vector in result.vectors:
        assert set(vector.tokens) == expected
        assert len(vector.tokens) == len(vector.weights) == len(expected)


def test_queries_and_passages_get_their_prefixes(make: Make) -> None:
    toy = make("bert", Head.MEAN)
    plain = toy.load()
    row = replace(plain.row, query_prefix="the ", passage_prefix="a ")
    model = LocalModel.load(row, toy.folder, threads=1)
    for search, prefix in ((True, "the "), (False, "a ")):
        (item,), (expected,) = model.encode(Inputs(["dog"], search=search)), plain.encode(Inputs([f"{prefix}dog"]))
        assert item.ids.tolist() == expected.ids.tolist()
