"""What others build on Elasticsearch's client, unchanged, against a real server: LangChain, Haystack, LlamaIndex."""

from pathlib import Path

import pytest

from conftest import Server
from sdk import tell

HERE = Path(__file__).parent
STORIES = {
    "langchain": "langchain-elasticsearch==1.0.0",
    "haystack": "elasticsearch-haystack==7.1.0",
    "llamaindex": "llama-index-vector-stores-elasticsearch==0.7.0",
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("story", STORIES)
def test_its_stores_and_retrievers_run_unchanged(server: Server, story: str) -> None:
    told = tell(HERE / f"story_{story}.py", STORIES[story], server.url, strict=False, seconds=550)
    assert told == "all is well\n"
