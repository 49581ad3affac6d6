"""What one request may take of the memory."""

import numpy as np
import pytest

from connote.contract.errors import IllegalArgument
from connote.runtime.backends.backend import Terms
from connote.runtime.job import Job, Room


def test_outputs_come_in_order() -> None:
    job = Job(2)
    job.put(1, np.ones(1, dtype=np.float32))
    job.put(0, np.zeros(1, dtype=np.float32))
    assert [float(np.asarray(each)[0]) for each in job.done.result(timeout=1)] == [0, 1]


def test_a_request_whose_outputs_outgrow_its_room_fails_in_all_of_its_parts() -> None:
    room = Room(left=1000)
    first, second = Job(2, room), Job(1, room)
    first.put(0, np.zeros(100, dtype=np.float32))
    second.put(0, Terms(np.arange(60), np.ones(60, dtype=np.float32)))
    with pytest.raises(IllegalArgument, match="send fewer texts"):
        second.done.result(timeout=1)
    first.put(1, np.zeros(1, dtype=np.float32))
    with pytest.raises(IllegalArgument, match="send fewer texts"):
        first.done.result(timeout=1)
