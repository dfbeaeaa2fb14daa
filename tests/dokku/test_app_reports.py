"""Reports of all apps at once, and the checks that an app brings with it. Text: Dokku 0.35.15, 2026-11-23."""

import pytest

from tui.dokku import app_reports

ALL_035 = b"""\
=====> scenextras domains information
       Domains app enabled:           true                     
       Domains app vhosts:            scenextras.dokku.lab     
       Domains global enabled:        true                     
       Domains global vhosts:         dokku.lab                
=====> scenextras-gateway domains information
       Domains app enabled:           true                     
       Domains app vhosts:            a.example b.example     
       Domains global enabled:        true                     
       Domains global vhosts:         dokku.lab                
"""  # noqa: W291 - Dokku pads with blanks


def test_each_app_has_its_part() -> None:
    found = app_reports.by_app(ALL_035)
    assert list(found) == ["scenextras", "scenextras-gateway"]
    assert app_reports.domains(found["scenextras"]) == ("scenextras.dokku.lab",)
    assert app_reports.domains(found["scenextras-gateway"]) == ("a.example", "b.example")


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe=====>", b" !     App nope does not exist\n", b"       Ports map: x\n"])
def test_what_is_no_report_has_no_apps(raw: bytes) -> None:
    assert app_reports.by_app(raw) == {}


def test_an_app_without_names() -> None:
    assert app_reports.domains({"domains app enabled": "false", "domains app vhosts": "a.example"}) == ()
    assert app_reports.domains({}) == ()


@pytest.mark.parametrize(
    ("report", "ports"),
    [
        (
            {"ports map": "http:80:5000 https:443:5000", "ports map detected": "http:5000:5000"},
            (("http", 80), ("https", 443)),
        ),
        ({"ports map": "", "ports map detected": "http:5000:5000"}, (("http", 5000),)),
        ({"ports map": "tcp:25:25 grpc:1:2 http:99999:1 http:8080:80"}, (("http", 8080),)),
        ({}, ()),
    ],
)
def test_ports(report: dict[str, str], ports: tuple[tuple[str, int], ...]) -> None:
    assert app_reports.ports(report) == ports


def test_scale() -> None:
    statuses = (("web.1", "running"), ("web.2", "running"), ("worker.1", "exited"), ("odd", "x"))
    assert app_reports.scale(statuses) == (("web", 2), ("worker", 1))


@pytest.mark.parametrize(
    ("app_json", "checks", "paths"),
    [
        (b'{"healthchecks": {"web": [{"type": "startup", "path": "/up"}]}}', None, ("/up",)),
        (
            b'{"healthchecks": {"web": [{"type": "liveness", "path": "/live"}, {"path": "/x"},'
            b'{"type": "readiness", "path": "/ready"}]}}',
            b"/old words\n",
            ("/ready", "/live", "/x"),
        ),
        (b'{"healthchecks": {"worker": [{"path": "/no"}], "web": [{"type": "startup", "uptime": 1}, 5]}}', None, ()),
        (
            b'{"healthchecks": []}',
            b"WAIT=5\n# no\n\n/check ok\n//name/other ok\nhttp://name/third\n/ ok\n",
            ("/check", "/other", "/third", "/"),
        ),
        (b"not json", b"", ()),
        (b'["web"]', None, ()),
        (None, None, ()),
    ],
)  # fmt: skip
def test_the_paths_of_an_apps_own_checks(app_json: bytes | None, checks: bytes | None, paths: tuple[str, ...]) -> None:
    assert app_reports.check_paths(app_json, checks) == paths
