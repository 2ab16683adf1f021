"""What a comment or docstring cites is here: in architecture.md, in pixiv.md, or in a coverage table."""

import ast
import io
import re
import tokenize
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

import typer

from pixmirror.cli import api as api_functions
from pixmirror.cli import app
from tests.pixiv.covered import find

REPO = Path(__file__).parents[1]
DOCS = REPO / "src" / "pixmirror" / "docs"
FOR_BUILDERS = ("architecture", "pixiv")
NOT_HERE = re.compile(
    r"\blaws? \d|\bdesign(\.md)? (law )?\d|pixiv-facts|\b(house|design|style|tech|peers|roadmap|screens)\.md",
    re.IGNORECASE,
)
ONE = r"[1-9]\d?(?:\.\d+)?"
SECTIONS = rf"{ONE}(?:(?:, | and ){ONE})*"
CITES = re.compile(rf"\bSource: |[Aa]rchitecture: |pixiv\.md|\b[Rr]ecorded \w+-\w|\b(?:002|003) {ONE}")
HINTS = re.compile(rf"{NOT_HERE.pattern}|rchitecture:|pixiv\.md|Source:|ecorded |ocuments? 00|#\d", re.IGNORECASE)


@dataclass(frozen=True)
class Said:
    """A docstring, or a comment of some lines, as one line. `function`: whose docstring it is, with its module."""

    place: str
    text: str
    function: str = ""


@cache
def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text("utf-8")


@cache
def headings(name: str) -> set[str]:
    """In lower case, and of numbered ones the number alone."""
    found = re.findall(r"^#{2,4} (.+)$", page(name), re.MULTILINE)
    return {heading.split(" ")[0].rstrip(".") if heading[0].isdigit() else heading.lower() for heading in found}


@cache
def recorded() -> list[str]:
    return re.findall(r"^\| (\S+) \|", page("pixiv").partition("## 14.")[2], re.MULTILINE)


@cache
def entries() -> set[tuple[str, str, str]]:
    """Of each entry of the coverage tables the document, the section or method in it, and our function."""
    found = set()
    for table in REPO.glob("tests/coverage*.toml"):
        for entry in tomllib.loads(table.read_text("utf-8"))["endpoint"]:
            ours = find(entry["function"])
            function = (
                f"{ours.__module__}.{getattr(ours, '__qualname__', '')}"  # a row of a table has no docstring
            )
            found.add((entry["document"], entry.get("name", "").split(" ")[0], function))
            found.add(("003", entry.get("pixivapi", ""), function))
    return found


def everything() -> Iterator[Said]:
    for path in chain(*(sorted((REPO / folder).rglob("*.py")) for folder in ("src", "tests", "migrations"))):
        if path != Path(__file__) and HINTS.search(path.read_text("utf-8")):
            yield from docstrings(path)
            tokens = tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
            yield from comments(path, {t.start[0]: t.string for t in tokens if t.type == tokenize.COMMENT})
    for path in (*REPO.glob("tests/*.toml"), REPO / "pyproject.toml"):
        lines = enumerate(path.read_text("utf-8").splitlines(), 1)
        yield from comments(path, {number: line for number, line in lines if line.startswith("#")})


def docstrings(path: Path) -> Iterator[Said]:
    module = ".".join(path.relative_to(REPO).with_suffix("").parts).removeprefix("src.")
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            line, name = getattr(node, "lineno", 1), getattr(node, "name", "")
            text = " ".join((ast.get_docstring(node) or "").split())
            yield Said(f"{path.relative_to(REPO)}:{line}", text, name and f"{module}.{name}")


def comments(path: Path, lines: dict[int, str]) -> Iterator[Said]:
    block: list[str] = []
    for number, text in lines.items():
        block.append(text.lstrip("# "))
        if number + 1 not in lines:
            yield Said(f"{path.relative_to(REPO)}:{number}", " ".join(block))
            block = []


def each(sections: str) -> list[str]:
    return re.split(", | and ", sections)


def unresolved(said: Said) -> Iterator[str]:
    """What the text cites and nothing in the repository answers to."""
    if found := NOT_HERE.search(said.text):
        yield found[0]
    for cited in re.findall(r"[Aa]rchitecture: ([^).]+)", said.text):
        yield from (name for name in cited.split("; ") if name.lower() not in headings("architecture"))
    for cited in re.findall(rf"pixiv\.md ({SECTIONS})", said.text):
        yield from (f"pixiv.md {number}" for number in each(cited) if number not in headings("pixiv"))
    for name in re.findall(r"[Rr]ecorded (\w+-[\w*-]+|(?<=001, recorded )\w+)", said.text):
        if not any(re.fullmatch(name.replace("*", r"\w+"), known) for known in recorded()):
            yield f"recorded {name}"
    yield from (issue for issue in re.findall(r"\b[\w/-]+#\d+\b", said.text) if issue not in page("pixiv"))
    yield from unresolved_documents(said)


def unresolved_documents(said: Said) -> Iterator[str]:
    """`Source: 002 1.2`, `003 fetch_user` and a bare `001` are entries of the very function that says so."""
    for number in re.findall(r"[Dd]ocuments? (\d{3})\b", said.text):
        if f"| document {number} |" not in page("pixiv"):
            yield f"document {number}"
    for document, cited in re.findall(rf"[Dd]ocument (\d{{3}}) (?:section )?({SECTIONS})", said.text):
        for section in each(cited):
            if not any(d == document and f"{name}.".startswith(f"{section}.") for d, name, _ in entries()):
                yield f"document {document} {section}"
    sources = said.text.partition("Source: ")[2] if said.function else ""
    for document, cited in re.findall(rf"\b(00\d)\b(?: ((?<=003 )[A-Za-z_.]+\w|{SECTIONS}))?", sources):
        for one in each(cited):
            if not any(d == document and one in ("", name) and f == said.function for d, name, f in entries()):
                yield f"Source: {document} {one}".rstrip()


def test_each_citation_resolves() -> None:
    assert [f"{said.place}: {missing}" for said in everything() for missing in unresolved(said)] == []


def test_what_is_missing_is_named() -> None:
    function = "pixmirror.pixiv.app.illusts.detail"
    wrong = (
        "Law 6; pixiv.md 3.3 and 77; architecture: no hole; no law. Source: 002 1.1, 002 1.2, 001, recorded a-b."
    )
    assert set(unresolved(Said("", wrong, function))) == {
        *("Law 6", "pixiv.md 77", "no law", "Source: 002 1.2", "Source: 001", "recorded a-b"),
    }


def test_every_place_that_the_architecture_names_exists() -> None:
    places = re.findall(r"(?<![\w/.])((?:[a-z_]+/)*[a-z_]+\.py)(?::(\w+(?:\.\w+)*))?", page("architecture"))
    for path, name in places:
        file = next((root / path for root in (REPO / "src" / "pixmirror", REPO) if (root / path).is_file()), None)
        assert file is not None, path
        for part in name.split("."):
            defined = rf"^ *(?:(?:async )?def|class) {part}\b|^ *{part}\b.* = " if part else ""
            assert re.search(defined, file.read_text("utf-8"), re.MULTILINE), f"{path}:{name}"
    assert len(places) > 50


def test_what_users_read_cites_nothing() -> None:
    read = {path.name: path.read_text("utf-8") for path in DOCS.glob("*.md") if path.stem not in FOR_BUILDERS}
    root = typer.main.get_command(app)
    for api in ("app", "web"):
        for name in api_functions.functions(api):
            read[f"api {api} {name}"] = str(api_functions.command(api, name).help)
    read |= {name: str(command.help) for name, command in root.commands.items()}  # type: ignore[attr-defined]
    assert len(read) > 100
    assert [f"{name}: {found[0]}" for name, text in read.items() if (found := CITES.search(text))] == []
