"""The official eland, unchanged, against a real server: models of every task are uploaded, started, asked and deleted.

Its extra `pytorch` pins another torch. Plain eland runs as well with that of the tests, and what its upload imports.
"""

from pathlib import Path

import pytest

from conftest import Server
from sdk import tell

HERE = Path(__file__).parent
# What the upload imports beside torch; scikit-learn is for sentence-transformers.
BESIDE = ("transformers>=4.57,<5", "tqdm", "requests", "scikit-learn")
ALONE = ("sentence-transformers>=5.7,<6", "cloudpickle")


@pytest.mark.timeout(600)
def test_the_story_runs_with_eland(server: Server, tmp_path: Path) -> None:
    story = HERE / "story_eland.py"
    told = tell(story, "eland==9.2.0", server.url, str(tmp_path), beside=BESIDE, alone=ALONE, strict=False, seconds=550)
    assert told.splitlines()[-1] == "eland 9.2.0: all is well", told
