"""What of captions and novels is searched: the text that one reads, without marks. Cheap: done for each work."""

import html
import re

_BREAK = re.compile(r"<(?:br|/?(?:p|div|li|[uo]l|blockquote|h\d|hr))\b[^>]*>", re.IGNORECASE)
_MARK = re.compile(r"</?[a-zA-Z][^>]*>")
_RUBY = re.compile(r"\[\[rb:\s*([^\[\]>＞]*?)\s*[>＞]\s*([^\[\]]*?)\s*\]\]")
_LINK = re.compile(r"\[\[jumpuri:\s*([^\[\]>]*?)\s*>[^\[\]]*\]\]")
_CHAPTER = re.compile(r"\[chapter:([^\]\n]*)\]")
_OTHER = re.compile(r"\[(?:newpage|jump: *\d+ *|pixivimage: *[\d-]+ *|uploadedimage: *\d+ *)\]", re.ASCII)


def caption(text: str) -> str:
    """Return the text of a caption; where its links lead is none of it."""
    if "<" in text:
        text = _MARK.sub("", _BREAK.sub("\n", text))
    return html.unescape(text) if "&" in text else text


def novel(text: str) -> str:
    """Return a novel's text, and after it the readings that stood above its words."""
    readings = [reading for _, reading in _RUBY.findall(text)]
    text = _CHAPTER.sub(r"\n\1\n", _LINK.sub(r"\1", _RUBY.sub(r"\1", text)))
    return "\n".join([_OTHER.sub("\n", text), *readings])
