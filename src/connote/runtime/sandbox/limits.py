"""What a worker may take."""

from dataclasses import dataclass

GIB = 1 << 30


@dataclass(frozen=True)
class Limits:
    """Bytes and seconds that one worker may take, and whether it may do without confinement where there is none.

    `memory` is what it may allocate besides what torch itself takes. Loading an archive takes four times its size for a
    moment; without a number that much is allowed, and 2 GiB for what computing takes.
    """

    memory: int | None = None
    load_seconds: float = 300.0
    batch_seconds: float = 60.0
    output: int = GIB  # bytes that a model may give for a batch
    unconfined: bool = False

    def memory_of(self, archive: int) -> int:
        """The bytes for an archive of that many."""
        return 4 * archive + 2 * GIB if self.memory is None else self.memory
