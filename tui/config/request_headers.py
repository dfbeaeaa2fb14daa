"""Headers that are sent with a health request. A credential in one is never written in the file: `${NAME}` only."""

import re

from tui.config.nodes import VARIABLE, Node
from tui.config.shapes import Apart, Named, Text
from tui.model.service import RequestHeader
from tui.model.value_parsers import of_form
from tui.text.secret_patterns import credential

_NAME = of_form(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", "no name of a header; write e.g. X-Forwarded-Proto")
_OURS = {
    "host": "write host_header: NAME instead",
    "user-agent": "the console's own requests are told from users' by it",
    **dict.fromkeys(
        ("connection", "upgrade", "content-length", "transfer-encoding", "accept-encoding", "te", "trailer"),
        "it is part of how the console asks",
    ),
}
_SECRET = re.compile(r"(?i)auth|cookie|token|secret|passw|signature|credential|session|(?:^|[-_])(?:api|access)?-?key$")
"""names of headers whose values are credentials"""
_SCHEME = re.compile(r"(?:[A-Za-z][A-Za-z-]{1,20}[ :=])?\s*")
"""what may be written beside the variable: Bearer, Basic, session="""
_SENDABLE = re.compile(r"[\x20-\x7e\t]*")
_FIX = "write the name of an environment variable, e.g. Bearer ${HEALTH_TOKEN}, and set it"


def _read(node: Node) -> tuple[RequestHeader, ...] | None:
    found: list[RequestHeader] = []
    seen: dict[str, str] = {}
    every = node.mapping()
    for name, one in every.items():
        if one.unset:  # that is said by now
            continue
        made = _header(name, one)
        if (other := seen.setdefault(name.lower(), name)) != name:
            made = f"is the same header as {other}"
        if isinstance(made, RequestHeader):
            found.append(made)
        else:  # under the name of the mapping: text after `Authorization:` would be taken for a secret
            Node(None, one.line, node.key, one.problems).problem(f"{name!r} {made}")
    return tuple(found) if len(found) == len(every) else None


def _header(name: str, node: Node) -> RequestHeader | str:
    """The header, or what is wrong with it."""
    written, value = node.written, node.value
    if not isinstance(value, str) or written is None:
        return "must be a text"
    try:
        _NAME(name)
    except ValueError:
        return "is no name of a header; write e.g. X-Forwarded-Proto"
    why = "it is part of how the console asks" if name.lower().startswith("sec-websocket") else _OURS.get(name.lower())
    if why is not None:
        return f"is not taken from services.yaml: {why}"
    variables = tuple(dict.fromkeys(found["name"] for found in VARIABLE.finditer(written) if found["default"] is None))
    beside = VARIABLE.sub("", written)
    if credential(written) or (_SECRET.search(name) and (not variables or not _SCHEME.fullmatch(beside))):
        return f"holds a credential: {_FIX}"
    if not _SENDABLE.fullmatch(value) or value != value.strip():
        return "has a value that no header can have: plain ASCII, one line, no blanks at its ends"
    return RequestHeader(name=name, value=value, credentials=variables)


HEADERS = Apart(read=_read, like=(Named(item=Text(), name=_NAME),))
"""shape of `headers:`"""
