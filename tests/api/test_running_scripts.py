"""Scripts that are kept by id, where documents are written."""

import httpx


def test_updates_and_pipelines_run_it(indices: httpx.Client) -> None:
    add = {"script": {"lang": "painless", "source": "if (ctx._source != null) { ctx._source.n += params.by }"}}
    indices.put("/_scripts/add", json=add)
    indices.put("/counts/_doc/1?refresh=true", json={"n": 1})
    by = {"id": "add", "params": {"by": 4}}
    assert indices.post("/counts/_update/1?refresh=true", json={"script": by}).json()["result"] == "updated"
    assert indices.post("/counts/_update_by_query", json={"script": by}).json()["updated"] == 1
    assert indices.get("/counts/_source/1").json() == {"n": 9}
    put = {"script": {"lang": "painless", "source": "ctx.was = params.was"}}
    indices.put("/_scripts/put", json=put)
    steps = [{"script": {"id": "put", "params": {"was": "here"}}}]
    assert indices.put("/_ingest/pipeline/noted", json={"processors": steps}).status_code == 200
    indices.put("/counts/_doc/2?pipeline=noted", json={})
    assert indices.get("/counts/_source/2").json() == {"was": "here"}
    missing = indices.put("/_ingest/pipeline/other", json={"processors": [{"script": {"id": "nothing"}}]})
    assert missing.status_code == 404, missing.text
    indices.delete("/_scripts/put")
    gone = indices.put("/counts/_doc/3?pipeline=noted", json={})
    assert gone.status_code in (400, 404), gone.text
    assert "unable to find script [put]" in gone.text
    indices.delete("/_ingest/pipeline/noted")
    indices.delete("/_scripts/add")
