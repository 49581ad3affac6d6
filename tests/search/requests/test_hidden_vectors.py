"""Vectors in documents: kept, and left out of what is shown."""

from typing import Any

import httpx


def test_vectors_are_not_shown_but_kept(indices: httpx.Client) -> None:
    """Since 9.2: https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/dense-vector."""
    vector = {"type": "dense_vector", "dims": 2}
    inner = {"type": "nested", "properties": {"v": vector, "n": {"type": "integer"}}}
    mapping = {
        "properties": {"v": vector, "s": {"type": "sparse_vector"}, "r": {"type": "rank_features"}, "parts": inner}
    }
    document: dict[str, Any] = {
        "v": [1.0, 2.0],
        "s": {"a": 1.0},
        "r": {"a": 1.0},
        "n": 1,
        "parts": [{"v": [1.0, 1.0], "n": 2}],
    }
    plain: dict[str, Any] = {"r": {"a": 1.0}, "n": 1, "parts": [{"n": 2}]}
    indices.put("/hiding", json={"mappings": mapping})
    indices.put("/showing", json={"mappings": mapping, "settings": {"index.mapping.exclude_source_vectors": False}})
    for name, seen in (("hiding", plain), ("showing", document)):
        indices.put(f"/{name}/_doc/1?refresh=true", json=document)
        (hit,) = indices.post(f"/{name}/_search", json={"fields": ["v"]}).json()["hits"]["hits"]
        assert (hit["_source"], hit["fields"]["v"]) == (seen, [1.0, 2.0])
        assert indices.get(f"/{name}/_doc/1").json()["_source"] == seen
        assert indices.get(f"/{name}/_source/1").json() == seen
        assert indices.post(f"/{name}/_mget", json={"ids": ["1"]}).json()["docs"][0]["_source"] == seen
        asked = indices.get(f"/{name}/_doc/1?_source_exclude_vectors=false").json()["_source"]
        assert {key: asked[key] for key in document} == document
        assert indices.get(f"/{name}/_doc/1?_source_includes=v").json()["_source"] == {"v": [1.0, 2.0]}
        nested = {"path": "parts", "query": {"match_all": {}}, "inner_hits": {}}
        (hit,) = indices.post(f"/{name}/_search", json={"query": {"nested": nested}}).json()["hits"]["hits"]
        (part,) = hit["inner_hits"]["parts"]["hits"]["hits"]
        assert part["_source"] == seen["parts"][0]
        changed = indices.put(f"/{name}/_settings", json={"index.mapping.exclude_source_vectors": name == "showing"})
        assert changed.status_code == 400


def test_vectors_that_are_not_shown_outlive_updates_and_reindexing(indices: httpx.Client) -> None:
    mapping = {"properties": {"v": {"type": "dense_vector", "dims": 2}}}
    for name in ("from", "to"):
        indices.put(f"/{name}", json={"mappings": mapping})
    indices.put("/from/_doc/1?refresh=true", json={"v": [1.0, 2.0], "n": 1})
    indices.post("/from/_update/1?refresh=true", json={"doc": {"n": 2}})
    indices.post("/from/_update_by_query?refresh=true", json={"script": {"source": "ctx._source.n += 1"}})
    indices.post("/_reindex?refresh=true", json={"source": {"index": "from"}, "dest": {"index": "to"}})
    (hit,) = indices.post("/to/_search", json={"_source": {"exclude_vectors": False}}).json()["hits"]["hits"]
    assert hit["_source"] == {"v": [1.0, 2.0], "n": 3}
    near = {"knn": {"field": "v", "query_vector": [1.0, 2.0], "k": 1}}
    assert indices.post("/to/_search", json=near).json()["hits"]["max_score"] == 1.0


def test_clients_of_8_are_shown_vectors_unless_the_index_says_otherwise(indices: httpx.Client) -> None:
    mapping = {"properties": {"v": {"type": "dense_vector", "dims": 1}}}
    older = {"Accept": "application/vnd.elasticsearch+json; compatible-with=8"}
    for name, settings in (("usual", {}), ("hiding", {"index.mapping.exclude_source_vectors": True})):
        indices.put(f"/{name}", json={"mappings": mapping, "settings": settings})
        indices.put(f"/{name}/_doc/1?refresh=true", json={"v": [1.0]})
        for headers, seen in ((older, {"v": [1.0]} if name == "usual" else {}), ({}, {})):
            told = indices.get(f"/{name}/_search", headers=headers).json()
            assert told["hits"]["hits"][0]["_source"] == seen
            assert indices.get(f"/{name}/_doc/1", headers=headers).json()["_source"] == seen
    wrong = indices.put("/wrong", json={"settings": {"index.mapping.exclude_source_vectors": "some"}})
    assert wrong.status_code == 400
