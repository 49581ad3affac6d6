"""How many bytes the fields of an index take."""

import httpx

MAPPING = {
    "properties": {
        "t": {"type": "text"},
        "k": {"type": "keyword"},
        "n": {"type": "long"},
        "v": {"type": "dense_vector", "dims": 4, "index": False},
        "o": {"type": "nested", "properties": {"k": {"type": "keyword"}}},
    }
}


def usage(indices: httpx.Client, index: str) -> dict[str, dict[str, int]]:
    body = indices.post(f"/{index}/_disk_usage?run_expensive_tasks=true").json()
    fields: dict[str, dict[str, int]] = body[index]["fields"]
    return fields


def test_each_field_has_the_bytes_of_its_arrays(indices: httpx.Client) -> None:
    indices.put("/books", json={"mappings": MAPPING})
    for number in range(20):
        document = {"t": "one two three", "k": f"k{number}", "n": number, "v": [1, 2, 3, 4], "o": [{"k": "x"}] * 3}
        indices.put(f"/books/_doc/{number}", json=document)
    body = indices.post("/books/_disk_usage?run_expensive_tasks=true").json()
    assert body["_shards"] == {"total": 1, "successful": 1, "failed": 0}
    told, fields = body["books"], body["books"]["fields"]
    assert {"_id", "_seq_no", "_source", "_version", "k", "n", "o", "o.k", "t", "v"} <= set(fields)
    assert fields["v"]["knn_vectors_in_bytes"] >= 20 * 4 * 4
    assert fields["n"]["doc_values_in_bytes"] >= 20 * 8
    assert fields["t"]["inverted_index"]["total_in_bytes"] > 0
    assert fields["t"]["norms_in_bytes"] == 20
    assert fields["_source"]["stored_fields_in_bytes"] == fields["_source"]["total_in_bytes"] > 20 * 60
    assert told["all_fields"]["total_in_bytes"] == sum(each["total_in_bytes"] for each in fields.values())
    assert told["store_size_in_bytes"] > told["all_fields"]["total_in_bytes"] - fields["_source"]["total_in_bytes"]
    assert told["store_size"].endswith(("kb", "mb"))


def test_more_documents_take_more(indices: httpx.Client) -> None:
    indices.put("/books", json={"mappings": MAPPING})
    assert indices.put("/books/_doc/1", json={"t": "one"}).status_code == 201
    before = usage(indices, "books")
    indices.put("/books/_doc/2", json={"t": "one and more of it"})
    after = usage(indices, "books")
    for name in ("t", "_source", "_id"):
        assert after[name]["total_in_bytes"] > before[name]["total_in_bytes"]


def test_it_must_be_said_that_it_may_cost_something(indices: httpx.Client) -> None:
    indices.put("/books")
    for query in ("", "?run_expensive_tasks=false"):
        reply = indices.post(f"/books/_disk_usage{query}")
        assert (reply.status_code, reply.json()["error"]["type"]) == (400, "illegal_argument_exception")
        assert "[run_expensive_tasks] must be set to [true]" in reply.json()["error"]["reason"]
    assert indices.post("/none/_disk_usage?run_expensive_tasks=true").status_code == 404
