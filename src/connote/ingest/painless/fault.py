"""What goes wrong in a script."""

from connote.contract.errors import BadScript

# How much of a script is shown on either side of what is wrong.
_AROUND = 25


class Fault(Exception):
    """A script cannot be compiled, or threw; `type` is the wire's name of Java's exception.

    `at` is the position in the source, if it is known. What a script may not catch is `final`.
    """

    def __init__(
        self, reason: str, type: str = "illegal_argument_exception", at: int | None = None, *, final: bool = False
    ) -> None:
        super().__init__(reason)
        self.type, self.at, self.final = type, at, final

    def error(self, stage: str, source: str, at: int = 0) -> BadScript:
        """The error of the wire; `stage` is `compile` or `runtime`."""
        at = at if self.at is None else self.at
        start, end = max(0, at - _AROUND), min(len(source), at + _AROUND)
        error = BadScript(f"{stage} error")
        error.details = {
            "script_stack": [source[start:end], f"{' ' * (at - start)}^---- HERE"],
            "script": source if len(source) <= 1000 else f"{source[:1000]}...",
            "lang": "painless",
            "position": {"offset": at, "start": start, "end": end},
        }
        error.caused_by = {"type": self.type, "reason": str(self)}
        return error
