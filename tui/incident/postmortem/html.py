"""The document as a page that stands alone: Markdown becomes HTML, charts become pictures.

The text is escaped as Markdown before it comes here; raw HTML in it stays text, and the page forbids scripts, forms and
every address (Content-Security-Policy), so that what slipped through could do nothing.
"""

from collections.abc import MutableMapping, Sequence
from html import escape

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from tui.incident.postmortem import dialect, svg
from tui.incident.postmortem.markdown import CHART
from tui.model.postmortem import PostMortem

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;"
    "background:#fff;overflow-wrap:anywhere}pre,code{font-family:ui-monospace,monospace;font-size:.9em}pre{overflow-x:auto}"
    "h2,h3,h4{line-height:1.25}svg{max-width:100%;height:auto;display:block;margin:1rem 0}"
    "table{border-collapse:collapse}th,td{border:1px solid #8888;padding:.2em .6em;text-align:left}"
    "@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


_PICTURES = "pictures"


class _Renderer(RendererHTML):
    """Draws the charts in place of their text."""

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, str]) -> str:
        """A fenced block."""
        return env[_PICTURES] if tokens[idx].info.strip() == CHART else super().fence(tokens, idx, options, env)


def page(found: PostMortem, document: str) -> str:
    """The whole page of a document that was rendered as Markdown."""
    pictures = "\n".join(svg.picture(chart) for chart in found.charts) + "\n"
    body = dialect.reader(_Renderer).render(document, {_PICTURES: pictures})
    title = escape(f"Incident {found.incident}: {found.title.text}")
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
