"""What a disk may have kept when the power is cut: a process's system calls, replayed on a disk of our own.

`recorded` runs a command under strace. `Disk.play` takes its calls one after the other; `Disk.came_up` says what
may lie there if the power is cut now. Safe is only what was synced: bytes by their file's sync, names by their
folder's. All else may be kept, lost, kept in part (writes in any order, torn between sectors, sizes without their
bytes). Changes of names within one folder keep their order, and a rename never loses the file itself, as on every
disk with a journal.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal

Kind = Literal["safe", "all", "zeros", "names", "bytes", "mixed"]
KINDS: tuple[Kind, ...] = ("safe", "all", "zeros", "names", "bytes", "mixed", "mixed")
SECTOR = 512
TRACED = (
    "openat,creat,write,writev,pwrite64,pwritev,lseek,ftruncate,truncate,fallocate,fsync,fdatasync,sync_file_range,"
    "rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,mkdir,mkdirat,rmdir,utimensat,"
    "copy_file_range,sendfile"
)
_CALL = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+)")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


@dataclass(frozen=True, slots=True)
class Call:
    """A system call that succeeded. `strings`: its paths or its data; `rest`: its arguments without them."""

    name: str
    strings: list[bytes]
    rest: list[str]
    result: int


def recorded(command: Sequence[str], log: Path, env: Mapping[str, str], cwd: Path) -> list[Call]:
    """Run a command to its end, which must be 0, and return what it asked of the system, in order."""
    strace = ["strace", "-f", "--seccomp-bpf", "-qq", "-xx", "-s", str(1 << 24), "-e", f"trace={TRACED}"]
    subprocess.run(
        [*strace, "-e", "signal=none", "-o", str(log), "--", *command], check=True, env=dict(env), cwd=cwd
    )
    return list(_calls(log))


def _calls(log: Path) -> Iterator[Call]:
    """Yield the calls in the order in which they returned: what is under way promises nothing."""
    begun: dict[str, str] = {}
    with log.open() as lines:
        for line in lines:
            process, text = line.rstrip("\n").split(maxsplit=1)
            if text.endswith("<unfinished ...>"):
                begun[process] = text.removesuffix("<unfinished ...>")
                continue
            if text.startswith("<... "):
                text = begun.pop(process) + text.split("resumed>", 1)[1]
            if (found := _CALL.match(text)) and int(found[3]) >= 0:
                strings = [bytes.fromhex(hexed.replace("\\x", "")) for hexed, _ in _STRING.findall(found[2])]
                rest = [one.strip() for one in _STRING.sub("_", found[2]).split(",")]
                yield Call(found[1], strings, rest, int(found[3]))


@dataclass(slots=True)
class File:
    """A file's bytes: as the process sees them, as they are safe, and the writes between."""

    now: bytes = b""
    safe: bytes = b""
    mtime: int | None = None  # ns
    safe_mtime: int | None = None
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)  # where, and what; None: cut off there

    def change(self, at: int, data: bytes | None) -> None:
        self.now = _changed(self.now, at, data)
        self.pending.append((at, data))

    def sync(self) -> None:
        self.safe, self.safe_mtime = self.now, self.mtime
        self.pending.clear()

    def some(self, rng: Random) -> bytes:
        """Any of the writes, some of them torn."""
        kept = self.safe
        for at, data in self.pending:
            match rng.choice(("whole", "none", "torn", "zeros")):
                case "whole":
                    kept = _changed(kept, at, data)
                case "torn" if data is not None:
                    for begin in range(0, len(data), SECTOR):
                        if rng.random() < 0.5:
                            kept = _changed(kept, at + begin, data[begin : begin + SECTOR])
                case "zeros" if data is not None:
                    kept = kept.ljust(at + len(data), b"\0")
        return kept


def _changed(content: bytes, at: int, data: bytes | None) -> bytes:
    if data is None:
        return content[:at].ljust(at, b"\0")
    return content[:at].ljust(at, b"\0") + data + content[at + len(data) :]


@dataclass(slots=True)
class Effect:
    """A change of one folder's names. `needs`: what another folder must have kept for it."""

    names: dict[str, "File | Folder | None"]
    needs: "Effect | None" = None


@dataclass(slots=True)
class Folder:
    """A folder's names: as the process sees them, as they are safe, and the changes between."""

    now: dict[str, "File | Folder"] = field(default_factory=dict)
    safe: dict[str, "File | Folder"] = field(default_factory=dict)
    pending: list[Effect] = field(default_factory=list)

    def change(self, effect: Effect) -> Effect:
        _apply(self.now, effect)
        self.pending.append(effect)
        return effect

    def sync(self) -> None:
        self.safe = dict(self.now)
        self.pending.clear()


def _apply(names: dict[str, "File | Folder"], effect: Effect) -> None:
    for name, node in effect.names.items():
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


@dataclass(frozen=True, slots=True)
class Tree:
    """What came up: each file below the root with its bytes and its time (ns), and each folder."""

    files: dict[str, tuple[bytes, int | None]]
    folders: list[str]

    def __hash__(self) -> int:
        return hash((frozenset(self.files.items()), frozenset(self.folders)))

    def build(self, root: Path) -> None:
        root.mkdir()
        for rel in self.folders:
            (root / rel).mkdir()
        for rel, (content, mtime) in self.files.items():
            (root / rel).write_bytes(content)
            if mtime is not None:
                os.utime(root / rel, ns=(mtime, mtime))


class Disk:
    """The disk below a folder, which may hold something: that is safe from the start."""

    def __init__(self, root: Path) -> None:
        self._at = str(root)
        self.root = Folder()
        self._open: dict[int, File | Folder] = {}
        self._position: dict[int, int] = {}
        self._load(root, self.root)

    def _load(self, place: Path, folder: Folder) -> None:
        for path in sorted(place.iterdir()):
            if path.is_dir():
                folder.now[path.name] = inner = Folder()
                self._load(path, inner)
            else:
                content, mtime = path.read_bytes(), path.stat().st_mtime_ns
                folder.now[path.name] = File(content, content, mtime, mtime)
        folder.sync()

    # -- what was done ---------------------------------------------------------------------------------------

    def play(self, call: Call) -> bool:
        """Do what the call did. Return whether it concerns this disk."""
        strings, rest, name = call.strings, call.rest, call.name.removesuffix("at").removesuffix("at2")
        if call.name in ("openat", "creat"):
            return self._opened(strings[0], call.name + rest[2], call.result)
        if call.name in ("rename", "renameat", "renameat2", "link", "linkat"):
            return self._named(name, *strings)
        if call.name in ("unlink", "unlinkat", "rmdir", "mkdir", "mkdirat"):
            return self._one_name(name, strings[0])
        if call.name == "utimensat" and not strings:
            return self._timed(call)
        fd = rest[0]
        if call.name == "utimensat" or (node := self._open.get(int(fd))) is None:
            assert call.name in ("write", "writev", "lseek", "utimensat") or fd.isdecimal(), call.name
            return False
        return self._to_open(call, node)

    def _to_open(self, call: Call, node: "File | Folder") -> bool:
        fd = int(call.rest[0])
        if call.name in ("fsync", "fdatasync"):
            node.sync()
            return True
        assert isinstance(node, File), call.name
        match call.name:
            case "lseek":
                self._position[fd] = call.result
                return False
            case "write":
                node.change(self._position[fd], call.strings[0][: call.result])
                self._position[fd] += call.result
            case "pwrite64":
                node.change(int(call.rest[3]), call.strings[0][: call.result])
            case "ftruncate":
                node.change(int(call.rest[1]), None)
            case "fallocate":
                node.change(len(node.now.ljust(int(call.rest[2]) + int(call.rest[3]), b"\0")), None)
            case _:
                raise AssertionError(f"{call.name} is not replayed yet")
        return True

    def _opened(self, path: bytes, flags: str, fd: int) -> bool:
        self._open.pop(fd, None)
        self._position[fd] = 0
        place, name = self._find(path)
        if place is None:
            return False
        if "O_TMPFILE" in flags:
            return False
        node = place.now.get(name) if name else place
        if node is None:
            node = File()
            place.change(Effect({name: node}))
        elif "O_TRUNC" in flags and isinstance(node, File) and node.now:
            node.change(0, None)
        self._open[fd] = node
        return "O_CREAT" in flags

    def _named(self, how: str, old: bytes, new: bytes) -> bool:
        (source, was), (target, name) = self._find(old), self._find(new)
        if source is None and target is None:
            return False
        assert source is not None
        assert target is not None
        node = source.now[was]
        if how == "link" or source is not target:
            added = target.change(Effect({name: node}))
            if how == "rename":
                source.change(Effect({was: None}, added))
        else:
            target.change(Effect({was: None, name: node}))
        return True

    def _one_name(self, how: str, path: bytes) -> bool:
        place, name = self._find(path)
        if place is None:
            return False
        place.change(Effect({name: Folder() if how == "mkdir" else None}))
        return True

    def _timed(self, call: Call) -> bool:
        node = self._open.get(int(call.rest[0]))
        if isinstance(node, File):
            text = ",".join(call.rest)
            seconds, nanoseconds = re.findall(r"tv_sec=(\d+)", text)[-1], re.findall(r"tv_nsec=(\d+)", text)[-1]
            node.mtime = int(seconds) * 1_000_000_000 + int(nanoseconds)
        return node is not None

    def _find(self, raw: bytes) -> tuple[Folder | None, str]:
        """Return the folder of a path and its name there; no folder if it lies elsewhere."""
        path = os.fsdecode(raw)
        if path == self._at:
            return self.root, ""
        if not path.startswith(f"{self._at}/"):
            return None, ""
        *folders, name = path[len(self._at) + 1 :].rstrip("/").split("/")
        place = self.root
        for one in folders:
            inner = place.now[one]
            assert isinstance(inner, Folder)
            place = inner
        node = place.now.get(name)
        return (node, "") if isinstance(node, Folder) and raw.endswith(b"/") else (place, name)

    # -- what is left of it ----------------------------------------------------------------------------------

    def came_up(self, kind: Kind, rng: Random) -> Tree:
        """What may lie there if the power is cut now."""
        tree = Tree({}, [])
        kept = dict[int, Effect]()
        names = dict[int, dict[str, File | Folder]]()
        self._choose(self.root, kind, rng, kept, names)
        self._collect(self.root, "", kind, rng, names, tree)
        return tree

    def _choose(
        self,
        folder: Folder,
        kind: Kind,
        rng: Random,
        kept: dict[int, Effect],
        names: dict[int, dict[str, File | Folder]],
    ) -> None:
        """Choose how many of its last changes each folder has kept; a file leaves one only for another."""
        folders = list(_below(folder))
        share = {"safe": 0.0, "bytes": 0.0, "mixed": None}.get(kind, 1.0)
        for one in folders:
            many = rng.randint(0, len(one.pending)) if share is None else round(share * len(one.pending))
            names[id(one)] = dict(one.safe)
            for effect in one.pending[:many]:
                kept[id(effect)] = effect
        waiting = {id(effect) for one in folders for effect in one.pending}
        for one in folders:
            for effect in one.pending:
                needs = effect.needs
                if id(effect) in kept and (needs is None or id(needs) in kept or id(needs) not in waiting):
                    _apply(names[id(one)], effect)

    def _collect(
        self,
        folder: Folder,
        below: str,
        kind: Kind,
        rng: Random,
        names: dict[int, dict[str, "File | Folder"]],
        tree: Tree,
    ) -> None:
        for name, node in sorted(names[id(folder)].items()):
            rel = f"{below}{name}"
            if isinstance(node, Folder):
                tree.folders.append(rel)
                self._collect(node, f"{rel}/", kind, rng, names, tree)
            elif not name.endswith("-shm"):  # which SQLite makes anew
                tree.files[rel] = _kept_of(node, kind, rng)


def _kept_of(file: File, kind: Kind, rng: Random) -> tuple[bytes, int | None]:
    if kind == "mixed":
        kind = rng.choice(("safe", "all", "zeros", "mixed"))
    match kind:
        case "all" | "bytes":
            return file.now, file.mtime
        case "zeros":
            return file.safe.ljust(len(file.now), b"\0"), file.mtime
        case "mixed":
            return file.some(rng), rng.choice((file.mtime, file.safe_mtime))
    return file.safe, file.safe_mtime


def _below(folder: Folder) -> Iterator[Folder]:
    """Yield every folder that any of the names may lead to, once."""
    seen = set[int]()
    todo = [folder]
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        nodes = [*one.safe.values(), *one.now.values(), *(n for e in one.pending for n in e.names.values())]
        todo += [node for node in nodes if isinstance(node, Folder)]
