"""One definition of services.yaml: the loader, the JSON Schema and the operators' page agree on it."""

import ast
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.config import yaml_values
from tests.config.fleets import SHIPPED, SMALL, problems
from tests.config.test_problems import WITH
from tests.source_trees import tree
from tui.config import json_schema, reference
from tui.config.schema import top
from tui.config.shapes import Apart, Keys, Many, Named
from tui.config.trust import HARMLESS
from tui.config.vendors import shapes
from tui.drivers.vendors import sections
from tui.model import runbook_numbers
from tui.model import service as model
from tui.model.vendor import SectionPlace

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.yaml"))
ENVIRON = {"HEALTH_TOKEN": "t0ken-of-health", "GIT_TOKEN": "t0ken-of-git"}


@cache
def validator() -> Draft202012Validator:
    schema = json.loads(json_schema.shipped().read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def wrong(text: str) -> list[str]:
    found = validator().iter_errors(yaml_values.value(text))
    return [f"{'.'.join(map(str, one.absolute_path))}: {one.message}" for one in found]


def test_what_is_shipped_is_what_the_definitions_say() -> None:
    """Written by `python -m tests.config.rewrite`."""
    assert json_schema.shipped().read_text() == json_schema.text(sections())
    page = (ROOT / "tui/help/services.md").read_text()
    assert page.split(reference.BEGIN)[1].strip() == reference.tables(sections()).strip()
    assert SHIPPED.read_text().splitlines()[0] == json_schema.LINE


@pytest.mark.parametrize("file", [SHIPPED, *EXAMPLES], ids=lambda file: file.stem)
def test_examples_load_and_fit_the_schema(file: Path, tmp_path: Path) -> None:
    text = file.read_text()
    assert problems(text, tmp_path, ENVIRON) == []
    assert wrong(text) == []
    named = re.fullmatch(r"# yaml-language-server: \$schema=(.+)", text.splitlines()[0])
    assert named is not None and (file.parent / named[1]).resolve() == json_schema.shipped().resolve()


def test_the_page_has_an_example_of_every_kind_that_loads(tmp_path: Path) -> None:
    page = (ROOT / "tui/help/services.md").read_text()
    examples = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    hosts = "{dokku: {ssh: a@b}, east: {ssh: a@c}, west: {ssh: a@d}}"
    found = [problems(f"version: 1\nhosts: {hosts}\n{example}", tmp_path, ENVIRON) for example in examples]
    assert found == [[], []]


LOADER_ONLY = re.compile(
    r"is no host of this file|is already the app|is a kept release"
    r"|is called like|word of the command line|stands twice|runs backwards"
    r"|longest is shorter|needs a downtime|not set and has no default|is no variable|holds a credential|password"
    r"|unprintable|has no meaning here|a key must be|is not https|has something|needs either (github|linear)"
    r"|names no way|is no Git remote"
)
"""what one value alone does not show, or what only a program can say"""


@pytest.mark.parametrize(("added", "line", "said"), WITH, ids=[repr(w[0])[:40] for w in WITH])
def test_bad_files_are_bad_to_the_schema_too(added: str, line: int, said: str) -> None:
    if LOADER_ONLY.search(said) or added.startswith(("?", "version: 1", "services:", "links: {logs")):
        return
    assert wrong(SMALL + added) != [], f"the loader says: {said}"


# ── what the file can say, at random ─────────────────────────────────────────────────────────────────────────────────

GOOD: dict[str, list[str]] = {
    "duration": ["30s", "1m30s", "2h", "0s", "'${X:-5m}'"],
    "url": ["https://a.example/x", "'http://[::1]:80/?y=1'", "HTTP://a.example"],
    "whole": ["1", "20", "7"],
    "word": ["plain", "12", "true", "'a: b'", "1.5"],
    "yes": ["true", "false", "True"],
}
BAD: dict[str, list[str]] = {
    "duration": ["30", "5 m", "1s1m", "[]", "{}", "soon", "null"],
    "url": ["ftp://a.example/", "a.example", "http://a b/", "http://a:0/", "http://a:99999/", "7", "[]"],
    "whole": ["0", "-1", "many", "1.5", "999", "[1]"],
    "word": ["[a]", "{a: b}"],
    "yes": ["yes", "on", "1", "[]", "maybe"],
}
PLACES = [
    ("duration", "    health: {{url: 'http://a.example/', patience: {}}}\n"),
    ("duration", "    rollback: {{expected: {}}}\n"),
    ("duration", "    watch: {{after_clean_deploy: {}}}\n"),
    ("duration", "budgets: {{verify: {}}}\n"),
    ("duration", "postmortem_within: {}\n"),
    ("url", "    health: {{url: {}}}\n"),
    ("url", "    health: {{tcp: 'a:1', public_url: {}}}\n"),
    ("url", "    links: {{a: {}}}\n"),
    ("url", "    smoke: [{{url: {}}}]\n"),
    ("url", "    identity: {{header: X, url: {}}}\n"),
    ("whole", "    health: {{url: 'http://a.example/', passes: {}}}\n"),
    ("word", "    title: {}\n"),
    ("word", "    owner: {}\n"),
    ("word", "    health: {{url: 'http://a.example/', expect: {{text: {}}}}}\n"),
    ("word", "    health: {{url: 'http://a.example/', expect: {{contains: [a, {}]}}}}\n"),
    ("yes", "    health: {{url: 'http://a.example/', expect: {{reject_html: {}}}}}\n"),
    ("yes", "    rollback: {{downtime: 1s-2s, stop_first: {}}}\n"),
    ("whole", "    health: {{url: 'http://a.example/', wrong_key: {}}}\n"),
    ("whole", "wrong_key: {}\n"),
    ("whole", "x-anything: {}\n"),
]
BASE = "version: 1\nhosts: {here: {ssh: a@b.example}}\nservices:\n  web:\n    host: here\n    app: web\n"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_the_loader_and_the_schema_say_the_same(tmp_path: Path, data: st.DataObject) -> None:
    kind, place = data.draw(st.sampled_from(PLACES))
    written = data.draw(st.sampled_from(GOOD[kind] + BAD[kind]))
    if "[a, {}]" in place and written.startswith(("[", "{")):
        return  # brackets within brackets of a flow
    text = BASE + place.format(written) if place.startswith(" ") else BASE + "    title: x\n" + place.format(written)
    assert bool(problems(text, tmp_path)) == bool(wrong(text)), (text, problems(text, tmp_path), wrong(text))


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("    health: {passes: 5}\n", False),
        ("defaults: {health: {url: 'http://a.example/'}}\n", True),
        ("defaults: {health: {passes: lots}}\n", False),
        ("defaults: {order: {}}\n", False),
    ],
)
def test_over_defaults_nothing_is_required(tmp_path: Path, text: str, fits: bool) -> None:
    text = BASE + ("" if text.startswith(" ") else "    health: {passes: 5}\n") + text
    assert (problems(text, tmp_path) == []) is fits
    assert (wrong(text) == []) is fits


# ── every setting is documented, and read by something ───────────────────────────────────────────────────────────────


def every() -> dict[str, Any]:
    """All keys by their paths, with the shapes of what is below them."""
    found: dict[str, Any] = {}

    def walk(shape: Any, above: str) -> None:
        match shape:
            case Keys():
                for key in shape.keys:
                    found[f"{above}{key.name}"] = key
                    if key.name != "defaults":
                        walk(key.shape, f"{above}{key.name}.")
            case Many(item=item):
                walk(item, f"{above.removesuffix('.')}[].")
            case Named(item=item):
                walk(item, f"{above}NAME.")
            case Apart(like=like):
                for one in like:
                    walk(one, above)

    walk(top(sections(), Path(), runbook_numbers.WatchSpec()), "")
    return found


def test_every_key_is_explained() -> None:
    page = (ROOT / "tui/help/services.md").read_text()
    vendors = [[key.name] for place in SectionPlace for key in shapes(sections(), place)]
    for path, key in every().items():
        shared = re.sub(
            r"^services\.NAME\.parts\[\]\.(health|identity)\..*|^services\.NAME\.(smoke\[\]|health)\.(expect|headers|host_header).*",
            "",
            path,
        )
        assert not shared or f"`{path}`" in page, path
        assert key.words, path
        plain = not isinstance(key.shape, Keys | Apart | Many | Named) and path.split(".")[-2:-1][:1] not in vendors
        assert not plain or key.required or key.told, f"{path}: what holds without it?"


def test_every_key_that_changes_only_words_is_one() -> None:
    names = {path.split(".")[-1].removesuffix("[]") for path in every()}
    assert names >= HARMLESS, HARMLESS - names


KINDS = (
    model.Host, model.Expect, model.RequestHeader, model.HealthSpec, model.SmokeSpec, model.IdentitySpec,
    model.RollbackSpec, model.Service, model.Fleet,
    runbook_numbers.SeveritySpec, runbook_numbers.WatchSpec, runbook_numbers.Budgets, runbook_numbers.Contacts,
)  # fmt: skip


@cache
def used() -> set[str]:
    """Names of attributes that are read anywhere but where services.yaml itself is read."""
    found: set[str] = set()
    for file in (ROOT / "tui").rglob("*.py"):
        if file.relative_to(ROOT / "tui").parts[0] in ("config", "sandbox"):
            continue
        attributes = (node for node in ast.walk(tree(file)) if isinstance(node, ast.Attribute))
        found |= {node.attr for node in attributes if isinstance(node.ctx, ast.Load)}
    return found


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_setting_is_read_by_something_that_shows_or_does_it(kind: type[msgspec.Struct]) -> None:
    unread = {field.name for field in msgspec.structs.fields(kind)} - used()
    assert unread == set(), f"services.yaml takes {unread} of {kind.__name__}, and nothing reads it"
