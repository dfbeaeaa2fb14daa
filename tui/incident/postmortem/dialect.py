"""The Markdown that documents are written in: CommonMark with tables, without raw HTML and without pictures.

Values are escaped by these rules (`markdown`): whoever reads a document reads it by the same.
"""

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML


def reader(renderer: type[RendererHTML] = RendererHTML) -> MarkdownIt:
    """The parser of a document."""
    return MarkdownIt("commonmark", {"html": False}, renderer_cls=renderer).disable("image").enable("table")
