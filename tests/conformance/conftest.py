"""The options of the live part: which apps of the host may be looked at, and whether anything may be changed."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--live-app", action="append", default=[], help="a Dockerfile app of ROLLBACK_LIVE_HOST")
    parser.addoption("--live-writes", action="store_true", help="also make and destroy a holder and a record there")
