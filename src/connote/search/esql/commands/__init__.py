"""The commands by name; each file has one, or those that belong together."""

from collections.abc import Mapping

from connote.search.esql.commands import limit
from connote.search.esql.commands.change import ChangePoint
from connote.search.esql.commands.command import Read
from connote.search.esql.commands.enrich import Enrich
from connote.search.esql.commands.eval import Eval
from connote.search.esql.commands.expand import Expand
from connote.search.esql.commands.extract import Extract
from connote.search.esql.commands.fork import Fork
from connote.search.esql.commands.fuse import Fuse
from connote.search.esql.commands.infer import Complete, Rerank
from connote.search.esql.commands.lookup import Lookup
from connote.search.esql.commands.mmr import Mmr
from connote.search.esql.commands.names import Drop, Keep, Rename
from connote.search.esql.commands.row import Row, Show
from connote.search.esql.commands.sort import Sample, Sort
from connote.search.esql.commands.stats import Stats
from connote.search.esql.commands.union import Union
from connote.search.esql.commands.where import Where

SOURCES: Mapping[str, Read] = {"from": Union.read, "row": Row.read, "show": Show.read}
COMMANDS: Mapping[str, Read] = {
    "change_point": ChangePoint.read,
    "completion": Complete.read,
    "dissect": Extract.read_dissect,
    "drop": Drop.read,
    "enrich": Enrich.read,
    "eval": Eval.read,
    "fork": Fork.read,
    "fuse": Fuse.read,
    "grok": Extract.read_grok,
    "inline": Stats.read_inline,
    "inlinestats": lambda parser: Stats.read(parser, inline=True),
    "keep": Keep.read,
    "limit": limit.read,
    "lookup": Lookup.read,
    "mmr": Mmr.read,
    "mv_expand": Expand.read,
    "project": Keep.read,
    "rename": Rename.read,
    "rerank": Rerank.read,
    "sample": Sample.read,
    "sort": Sort.read,
    "stats": Stats.read,
    "where": Where.read,
}
# What connote has not got, and why.
REFUSED: Mapping[str, str] = {
    "insist": "it is not implemented; see docs/compatibility.md",
    "metrics_info": "there are no time series",
    "promql": "there are no time series",
    "registered_domain": "it is not implemented; see docs/compatibility.md",
    "ts": "there are no time series; use FROM",
    "ts_info": "there are no time series",
    "uri_parts": "it is not implemented; see docs/compatibility.md",
    "user_agent": "it is not implemented; see docs/compatibility.md",
}
