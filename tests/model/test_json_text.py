"""JSON of others: strict where it is a document of Dokku's, patient with what services write."""

import pytest

from tui.model import json_text


@pytest.mark.parametrize(
    "raw",
    [b'{"status":"ok","load":NaN}', b'{"status":"ok","left":-Infinity}', b'{"status":"ok","n":1' + b"0" * 400 + b"}"],
)
def test_what_services_write_although_it_is_no_json_is_read(raw: bytes) -> None:
    """Python's own json writes NaN by itself."""
    assert json_text.read_lenient(raw)["status"] == "ok"
    if b"N" in raw or b"I" in raw:
        with pytest.raises(json_text.NotJson):
            json_text.read(raw)


@pytest.mark.parametrize(
    "raw",
    [b"", b"<html>", b'{"a":1} {"b":2}', b"[" * 100_000, b"\xff\xfe\xff", b'{"n":' + b"9" * 10_000 + b"}", b"NaNaN"],
)
def test_everything_else_is_refused_in_one_way(raw: bytes) -> None:
    with pytest.raises(json_text.NotJson):
        json_text.read_lenient(raw)
