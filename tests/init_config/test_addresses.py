"""Where an app is asked, and in which order."""

from tui.init_config import addresses
from tui.init_config.facts import PortMapping

HTTP, HTTPS = PortMapping(scheme="http", port=80), PortMapping(scheme="https", port=443)


def bases(
    *domains: str, ports: tuple[PortMapping, ...], host: str | None = "203.0.113.5"
) -> list[tuple[str, str | None]]:
    return [(one.base, one.host_header) for one in addresses.of_app(domains, ports, host)]


def test_names_over_tls_first_then_the_hosts_address_with_the_name() -> None:
    assert bases("api.example", ports=(HTTP, HTTPS)) == [
        ("https://api.example", None),
        ("http://api.example", None),
        ("http://203.0.113.5", "api.example"),
    ]


def test_without_names_the_port_tells() -> None:
    assert bases(ports=(PortMapping(scheme="http", port=5000),)) == [("http://203.0.113.5:5000", None)]
    assert bases(ports=(PortMapping(scheme="http", port=5000),), host="::1") == [("http://[::1]:5000", None)]
    assert bases(ports=(HTTP,), host=None) == []


def test_names_that_cannot_be_asked_are_left_out() -> None:
    assert bases("*.example", "a b", "-x", "${A}", "é.example", "x" * 300, ports=(HTTP,), host=None) == []


def test_the_apps_own_checks_come_first() -> None:
    assert addresses.paths(("/up", "/a b", "no", "/x\n", "/${A}"))[:3] == ("/up", "/health", "/healthz")
