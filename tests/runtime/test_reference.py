"""The real weights give the numbers that their authors' own code gives."""

import numpy as np
import pytest

from checkpoints import spread
from conftest import Load
from connote.contract.results import Dense, Sparse
from connote.runtime.local import Inputs, LocalModel, Scores

TEXTS = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
HOME = "There is no reason anyone would want a computer in their home"
# Printed by the README of rasyosef/splade-tiny, and for HOME computed with transformers in float32.
DOT_PRODUCTS = [[39.7253, 7.1662, 0.0], [7.1662, 27.0255, 0.1385], [0.0, 0.1385, 26.3539]]
TOP_30 = """no 2.1768, home 2.0337, computer 2.0268, want 1.8660, reason 1.8384, anyone 1.6247, house 1.5147,
cause 1.3900, why 1.3022, pc 1.1513, there 1.1100, their 1.0090, purpose 0.9657, mum 0.9234, without
0.8184, never 0.7452, homes 0.7208, refused 0.7146, someone 0.6291, safe 0.6024, not 0.5598, parents
0.5568, private 0.5478, anything 0.4604, unable 0.4504, need 0.4115, failed 0.4057, person 0.3857,
cancer 0.3831, important 0.3087"""


def run(model: LocalModel, inputs: Inputs) -> Sparse | Dense | Scores:
    encoded = model.encode(inputs)
    return model.finish(encoded, model.run(encoded))


def sparse(model: LocalModel, *texts: str) -> Sparse:
    result = run(model, Inputs(texts))
    assert isinstance(result, Sparse)
    return result


def dense(model: LocalModel, *texts: str, search: bool = False) -> Dense:
    result = run(model, Inputs(texts, search=search))
    assert isinstance(result, Dense)
    return result


def test_splade_gives_the_published_similarities(load: Load) -> None:
    vectors = [dict(zip(v.tokens, v.weights, strict=True)) for v in sparse(load(".elser_model_2"), *TEXTS).vectors]
    products = [[sum(float(w) * float(b.get(t, 0)) for t, w in a.items()) for b in vectors] for a in vectors]
    assert np.round(products, 4).tolist() == DOT_PRODUCTS


def test_splade_gives_the_published_weights_highest_first(load: Load) -> None:
    (vector,) = sparse(load(".elser_model_2"), HOME).vectors
    assert len(vector.tokens) == 37
    expected = [(token, float(weight)) for token, weight in (pair.split() for pair in TOP_30.split(","))]
    assert [(t, round(float(w), 4)) for t, w in zip(vector.tokens[:30], vector.weights, strict=False)] == expected


def test_minilm_gives_the_published_cosines(load: Load) -> None:
    vectors = dense(load("all-MiniLM-L6-v2"), *TEXTS).vectors
    cosines = (vectors @ vectors.T)[[0, 0, 1], [1, 2, 2]]
    assert np.round(cosines, 4).tolist() == pytest.approx([0.6660, 0.1046, 0.1411], abs=1e-6)
    assert vectors[0, :5] == pytest.approx([0.0192, 0.1201, 0.1596, 0.0671, 0.0501], abs=5e-5)


def test_e5_gives_the_reference_cosines_with_its_prefixes(load: Load) -> None:
    model = load(".multilingual-e5-small")
    asked = ("how much protein should a female eat", "南瓜的家常做法", "capitale de la France")
    passages = (
        "As a general guideline, the CDC average requirement of protein for women ages 19 to 70 is 46 grams per day.",
        "清炒南瓜丝 原料:嫩南瓜半个 调料:葱、盐、白糖、鸡精",
        "Paris is the capital and largest city of France.",
    )
    (first,) = model.encode(Inputs(asked[:1], search=True))
    assert first.ids.tolist() == [0, 41, 1294, 12, 3642, 5045, 21308, 5608, 10, 117776, 73203, 2]
    cosines = dense(model, *asked, search=True).vectors @ dense(model, *passages).vectors.T
    expected = [[0.9304, 0.7723, 0.7445], [0.7587, 0.9173, 0.6829], [0.7414, 0.7290, 0.8736]]
    assert cosines == pytest.approx(np.array(expected), abs=1e-4)


def test_a_batch_gives_what_its_items_give_alone(load: Load) -> None:
    for name in (".elser_model_2", "all-MiniLM-L6-v2"):
        model = load(name)
        items = model.encode(Inputs([*TEXTS, HOME, "short", " ".join(TEXTS * 20)]))
        for together, item in zip(model.run(items), items, strict=True):
            (alone,) = model.run([item])
            assert spread(together, 30_522) == pytest.approx(spread(alone, 30_522), abs=1e-4)


def test_long_input_is_cut_at_the_models_limit_and_says_so(load: Load) -> None:
    result = sparse(load(".elser_model_2"), "house " * 600, "house")
    assert [vector.is_truncated for vector in result.vectors] == [True, False]
    (cut,) = result.cuts
    assert (cut.position, cut.tokens, cut.used) == (0, 602, 512)


def test_special_tokens_never_appear_and_dots_are_rewritten(load: Load) -> None:
    (vector,) = sparse(load(".elser_model_2"), "[CLS] [MASK] e.g. version 3.14 ... [SEP] . . .").vectors
    assert not set(vector.tokens) & {"[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]"}
    assert not any("." in token for token in vector.tokens)
    assert "__" in vector.tokens


def test_the_stand_in_for_the_reranker_prefers_what_is_about_the_query(load: Load) -> None:
    model = load(".rerank-v1")
    scores = run(model, Inputs(["tax law", "a cottage near the beach"], query="a house by the sea"))
    assert isinstance(scores, Scores)
    assert scores.values[1] > scores.values[0]
