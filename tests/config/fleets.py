"""Files to load: the one that ships, a small one, and what is wrong with any of them as (line, text) pairs."""

from collections.abc import Mapping
from pathlib import Path

from tui.config import Fleet, ServicesError, load
from tui.drivers.vendors import sections

SHIPPED = Path(__file__).parent.parent.parent / "services.yaml"

SMALL = """\
version: 1
hosts:
  here:
    ssh: dokku@host.example
services:
  web:
    host: here
    app: web-app
    health:
      url: http://host.example:5000/health
"""


def load_text(text: str, folder: Path, environ: Mapping[str, str] | None = None) -> Fleet:
    """The fleet that a file of this text describes."""
    file = folder / "services.yaml"
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    return load(file, environ=environ or {}, sections=sections())


def problems(text: str, folder: Path, environ: Mapping[str, str] | None = None) -> list[tuple[int, str]]:
    """What is wrong with a file of this text; nothing where it loads."""
    try:
        load_text(text, folder, environ)
    except ServicesError as error:
        return [(p.line, p.text) for p in error.problems]
    return []
