"""The processor that sends documents to an index by their date.

https://www.elastic.co/docs/reference/enrich-processor/date-index-name-processor
"""

from functools import partial

from connote.contract import dates
from connote.contract.errors import IllegalArgument
from connote.ingest.document import Document
from connote.ingest.options import Options
from connote.ingest.pipeline import Step
from connote.ingest.processors.convert import read_date
from connote.ingest.processors.strings import bounded, bounded_text

_ROUNDINGS = ("y", "M", "w", "d", "h", "m", "s")


def date_index_name(options: Options) -> Step:
    """Send a document to the index of its date: `<logs-{2031-05-02||/M{yyyy-MM-dd|UTC}}>`."""
    field, rounding = options.text("field"), options.template("date_rounding")
    at, prefix = options.fixed("field", field), options.template("index_name_prefix", "")
    formats, zone = options.texts("date_formats", ["yyyy-MM-dd'T'HH:mm:ss.SSSXX"]), options.text("timezone", "UTC")
    options.text("locale", "ENGLISH")
    pattern = options.template("index_name_format", "yyyy-MM-dd")
    try:
        named = dates.zone_of(zone)
        for each in formats:
            if each not in ("UNIX", "UNIX_MS", "TAI64N"):
                dates.check(each)
    except IllegalArgument as error:
        raise options.failure(None, error.reason) from None

    def run(document: Document) -> None:
        value, by, form = document.get(at), rounding(document), pattern(document)
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            raise IllegalArgument(f"field [{field}] is null or no text, cannot be read as a date")
        if by not in _ROUNDINGS:
            raise IllegalArgument(f"[date_rounding] must be one of [{', '.join(_ROUNDINGS)}], not [{by[:100]}]")
        moment = read_date(bounded_text(value), formats, named)
        shown = bounded(partial(dates.render, moment, form, named))
        document.ctx["_index"] = f"<{prefix(document)}{{{shown}||/{by}{{{form}|{zone}}}}}>"

    return run


PROCESSORS = {"date_index_name": date_index_name}
