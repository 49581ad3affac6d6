"""The official Elasticsearch client for Python, releases 8 and 9, unchanged, against a real server."""

from pathlib import Path

import pytest

from conftest import Server
from sdk import tell

HERE = Path(__file__).parent


@pytest.mark.parametrize("release", ["8.19.3", "9.5.1"])
def test_the_story_runs_with_the_official_client(server: Server, release: str) -> None:
    told = tell(HERE / "story.py", f"elasticsearch=={release}", server.url)
    assert told == f"elasticsearch-py {release}: all is well\n"


@pytest.mark.parametrize("release", ["8.19.3", "9.5.1"])
@pytest.mark.parametrize("story", ["documents", "stores", "suggest", "dsl", "async_search", "workshop"])
def test_indices_documents_searches_and_suggestions_by_its_helpers_vector_stores_and_dsl(
    server: Server, release: str, story: str
) -> None:
    told = tell(HERE / f"story_{story}.py", f"elasticsearch[async,vectorstore_mmr]=={release}", server.url)
    assert told == f"elasticsearch-py {release}: all is well\n"


def test_queries_of_es_ql_by_its_builder_and_its_dsl(server: Server) -> None:
    told = tell(HERE / "story_esql.py", "elasticsearch[async,vectorstore_mmr]==9.5.1", server.url)
    assert told == "elasticsearch-py 9.5.1: all is well\n"
