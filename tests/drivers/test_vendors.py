"""The registry of vendors: a new one is one file and one entry, and everybody can read how each is set up."""

import re
from pathlib import Path

import pytest

from tests.config.fleets import SMALL
from tests.drivers import opsgenie
from tests.vendors import Vendors
from tui import bootstrap
from tui.config import ServicesError
from tui.config.trust import HARMLESS
from tui.drivers import vendors as registry
from tui.drivers.clock import SystemClock
from tui.drivers.secrets import learn_all
from tui.drivers.vendors.base import Vendor
from tui.model.finding import Finding, Result
from tui.model.service import Fleet
from tui.model.vendor import CREDENTIAL, keys
from tui.text.redact import redact

PAGE = (Path(__file__).parent.parent.parent / "tui/help/vendors.md").read_text()
KEY = "5f3c-not-of-any-known-make"
TEAM = "    opsgenie: {team: platform, tags: [on fire]}\n"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one entry that a new vendor needs."""
    monkeypatch.setattr(registry, "REGISTRY", (*registry.REGISTRY, opsgenie.VENDOR))


def fleet(folder: Path, text: str) -> Fleet:
    """A services.yaml as the console itself reads it."""
    file = folder / "named.yaml"
    file.write_text(SMALL + text)
    return bootstrap.fleet(str(file))


async def checked(of: Fleet, environ: dict[str, str]) -> list[Finding]:
    """What `check` says of the new vendor."""
    outside = bootstrap.outside(of, environ, SystemClock())
    found = [line for one in outside.checks for line in await one.check(of.services) if line.topic == "opsgenie"]
    await outside.close()
    return found


@pytest.mark.usefixtures("known")
def test_a_new_vendor_is_configured(tmp_path: Path) -> None:
    (web,) = fleet(tmp_path, TEAM).services
    assert web.vendor(opsgenie.OpsgenieSpec) == opsgenie.OpsgenieSpec(team="platform", tags=("on fire",))
    for wrong, said in (
        ("    opsgenie: {tags: x}\n", "opsgenie.tags: must be a list, is 'x'"),
        ("    opsgenie: {}\n", "opsgenie: team is missing"),
        ("    opsgenie: {team: a, teem: b}\n", "opsgenie.teem: unknown key; did you mean 'team'?"),
        ("    opsgenie: {team: a/b}\n", "opsgenie.team: 'a/b' is no name or id"),
        ("    opsgenie: {team: a, api_key: b}\n", "opsgenie.api_key: is a secret: name the environment variable"),
        ("    opsgeni: {}\n", "services.web.opsgeni: unknown key; did you mean 'opsgenie'?"),
    ):
        with pytest.raises(ServicesError, match=re.escape(said)):
            fleet(tmp_path, wrong)


def test_nobody_reads_a_vendor_without_an_entry(tmp_path: Path) -> None:
    with pytest.raises(ServicesError, match=r"services\.web\.opsgenie: unknown key"):
        fleet(tmp_path, TEAM)


@pytest.mark.usefixtures("known")
async def test_a_new_vendor_is_checked(tmp_path: Path, vendors: Vendors) -> None:
    (absent,) = await checked(fleet(tmp_path, ""), {})
    assert (absent.result, absent.fix) == (Result.NOTE, "services.yaml: services.NAME.opsgenie, if you want it")
    (missing,) = await checked(fleet(tmp_path, TEAM), {})
    assert missing.text == "opsgenie is set up, but OPSGENIE_KEY_OF_TEAM is not set: it is left out"
    there = TEAM.replace("team:", f"url: '{vendors.urls['github']}', team:")  # a server that knows no such path
    (refused,) = await checked(fleet(tmp_path, there), {"OPSGENIE_KEY_OF_TEAM": KEY})
    assert (refused.subject, refused.result, refused.fix) == ("web", Result.FINDING, "is the team right?")
    assert len(vendors.received) == 1


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("text", "name"),
    [("", "OPSGENIE_KEY_OF_TEAM"), (TEAM.replace("team:", "key_env: ACME_PAGES, team:"), "ACME_PAGES")],
)
def test_the_secret_of_a_new_vendor_is_redacted(tmp_path: Path, text: str, name: str) -> None:
    key = f"7a1e-{name.lower()}"
    assert key in redact(f"refused: {key}")
    (tmp_path / "key").write_text(f"{key}\n")
    learn_all(fleet(tmp_path, text), {f"{name}_FILE": str(tmp_path / "key")}, registry.credentials())
    assert key not in redact(f"refused: {key}")


# ── all vendors ──────────────────────────────────────────────────────────────────────────────────────────────────


def configured() -> list[Vendor]:
    """The vendors that have a section in services.yaml."""
    return [one for one in registry.REGISTRY if one.section is not None]


@pytest.mark.parametrize("vendor", configured(), ids=lambda one: one.name)
def test_how_a_vendor_is_set_up_is_documented(vendor: Vendor) -> None:
    assert vendor.section is not None
    rows = [line for line in PAGE.splitlines() if vendor.section.path in line or line.startswith("Each takes")]
    words = set(re.findall(r"[A-Za-z_]+", "".join(re.findall(r"`[^`]+`", "".join(rows)))))
    named = {key.name for key in keys(vendor.section.settings)}
    assert named | set(vendor.section.credentials) <= words


@pytest.mark.parametrize("vendor", configured(), ids=lambda one: one.name)
def test_a_vendor_has_a_credential_and_says_where_it_is_sent(vendor: Vendor) -> None:
    assert vendor.section is not None
    known = keys(vendor.section.settings)
    assert [key for key in known if key.name.endswith(CREDENTIAL)]
    addresses = [key for key in known if key.name.endswith("url")]
    assert addresses
    # a vendor that runs at everybody's own place has no address but the one that the file names
    assert all(key.required or key.default is None or key.default.startswith("https://") for key in addresses)


def test_a_person_is_asked_about_whatever_a_vendor_is_given() -> None:
    named = {key.name for vendor in configured() if vendor.section for key in keys(vendor.section.settings)}
    assert named & HARMLESS == {"labels", "schedule", "environment"}  # words, wherever they are sent


def test_names_and_sections_are_clear() -> None:
    assert len({one.name for one in registry.REGISTRY}) == len(registry.REGISTRY)
    shared = [(one.path, one.choice) for one in registry.sections()]
    assert len(set(shared)) == len(shared)
    for path in {path for path, _ in shared}:
        choices = [choice for other, choice in shared if other == path]
        assert choices == [""] or "" not in choices


def test_every_file_of_a_vendor_is_registered() -> None:
    folder = Path(registry.__file__).parent
    common = {"__init__", "api", "base", "findings", "markdown", "one_api", "tickets"}
    files = {file.stem for file in folder.glob("*.py")} - common
    entries = re.findall(r"^    (\w+)\.VENDOR,$", Path(registry.__file__).read_text(), re.MULTILINE)
    assert sorted(entries) == sorted(files)
