"""A compiled script."""

from connote.ingest.painless.fault import Fault
from connote.ingest.painless.frame import Frame
from connote.ingest.painless.functions import Program
from connote.ingest.painless.statements import Statement
from connote.ingest.painless.values import Value

# As Elasticsearch's script.max_size_in_bytes.
MOST_SOURCE = 65_535


class Script:
    """A script, to be run any number of times. One that `changes` nothing leaves what it is given as it is."""

    def __init__(self, source: str, names: tuple[str, ...], body: Statement, slots: int, *, changes: bool) -> None:
        self.source, self.changes = source, changes
        self._names, self._body, self._slots = names, body, slots

    def run(self, **values: Value) -> Value:
        """What the script returns, or the value of its last expression, with these values of its names.

        Maps and lists among them are changed in place. Raises BadScript, also for one that does too much.
        """
        frame = Frame(self._slots, [values.get(name) for name in self._names])
        try:
            self._body(frame)
        except Fault as fault:
            raise fault.error("runtime", self.source, frame.at) from None
        except RecursionError:
            raise Fault("the script's values are nested too deeply").error("runtime", self.source, frame.at) from None
        except (ValueError, OverflowError) as error:
            # Of a replacement such as `$9`, of a list that is sorted and changed, of infinity as an integer.
            raise Fault(str(error)).error("runtime", self.source, frame.at) from None
        return frame.result

    def test(self, **values: Value) -> bool:
        """Whether a condition holds. Raises BadScript, also if it gives no boolean."""
        found = self.run(**values)
        if not isinstance(found, bool):
            told = "a condition must give a boolean"
            raise Fault(told, "class_cast_exception").error("runtime", self.source)
        return found


def compiled(source: str, names: tuple[str, ...] = ("ctx", "params")) -> Script:
    """Compile a script that sees values of these names. Raises BadScript that says where it is wrong."""
    try:
        _check_size(source)
        parser = Program(source, names)
        body = parser.script()
        return Script(source, names, body, parser.slots, changes=parser.changes)
    except Fault as fault:
        raise fault.error("compile", source) from None
    except RecursionError:
        raise Fault("the script is nested too deeply").error("compile", source) from None


def _check_size(source: str) -> None:
    size = len(source.encode(errors="surrogatepass"))
    if size > MOST_SOURCE:
        told = f"exceeded max allowed inline script size in bytes [{MOST_SOURCE}] with size [{size}]"
        raise Fault(told, "illegal_argument_exception", 0)
