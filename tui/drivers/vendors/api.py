"""A vendor's JSON over HTTP: one question, one `Reply`. What the other side says is a value, never an exception.

5 s for a connection, 10 s for the whole, TLS only (loopback aside), because every question carries a credential. What
has moved (301, 307, 308; 303 where nothing is changed) is followed on the same host alone, with the same question: the
credential goes nowhere else. Trouble is said in words that are harmless and hold no secret.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple
from urllib.parse import quote, urlencode, urljoin, urlsplit

import msgspec
from msgspec.structs import replace

from tui.drivers.http_client import NoConnection, Raw, Web
from tui.drivers.secrets import Secrets, Token
from tui.model import json_text
from tui.model.notice import Receipt
from tui.model.value import Value
from tui.text.clean import clean_line, decode
from tui.text.redact import redact

CONNECT = 5.0
TOTAL = 10.0
"""seconds for one question"""
LARGEST = 2 * 1024 * 1024
MOVED = (301, 307, 308)
SEE_OTHER = 303
"""the answer to a question that changes nothing is there; to another it would be asked again, and is not"""
HOPS = 3
"""moves that are followed in one question"""
LIMITED = 60.0
"""seconds to wait where a vendor says that it limits us, and not for how long"""
LONGEST_WAIT = 3600.0
"""seconds: what asks for more is not waited for"""
Params = Iterable[tuple[str, str]]
Headers = Callable[[], Mapping[str, str]]
"""makes the headers of one question: the file that holds a credential may have been replaced since the last"""


class RateLimit(NamedTuple):
    """The headers in which a vendor tells its limit, in small letters."""

    left: str
    """how many questions are left"""
    reset: str
    """when there are more again"""
    written: Literal["epoch", "milliseconds", "seconds"]
    """that time: seconds or milliseconds since 1970, or seconds from now"""


class Reply(Value, eq=False):
    """The answer to one question, or why there is none."""

    status: int = 0
    """0: there was no answer"""
    headers: Mapping[str, str] = {}
    """names in small letters"""
    json: Any = None
    trouble: str = ""
    """why this is not the answer that was asked for; empty: it is"""
    said: str = ""
    """the other side's own words about the trouble"""
    retry_after: float | None = None
    """seconds that the other side wants us to wait"""
    final: bool = False
    """asking again is of no use"""
    moved: str = ""
    """the address that answered, where it is another than the one that was asked"""
    doubt: bool = False
    """it was sent, and whether it was done is not known"""

    def receipt(self) -> Receipt:
        """The trouble, as what came of a delivery."""
        return Receipt(delivered=False, detail=self.trouble, retry_after=self.retry_after, final=self.final)


class Api:
    """One address of a vendor, with the headers that hold the credential, and its rate limit."""

    def __init__(
        self,
        base: str,
        headers: Mapping[str, str] | Headers,
        limit: RateLimit | None = None,
        *,
        moved: tuple[int, ...] = MOVED,
    ) -> None:
        """`moved`: statuses of answers that are followed; 302 where the vendor says that the question stays."""
        self._moved = moved
        self.base = base.rstrip("/")
        self._limit = limit
        self._headers = headers
        self._web = Web(timeout=TOTAL, connect=CONNECT)

    async def close(self) -> None:
        """End the kept connections."""
        await self._web.close()

    async def get(self, path: str, params: Params = ()) -> Reply:
        """Ask with GET; never raises. `path` follows the base; parts that come from outside go through `segment`."""
        query = urlencode(list(params))
        return await self.ask("GET", f"{path}?{query}" if query else path)

    async def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Ask one question, with `body` as JSON; never raises: trouble is in the Reply."""
        content = None if body is None else msgspec.json.encode(body)
        typed = {} if content is None else {"Content-Type": "application/json; charset=utf-8"}
        try:
            async with asyncio.timeout(TOTAL):
                own = self._headers() if callable(self._headers) else self._headers
                asked = {"Accept": "application/json", **own, **typed, **(headers or {})}
                url = first = self.base + path
                for _ in range(HOPS + 1):
                    raw = await self._web.send(method, url, asked, largest=LARGEST, content=content, secret=True)
                    onward = there(url, raw, (*self._moved, SEE_OTHER) if method == "GET" else self._moved)
                    if onward is None:
                        break
                    url = onward
                else:
                    return Reply(
                        status=raw.status,
                        trouble=f"sends us from address to address without an end (HTTP {raw.status})",
                        final=True,
                    )
        except TimeoutError:
            return Reply(trouble=f"no answer within {TOTAL:.0f} s", doubt=True)
        except NoConnection as error:
            return Reply(trouble=_harmless(f"cannot be reached: {error}"))
        except ValueError as error:
            return Reply(trouble=_harmless(str(error)), final=True)
        except OSError as error:
            return Reply(trouble=_harmless(str(error)), doubt=True)
        reply = read(raw, self._limit)
        return reply if url == first else replace(reply, moved=clean_line(url.partition("?")[0], 300))


class Apis:
    """An Api for each address and each credential that services name, with `Authorization: Bearer`."""

    def __init__(self, secrets: Secrets, limit: RateLimit | None = None) -> None:
        self._secrets, self._limit = secrets, limit
        self._made: dict[tuple[str, str], Api] = {}

    def of(self, url: str, token_env: str) -> Api:
        """The Api at that address with the credential of that name; made once."""
        key = (url, token_env)
        if key not in self._made:
            self._made[key] = Api(url, bearer(self._secrets.token(token_env)), self._limit)
        return self._made[key]

    async def close(self) -> None:
        """End the kept connections."""
        for api in self._made.values():
            await api.close()


def with_token(token: Token, headers: Callable[[str], Mapping[str, str]]) -> Headers:
    """The headers that are made of a token as it is then; where its file cannot be read, of the last one that could be;
    none where there never was one."""
    last: str | None = None

    def made() -> Mapping[str, str]:
        nonlocal last
        last = (token if isinstance(token, str) else token()) or last
        return headers(last) if last else {}

    return made


def bearer(token: Token) -> Headers:
    """The usual header with a token."""
    return with_token(token, lambda now: {"Authorization": f"Bearer {now}"})


def there(url: str, raw: Raw, moved: tuple[int, ...] = MOVED) -> str | None:
    """The address that an answer sends us to, if it has moved for good or keeps the question, and stays on the same
    host."""
    location = raw.headers.get("location", "").strip()
    if raw.status not in moved or not location:
        return None
    try:
        onward = urljoin(url, location)
        here, away = urlsplit(url), urlsplit(onward)
        same = (here.scheme, here.hostname, here.port) == (away.scheme, away.hostname, away.port)
    except ValueError:
        return None
    return onward if same and away.username is None and onward != url else None


def read(raw: Raw, limit: RateLimit | None = None) -> Reply:
    """The Reply to an answer, judged by its HTTP status; how long to wait by the vendor's `limit`."""
    try:
        json: Any = json_text.read(raw.body)
    except json_text.NotJson:
        json = None
    status, headers = raw.status, raw.headers
    if 200 <= status < 300:
        trouble = "" if json is not None or not raw.body else _no_json(headers)
        return Reply(status=status, headers=headers, json=json, trouble=trouble)
    said = _harmless(words(json)) if json is not None else ""
    wait = wait_for(headers, limit)
    page = clean_line(decode(raw.body[:2000]), 2000) if json is None else ""
    limited = _LIMITS.search(said or page) is not None
    if not wait and status in (403, 429) and limited:
        wait = LIMITED
    return Reply(
        status=status,
        headers=headers,
        json=json,
        trouble=_words(status, said, headers, wait if limited else None, page=json is None),
        said=said,
        retry_after=wait,
        final=wait is None and status < 500 and status not in (408, 425, 429),
    )


def segment(text: str) -> str:
    """The text as a single part of a path: slashes and the rest are escaped."""
    return quote(text, safe="")


def dig(json: Any, *path: str | int) -> Any:
    """The part of a JSON value at that path of keys and indices; None where there is none."""
    for step in path:
        if isinstance(step, str) and isinstance(json, dict):
            json = json.get(step)
        elif isinstance(step, int) and isinstance(json, list) and -len(json) <= step < len(json):
            json = json[step]
        else:
            return None
    return json


def listed(json: Any, *path: str | int) -> list[Any]:
    """The list at that path; empty where there is none, or something else."""
    found = dig(json, *path)
    return found if isinstance(found, list) else []


def number(json: Any) -> float | None:
    """A finite number of a JSON value, or None."""
    if isinstance(json, bool) or not isinstance(json, int | float) or not abs(json) < 1e15:
        return None
    return float(json)


_LIMITS = re.compile(r"rate.?limit|abuse detection|too many requests", re.IGNORECASE)


def _words(status: int, said: str, headers: Mapping[str, str], wait: float | None, *, page: bool) -> str:
    if status in (429, 420) or wait is not None:
        known = f"asks us to wait (HTTP {status})"
    elif 300 <= status < 400:
        known = f"sends us to another address (HTTP {status}), where we do not go: is the url right?{_away(headers)}"
    elif status == 401:
        known = "refuses the token (HTTP 401)"
    elif status == 403:
        known = "does not allow this (HTTP 403)"
    else:
        known = f"HTTP {status}"
    if page and "html" in headers.get("content-type", ""):
        return f"{known}, with a web page"
    return f"{known}: {said}" if said else known


def _away(headers: Mapping[str, str]) -> str:
    """The host and path of a redirect, without what may be secret in it."""
    try:
        at = urlsplit(headers.get("location", "").strip())
        host = at.hostname
    except ValueError:
        return ""
    return f" It names {_harmless(f'{host}{at.path}')[:120]}" if host else ""


def _no_json(headers: Mapping[str, str]) -> str:
    kind = "a web page" if "html" in headers.get("content-type", "") else "something else"
    return f"answered with {kind} instead of JSON: is the url right?"


def words(json: Any) -> str:
    """The words of a JSON error, from `message`, `detail`, `error` or `errors`; empty where there are none."""
    if isinstance(json, str):
        return json
    if isinstance(json, list):
        return "; ".join(filter(None, (words(one) for one in json[:3])))
    if not isinstance(json, dict):
        return ""
    found = [words(json[key]) for key in ("message", "detail", "error", "errors") if json.get(key)]
    return ": ".join(dict.fromkeys(filter(None, found)))


def _harmless(text: str) -> str:
    return clean_line(redact(text), 200)


def wait_for(headers: Mapping[str, str], limit: RateLimit | None = None) -> float | None:
    """Seconds to wait: Retry-After in seconds or as a date, or the reset of the limit if nothing of it is left."""
    now = _date(headers.get("date", "")) or datetime.now(UTC)  # theirs: our clock may be wrong
    found = headers.get("retry-after", "").strip()
    if found:
        at = _date(found)
        return _bounded((at - now).total_seconds() if at is not None else _number(found))
    if limit is None or headers.get(limit.left, "").strip() != "0":
        return None
    value = _number(headers.get(limit.reset, ""))
    if value is None or limit.written == "seconds":
        return _bounded(value)
    return _bounded(value / (1000 if limit.written == "milliseconds" else 1) - now.timestamp())


def _bounded(seconds: float | None) -> float | None:
    return None if seconds is None else min(max(seconds, 0.0), LONGEST_WAIT)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < 1e15 else None


def _date(text: str) -> datetime | None:
    from email.utils import parsedate_to_datetime

    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
