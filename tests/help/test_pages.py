"""Every test that a page names as its proof is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "tui" / "help").glob("*.md"))
_NAMED = re.compile(r"`(tests/[\w/]+(?:\.py)?)(?:::(\w+))?`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    missing = []
    for file, name in _NAMED.findall(page.read_text(encoding="utf-8")):
        path = ROOT / file
        found = path.exists() and (not name or re.search(rf"def {name}\(", path.read_text(encoding="utf-8")))
        if not found:
            missing.append(f"{file}::{name}")
    assert not missing


def test_the_pages_of_security_and_promises_name_their_tests() -> None:
    named = {page.stem: _NAMED.findall(page.read_text(encoding="utf-8")) for page in PAGES}
    assert len(named["security"]) >= 15 and len(named["promises"]) >= 20
