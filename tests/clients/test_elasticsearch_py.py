"""The official Elasticsearch client for Python, releases 8 and 9, unchanged, against a real server."""

from pathlib import Path

import pytest

from conftest import Server
from sdk import tell

STORY = Path(__file__).parent / "story.py"


@pytest.mark.parametrize("release", ["8.19.3", "9.5.1"])
def test_the_story_runs_with_the_official_client(server: Server, release: str) -> None:
    told = tell(STORY, f"elasticsearch=={release}", server.url)
    assert told == f"elasticsearch-py {release}: all is well\n"


@pytest.mark.parametrize("release", ["8.19.3", "9.5.1"])
def test_indices_and_documents_by_the_official_client_and_its_helpers(server: Server, release: str) -> None:
    told = tell(STORY.parent / "story_documents.py", f"elasticsearch[async]=={release}", server.url)
    assert told == f"elasticsearch-py {release}: all is well\n"
