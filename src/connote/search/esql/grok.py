r"""Grok: patterns of named patterns, `%{IP:client} %{NUMBER:bytes:int}`.

The names and what they mean are those of Logstash's core patterns (Apache-2.0):
https://github.com/logstash-plugins/logstash-patterns-core/blob/main/patterns/ecs-v1/grok-patterns
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import regex

from connote.contract.errors import IllegalArgument
from connote.search.thread import check

_NAMED = regex.compile(r"%\{(?P<pattern>\w+)(?::(?P<name>[^:{}]+)(?::(?P<type>\w+))?)?\}")
_TYPES = {"int": "integer", "integer": "integer", "long": "long", "float": "double", "double": "double",
          "boolean": "boolean", "keyword": "keyword", "string": "keyword"}  # fmt: skip
_LONGEST, _DEEPEST, _SECONDS = 10_000, 20, 1.0
_MONTHS = (
    "(?:[Jj]an(?:uary|uar)?|[Ff]eb(?:ruary|ruar)?|[Mm](?:a|ä)?r(?:ch|z)?|[Aa]pr(?:il)?|[Mm]a(?:y|i)?|[Jj]un(?:e|i)?"
    "|[Jj]ul(?:y|i)?|[Aa]ug(?:ust)?|[Ss]ep(?:tember)?|[Oo](?:c|k)?t(?:ober)?|[Nn]ov(?:ember)?|[Dd]e(?:c|z)(?:ember)?)"
)
_BYTE = "(?:25[0-5]|2[0-4][0-9]|[0-1]?[0-9]{1,2})"
PATTERNS: Mapping[str, str] = {
    "BASE10NUM": r"(?<![0-9.+-])(?>[+-]?(?:(?:[0-9]+(?:\.[0-9]+)?)|(?:\.[0-9]+)))",
    "BASE16FLOAT": r"\b(?<![0-9A-Fa-f.])(?:[+-]?(?:0x)?(?:(?:[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]*)?)|(?:\.[0-9A-Fa-f]+)))\b",
    "BASE16NUM": r"(?<![0-9A-Fa-f])(?:[+-]?(?:0x)?(?:[0-9A-Fa-f]+))",
    "CISCOMAC": r"(?:(?:[A-Fa-f0-9]{4}\.){2}[A-Fa-f0-9]{4})",
    "COMBINEDAPACHELOG": "%{HTTPD_COMBINEDLOG}",
    "COMMONAPACHELOG": "%{HTTPD_COMMONLOG}",
    "COMMONMAC": r"(?:(?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2})",
    "DATA": r".*?",
    "DATE": "%{DATE_US}|%{DATE_EU}",
    "DATESTAMP": "%{DATE}[- ]%{TIME}",
    "DATESTAMP_EVENTLOG": "%{YEAR}%{MONTHNUM2}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}",
    "DATESTAMP_OTHER": "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}",
    "DATESTAMP_RFC2822": "%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}",
    "DATESTAMP_RFC822": "%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}",
    "DATE_EU": "%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}",
    "DATE_US": "%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}",
    "DAY": r"(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)",
    "EMAILADDRESS": "%{EMAILLOCALPART}@%{HOSTNAME}",
    "EMAILLOCALPART": r"[a-zA-Z0-9!#$%&'*+\-/=?^_`{|}~]{1,64}(?:\.[a-zA-Z0-9!#$%&'*+\-/=?^_`{|}~]{1,62}){0,63}",
    "GREEDYDATA": r".*",
    "HOSTNAME": r"\b(?:[0-9A-Za-z][0-9A-Za-z-]{0,62})(?:\.(?:[0-9A-Za-z][0-9A-Za-z-]{0,62}))*(?:\.?|\b)",
    "HOSTPORT": "%{IPORHOST}:%{POSINT}",
    "HOUR": r"(?:2[0123]|[01]?[0-9])",
    "HTTPDATE": "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}",
    "HTTPDUSER": "%{EMAILADDRESS}|%{USER}",
    "HTTPD_COMBINEDLOG": '%{HTTPD_COMMONLOG} "(?:-|%{DATA:http.request.referrer})" "(?:-|%{DATA:user_agent.original})"',
    "HTTPD_COMMONLOG": r"%{IPORHOST:source.address} (?:-|%{HTTPDUSER:apache.access.user.identity}) "
    r'(?:-|%{HTTPDUSER:user.name}) \[%{HTTPDATE:timestamp}\] "(?:%{WORD:http.request.method} '
    r'%{NOTSPACE:url.original}(?: HTTP/%{NUMBER:http.version})?|%{DATA})" '
    r"(?:-|%{INT:http.response.status_code:int}) (?:-|%{INT:http.response.body.bytes:int})",
    "INT": r"(?:[+-]?(?:[0-9]+))",
    "IP": "(?:%{IPV6}|%{IPV4})",
    "IPORHOST": "(?:%{IP}|%{HOSTNAME})",
    "IPV4": rf"(?<![0-9])(?:{_BYTE}\.){{3}}{_BYTE}(?![0-9])",
    "IPV6": r"(?:(?:(?:[0-9A-Fa-f]{1,4}:){7}(?:[0-9A-Fa-f]{1,4}|:))"
    r"|(?:(?:[0-9A-Fa-f]{1,4}:){1,6}(?::[0-9A-Fa-f]{1,4}){1,6})"
    r"|(?:(?:[0-9A-Fa-f]{1,4}:){1,7}:)|(?:::(?:[0-9A-Fa-f]{1,4}:){0,6}[0-9A-Fa-f]{1,4})|(?:::))(?:%[0-9A-Za-z]+)?",
    "ISO8601_HOUR": r"(?:2[0123]|[01][0-9])",
    "ISO8601_SECOND": "%{SECOND}",
    "ISO8601_TIMEZONE": "(?:Z|[+-]%{HOUR}(?::?%{MINUTE}))",
    "LOGLEVEL": r"(?:[Aa]lert|ALERT|[Tt]race|TRACE|[Dd]ebug|DEBUG|[Nn]otice|NOTICE|[Ii]nfo?(?:rmation)?"
    r"|INFO?(?:RMATION)?"
    r"|[Ww]arn?(?:ing)?|WARN?(?:ING)?|[Ee]rr?(?:or)?|ERR?(?:OR)?|[Cc]rit?(?:ical)?|CRIT?(?:ICAL)?|[Ff]atal|FATAL"
    r"|[Ss]evere|SEVERE|EMERG(?:ENCY)?|[Ee]merg(?:ency)?)",
    "MAC": "(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})",
    "MINUTE": r"(?:[0-5][0-9])",
    "MONTH": rf"\b{_MONTHS}\b",
    "MONTHDAY": r"(?:(?:0[1-9])|(?:[12][0-9])|(?:3[01])|[1-9])",
    "MONTHNUM": r"(?:0?[1-9]|1[0-2])",
    "MONTHNUM2": r"(?:0[1-9]|1[0-2])",
    "NONNEGINT": r"\b(?:[0-9]+)\b",
    "NOTSPACE": r"\S+",
    "NUMBER": "(?:%{BASE10NUM})",
    "PATH": "(?:%{UNIXPATH}|%{WINPATH})",
    "POSINT": r"\b(?:[1-9][0-9]*)\b",
    "PROG": r"[\x21-\x5a\x5c\x5e-\x7e]+",
    "QS": "%{QUOTEDSTRING}",
    "QUOTEDSTRING": r"""(?>(?<!\\)(?>"(?>\\.|[^\\"]+)+"|""|(?>'(?>\\.|[^\\']+)+')|''|(?>`(?>\\.|[^\\`]+)+`)|``))""",
    "SECOND": r"(?:(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?)",
    "SPACE": r"\s*",
    "SYSLOGBASE": "%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:host.hostname} %{SYSLOGPROG}:",
    "SYSLOGFACILITY": "<%{NONNEGINT:log.syslog.facility.code:int}.%{NONNEGINT:log.syslog.priority:int}>",
    "SYSLOGHOST": "%{IPORHOST}",
    "SYSLOGPROG": r"%{PROG:process.name}(?:\[%{POSINT:process.pid:int}\])?",
    "SYSLOGTIMESTAMP": "%{MONTH} +%{MONTHDAY} %{TIME}",
    "TIME": "(?<![0-9])%{HOUR}:%{MINUTE}(?::%{SECOND})(?![0-9])",
    "TIMESTAMP_ISO8601": "%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?",
    "TTY": r"(?:/dev/(?:pts|tty(?:[pq])?)(?:\w+)?/?(?:[0-9]+))",
    "TZ": r"(?:[APMCE][SD]T|UTC)",
    "UNIXPATH": r"(?:/[\w_%!$@:.,+~-]*)+",
    "URI": "%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATH}(?:%{URIQUERY})?)?",
    "URIHOST": "%{IPORHOST}(?::%{POSINT})?",
    "URIPARAM": r"\?%{URIQUERY}",
    "URIPATH": r"(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_\-]*)+",
    "URIPATHPARAM": r"%{URIPATH}(?:\?%{URIQUERY})?",
    "URIPROTO": r"[A-Za-z]([A-Za-z0-9+\-.]+)+",
    "URIQUERY": r"[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\-\[\]<>]*",
    "URN": r"urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:(?:%[0-9a-fA-F]{2}|[0-9A-Za-z()+,.:=@;$_!*'/?#-])+",
    "USER": "%{USERNAME}",
    "USERNAME": r"[a-zA-Z0-9._-]+",
    "UUID": r"[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}",
    "WINDOWSMAC": r"(?:(?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2})",
    "WINPATH": r"(?>[A-Za-z]+:|\\)(?:\\[^\\?*]*)+",
    "WORD": r"\b\w+\b",
    "YEAR": r"(?>\d\d){1,2}",
}


@dataclass(frozen=True)
class Grok:
    """Compiled patterns, of which the first that fits counts; `names` are the columns with their types."""

    tests: list[Any]
    groups: dict[str, str]  # the name of the column by that of the group
    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, patterns: Sequence[str]) -> "Grok":
        """The expression of patterns. Raises IllegalArgument, ValueError."""
        groups, names, tests = dict[str, str](), dict[str, str](), []
        for pattern in patterns:
            expanded = _expanded(pattern, groups, names, 0)
            try:
                tests.append(regex.compile(expanded))
            except regex.error as error:
                raise IllegalArgument(str(error)) from None
        return cls(tests, groups, names)

    def fields(self, text: str) -> dict[str, Any] | None:
        """What is found, as its types; a name that stands there several times has a list."""
        found = self._match(text)
        if found is None:
            return None
        made = dict[str, list[Any]]()
        for group, name in self.groups.items():
            value = found.groupdict().get(group)
            if value is not None and (converted := _as(value, self.names[name])) is not None:
                made.setdefault(name, []).append(converted)
        return dict(made)

    def _match(self, text: str) -> Any:  # noqa: ANN401 (a match)
        check()
        for test in self.tests:
            try:
                found = test.search(text, timeout=_SECONDS)
            except TimeoutError:
                raise IllegalArgument("grok pattern matching was interrupted: it takes too long") from None
            if found is not None:
                return found
        return None


def _expanded(pattern: str, groups: dict[str, str], names: dict[str, str], depth: int) -> str:
    if depth > _DEEPEST or len(pattern) > _LONGEST:
        raise IllegalArgument("the pattern is too long, or refers to itself")

    def made(found: Any) -> str:  # noqa: ANN401
        if found["pattern"] not in PATTERNS:
            raise IllegalArgument(f"Unable to find pattern [{found['pattern']}] in Grok's pattern dictionary")
        inner = _expanded(PATTERNS[found["pattern"]], groups, names, depth + 1)
        if found["name"] is None:
            return f"(?:{inner})"
        kind = _TYPES.get(found["type"] or "keyword")
        if kind is None:
            raise IllegalArgument(f"the type [{found['type']}] is not known")
        if names.setdefault(found["name"], kind) != kind:
            raise IllegalArgument(f"the name [{found['name']}] is used for different types")
        group = f"g{len(groups)}"
        groups[group] = found["name"]
        return f"(?P<{group}>{inner})"

    return str(_NAMED.sub(made, pattern))


def _as(text: str, kind: str) -> Any:  # noqa: ANN401
    try:
        if kind in ("integer", "long"):
            found = int(float(text)) if "." in text else int(text)
            return found if abs(found) < 2 ** (31 if kind == "integer" else 63) else None
        if kind == "double":
            return float(text)
    except (ValueError, OverflowError):
        return None
    return text.lower() == "true" if kind == "boolean" else text
