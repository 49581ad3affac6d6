"""LangChain's Elasticsearch integration, unchanged, against a real server."""

from conftest import Server
from sdk import tell

STORY = """
import sys
from langchain_elasticsearch import ElasticsearchEmbeddings

embeddings = ElasticsearchEmbeddings("all-MiniLM-L6-v2", es_url=sys.argv[1])
house, home, market = embeddings.embed_documents(["a house", "a home", "the stock market"])
query = embeddings.embed_query("a house")
near, far = (sum(a * b for a, b in zip(query, other)) for other in (home, market))
assert query == house and len(query) == 384 and near > far
print("all is well")
"""


def test_its_embeddings_are_those_of_trained_models(server: Server) -> None:
    told = tell(STORY, "langchain-elasticsearch==1.0.0", server.url, strict=False)
    assert told == "all is well\n"
