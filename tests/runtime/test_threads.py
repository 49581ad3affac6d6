"""What the threads of this process do."""

import sys
import threading

from connote.runtime.threads import watch


def test_the_thread_that_computes_comes_first_and_one_that_waits_is_known() -> None:
    ended = threading.Event()

    def spin() -> None:
        while not ended.is_set():
            sum(range(1000))

    threads = [threading.Thread(target=spin, name="spins"), threading.Thread(target=ended.wait, name="waits")]
    for each in threads:
        each.start()
    try:
        found = {each.name: each for each in watch(0.5, 5)}
    finally:
        ended.set()
        for each in threads:
            each.join()
    assert found["waits"].waits
    assert not found["spins"].waits
    assert threading.current_thread().name not in found  # it is the one that watches
    assert found["spins"].stacks.total() == 5
    assert all(any("spin(test_threads.py:" in call for call in stack) for stack in found["spins"].stacks)
    if sys.platform == "linux":
        assert next(iter(found)) == "spins"
        assert found["spins"].seconds > 0
