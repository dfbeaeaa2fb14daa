"""Access log lines of recorded hosts, of documented formats, and of anything at all.

The first two lines are from Dokku 0.35.15 (2026-11-23); the JSON ones follow formats that people publish for nginx.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.dokku.access_log import AccessEntry, Counted, Kind, Tally, read, shows_agents

AT = datetime(2026, 11, 23, 21, 21, 6, tzinfo=UTC)
AGENT = '"-" "curl/7.88.1"'
STAMP = "172.17.0.1 - - [23/Nov/2026:21:21:06 +0000]"
"""`@` in the lines below"""


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (f'@ "GET / HTTP/1.1" 200 73 {AGENT}', Kind.ANSWERED),
        (f'@ "GET /healthcheck/ready HTTP/1.1" 200 34 {AGENT}', Kind.ANSWERED),
        ('@ "GET / HTTP/2.0" 503 3 "-" "kube-probe/1.30"', Kind.HEALTH),
        ('@ "GET /a HTTP/1.1" 503 3 "-" "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://x/)"', Kind.HEALTH),
        (f'@ "GET /docs/rollback-console HTTP/1.1" 503 3 {AGENT}', Kind.FAILED),
        ('@ "GET /a HTTP/1.1" 503 3 "-" "Mozilla/5.0 rollback-console"', Kind.FAILED),
        (f'2001:db8::17 - bob [23/Nov/2026:21:21:06 +0000] "POST /a HTTP/2.0" 502 154 {AGENT}', Kind.FAILED),
        (f'[2001:db8::1] - - [23/Nov/2026:21:21:06 +0000] "POST /a HTTP/1.1" 504 0 {AGENT}', Kind.FAILED),
        (f'@ "GET /a HTTP/1.1" 499 0 {AGENT}', Kind.CLOSED),
        (f'@ "GET /a HTTP/1.1" 401 9 {AGENT}', Kind.REFUSED),
        (f'@ "GET /a HTTP/1.1" 400 9 {AGENT}', Kind.ANSWERED),
        ('@ "" 400 0 "-" "-"', Kind.EMPTY),
        ('@ "-" 400 0 "-" "-"', Kind.EMPTY),
        ('@ "-" 408 0 "-" "-"', Kind.EMPTY),
        ('@ "" 000 0 "-" "-"', Kind.EMPTY),
        ('@ "PRI * HTTP/2.0" 400 157 "-" "-"', Kind.EMPTY),
        (f'@ "GET /a HTTP/1.1" 000 0 {AGENT}', Kind.CLOSED),
        (f'@ "GET /a HTTP/1.1" 408 0 {AGENT}', Kind.ANSWERED),
        (f'@ "GET /a" 502 9 {AGENT}', Kind.FAILED),
        (f'@ "/a" 502 9 {AGENT}', Kind.FAILED),
        (f'@ "GET /" 009 9 {AGENT}', Kind.CLOSED),
        ('@ "\\x16\\x03\\x01\\x02\\x00" 400 157 "-" "-"', Kind.EMPTY),
        ('@ "GET /?q=\\x22] \\x22 500 HTTP/1.1" 200 7 "-" "a\\x22b"', Kind.ANSWERED),
        ('@ "GET / HTTP/1.1" 500 7 "-" "rollback-console"', Kind.OWN),
        (f'@ "GET /?rollback-check=1 HTTP/1.1" 500 7 {AGENT}', Kind.OWN),
        ('api.example.net @ "GET /a HTTP/1.1" 500 7', Kind.FAILED),
        ('@ "PROXY http://h/healthcheck/ready HTTP/1.1" 200 7', Kind.ANSWERED),
        ('@ "GET /.env HTTP/1.1" 444 0 "-" "x"', Kind.CLOSED),
        ('@ "OPTIONS / RTSP/1.0" 400 150 "-" "-"', Kind.EMPTY),
        ('@ "OPTIONS sip:nm SIP/2.0" 400 150 "-" "-"', Kind.EMPTY),
        ('@ "GET /x HTTP/1.1" 502 0 "https://my.pingdom.com/reports" "Mozilla/5.0"', Kind.FAILED),
        ('@ "GET /x HTTP/1.1" 502 0 "-" "Mozilla/5.0" "https://zabbix.acme.example/"', Kind.FAILED),
        ('@ "GET /x HTTP/1.1" 502 0 "-" "SentryUptimeBot/1.0 (+http://docs.sentry.io/)"', Kind.HEALTH),
        ('@ "GET /x HTTP/1.1" 502 0 "-" "Datadog Agent/7.40.0"', Kind.HEALTH),
        ('@ "GET /x HTTP/1.1" 502 0 "-" "DigitalOcean Uptime Probe 0.22.0 (https://x)"', Kind.HEALTH),
    ],
)
def test_combined_lines(line: str, kind: Kind) -> None:
    assert read(line.replace("@", STAMP, 1)) == AccessEntry(kind=kind, at=AT)


@pytest.mark.parametrize(
    "zone",
    ["22:21:06 +0100", "17:21:06 -0400", "02:51:06 +0530"],
)
def test_the_zone_of_the_log_is_its_own(zone: str) -> None:
    day = "24" if zone.startswith("02") else "23"
    found = read(f'9.9.9.9 - - [{day}/Nov/2026:{zone}] "GET /a HTTP/1.1" 200 7 {AGENT}')
    assert found is not None and found.at == AT


@pytest.mark.parametrize(
    ("tail", "seconds"),
    [
        ('"-" "curl/7.88.1"', None),
        ('"-" "curl/7.88.1" 0.250', 0.25),
        ('"-" "curl/7.88.1" "203.0.113.9" rt=1.500 uct="0.001" urt="1.499"', 1.5),
        ('"-" "curl/7.88.1" request_time=0.007', 0.007),
        ('"http://x/1.234" "agent 9.999"', None),
    ],
)
def test_the_time_to_the_answer_is_read_from_the_tail_where_it_is(tail: str, seconds: float | None) -> None:
    found = read(f'{STAMP} "GET /a HTTP/1.1" 200 7 {tail}')
    assert found == AccessEntry(kind=Kind.ANSWERED, at=AT, seconds=seconds)


def test_how_long_a_websocket_was_open_is_no_time_to_an_answer() -> None:
    found = read(f'{STAMP} "GET /ws HTTP/1.1" 101 73 "-" "x" 3600.123')
    assert found == AccessEntry(kind=Kind.ANSWERED, at=AT)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            '{"time_local":"23/Nov/2026:21:21:06 +0000","request":"GET /a","status": "502","request_time":"0.250"}',
            AccessEntry(kind=Kind.FAILED, at=AT, seconds=0.25),
        ),
        (
            '{"time":"2026-11-23T22:21:06+01:00","status":200,"request_time":0.25,"http_user_agent":"rollback-console"}',
            AccessEntry(kind=Kind.OWN, at=AT, seconds=0.25),
        ),
        (
            '{"@timestamp":"2026-11-23T21:21:06Z","http":{"response":{"status_code":404}},"url":{"path":"/x"}}',
            AccessEntry(kind=Kind.REFUSED, at=AT),
        ),
        (
            '{"msec":"1795468866.000","status":499,"uri":"/x","upstream_response_time":"0.003, 0.004"}',
            AccessEntry(kind=Kind.CLOSED, at=AT, seconds=0.004),
        ),
        (
            '{"ts":1795468866000,"Status-Code":200,"request_uri":"/healthcheck/ready?a=1"}',
            AccessEntry(kind=Kind.ANSWERED, at=AT),
        ),
        (
            '{"timestamp":"23/Nov/2026:21:21:06 +0000","verb":"GET","request":"/a","response":"503","agent":"x"}',
            AccessEntry(kind=Kind.FAILED, at=AT),
        ),
        ('{"status":200,"request":"GET /?q=\\x22 HTTP/1.1","request_time":"-"}', AccessEntry(kind=Kind.ANSWERED)),
        ('{"status":"400","request":"","time":"nonsense"}', AccessEntry(kind=Kind.EMPTY)),
    ],
)
def test_json_lines_whatever_their_keys_are_called(line: str, wanted: AccessEntry) -> None:
    assert read(line) == wanted


@pytest.mark.parametrize(
    "line",
    [
        "",
        "-",
        "{",
        "[]",
        '{"level":"info","message":"started"}',
        '{"status":"ok"}',
        '{"status":true}',
        '{"status":12}',
        '{"status":"ok","message":"{\\"status\\":200}"}',
        f'{STAMP} "GET /a HTTP/1.1" 999 7',
        f'{STAMP} "GET /a HTTP/1.1" abc 7',
        f'{STAMP} "GET /a HTTP',
        "2026/11/23 21:21:06 [error] 7#7: *1 connect() failed (111: Connection refused)",
    ],
)
def test_what_is_no_access_line_is_not_understood(line: str) -> None:
    assert read(line) is None


def test_a_count_of_bytes_beside_the_status_is_no_second_status() -> None:
    found = read("2026-11-23T21:21:06+00:00|1.1.1.1|GET|/x|502|577|0.003")
    assert found is not None and found.kind is Kind.FAILED


def test_method_and_path_in_columns_of_their_own_are_one_request() -> None:
    found = read("2026-11-23T21:21:06+00:00|1.1.1.1|GET|/x?rollback-check=0af3|502|7|0.003")
    assert found is not None and found.kind is Kind.OWN, "what marks it stands in the path"


FAILING = (Path(__file__).parent / "data" / "access_lines.txt").read_text(encoding="utf-8")
"""one failed request each, in the formats that people publish for nginx, HAProxy, Traefik, Caddy and Envoy, in the
envelopes of loggers; a `\\t` is a tab"""


@pytest.mark.parametrize("line", FAILING.strip().split("\n"))
def test_the_status_is_read_from_every_format_that_leaves_no_doubt(line: str) -> None:
    found = read(line.replace("\\t", "\t"))
    assert found is not None and found.kind is Kind.FAILED
    assert found.seconds is None or found.seconds < 0.2


@pytest.mark.parametrize(
    "line",
    [
        "1.1.1.1 GET /x HTTP/1.1 200 HTTP/1.1 502 3",
        '{"status":502,"ua":"x","status":200}',
        '{"request_body":"{"status":200}","status":502}',
        'client=1.1.1.1 ua=a status=200 b request="GET /x HTTP/1.1" status=502',
        '1.1.1.1 - - GET /x HTTP/1.1 502 3 "GET / HTTP/1.1" "200"',
        "time:1\tstatus:502\tstatus:200",
        "2026-11-23 21:21:06 1.1.1.1 GET /x - 443 - 2.2.2.2 Mozilla/5.0 502 0 0 3",
        '1.1.1.1 "GET /x HTTP/1.1" 660 70000 0.003',
        "1.1.1.1 'GET /x HTTP/1.1' 502 7 'x' GET /y HTTP/1.1' 200 'x'",
        "1.1.1.1 'GET /x HTTP/1.1' 502 7 'status=200'",
        f'{STAMP} 200 "GET / HTTP/1.1" 502 "-" "x"',
        f"{STAMP} 404 GET / HTTP/1.1 200 5",
        f'{STAMP} "GET / HTTP/1.1" 512 200 73',
        "1.1.1.1, 200, GET /x HTTP/1.1 502, 7",
        "1.1.1.1,GET,/x,200,GET,502,0.003",
        '{"resp_status":502,"nginx_status":200,"uri":"/x"}',
        "2026-11-23T21:21:06+00:00|1.1.1.1|GET|/x|200|a|502|0.003",
    ],
)
def test_a_line_that_may_say_two_things_is_not_understood(line: str) -> None:
    assert read(line) is None


@pytest.mark.parametrize("size", [34, 366, 200])
def test_of_a_row_of_numbers_in_front_of_the_request_no_length_is_taken_for_the_status(size: int) -> None:
    """As load balancers of clouds write it: two statuses, bytes received, bytes sent."""
    times = "http 2026-11-30T10:00:00.186641Z app/my-lb/50dc 1.2.3.4:2817 10.0.0.1:80 0.000 0.001 0.000"
    found = read(f'{times} 502 502 12 {size} "GET http://api.example:80/a HTTP/1.1" "curl/7" - -')
    assert (found is None) if size == 200 else (found is not None and found.kind is Kind.FAILED)


def test_what_a_client_names_a_header_is_no_field_of_the_proxy() -> None:
    headers = '{"Status":["200"],"Code":"200","User-Agent":["rollback-console"]}'
    line = f'{{"request":{{"uri":"/x","headers":{headers}}},"status":502,"resp_headers":{{"Status":"200"}}}}'
    assert read(line) == AccessEntry(kind=Kind.OWN)
    assert read(line.replace("rollback-console", "curl")) == AccessEntry(kind=Kind.FAILED)


def test_whether_the_format_names_agents_is_known_by_a_line_of_ours() -> None:
    assert shows_agents(f'{STAMP} "GET /?rollback-check=1f HTTP/1.1" 200 7 "-" "rollback-console"')
    assert not shows_agents(f'{STAMP} "GET /?rollback-check=1f HTTP/1.1" 200 7')


@given(st.text())
def test_any_line_is_read_or_is_not_and_nothing_is_raised(line: str) -> None:
    assert read(line) is None or isinstance(read(line), AccessEntry)
    assert read("{" + line) is None or line


def quoted(text: str) -> str:
    """As nginx writes a field: no quote, no backslash and no control stays as it is."""
    return "".join(c if c.isprintable() and c.isascii() and c not in '"\\' else f"\\x{ord(c) & 255:02X}" for c in text)


@given(st.text(), st.text(), st.text(), st.integers(100, 599))
def test_what_clients_send_can_change_neither_status_nor_time(user: str, path: str, agent: str, status: int) -> None:
    user = quoted(user).replace(" ", "_") or "-"
    request = f"GET /{quoted(path).replace(' ', '_')} HTTP/1.1"
    line = f'9.9.9.9 - {user} [23/Nov/2026:21:21:06 +0000] "{request}" {status} 7 "-" "{quoted(agent)}"'
    found = read(line)
    assert found is not None and found.at == AT
    assert (found.kind is Kind.FAILED) == (status >= 500 and "rollback-c" not in line)


# ── counting ─────────────────────────────────────────────────────────────────────────────────────────────────────────

kinds = st.sampled_from([*Kind, None])


@given(st.lists(st.tuples(kinds, st.integers(0, 600)), max_size=60), st.integers(0, 600), st.integers(0, 600))
def test_two_windows_side_by_side_count_what_the_whole_counts(
    lines: list[tuple[Kind | None, int]], one: int, other: int
) -> None:
    tally = Tally()
    for kind, second in lines:
        tally.add(None if kind is None else AccessEntry(kind=kind), AT + timedelta(seconds=second))
    first, last = AT + timedelta(seconds=min(one, other)), AT + timedelta(seconds=max(one, other))
    whole = tally.counted(AT, last)
    parts = (tally.counted(AT, first), tally.counted(first, last))
    for name in ("total", "apart", "failed", "refused", "closed", "own", "unparsed"):
        assert getattr(whole, name) == sum(getattr(part, name) for part in parts)
    everything = tally.counted(AT, AT + timedelta(hours=1))
    assert everything.total + everything.apart + everything.unparsed == len(lines)


def test_response_times_are_of_users_requests_that_did_not_fail() -> None:
    tally = Tally()
    for kind, seconds in ((Kind.ANSWERED, 0.1), (Kind.ANSWERED, 0.2), (Kind.FAILED, 30.0), (Kind.OWN, 30.0)):
        tally.add(AccessEntry(kind=kind, seconds=seconds), AT)
    found = tally.counted(AT, AT + timedelta(seconds=1))
    assert found.p50 == pytest.approx(0.1, rel=0.06)
    assert found.p95 == pytest.approx(0.2, rel=0.06)
    assert tally.counted(AT + timedelta(seconds=1), AT + timedelta(seconds=9)) == Counted()


def test_counts_of_long_ago_are_forgotten() -> None:
    tally = Tally()
    tally.add(AccessEntry(kind=Kind.FAILED), AT)
    tally.add(AccessEntry(kind=Kind.FAILED), AT + timedelta(hours=3))
    assert tally.counted(AT, AT + timedelta(hours=4)).failed == 1
