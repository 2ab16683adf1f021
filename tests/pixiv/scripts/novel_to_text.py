"""A novel as a text file."""

from pathlib import Path

from pixmirror.pixiv.blocking import Client


def main(token: str, novel_id: int, folder: Path) -> None:
    with Client(token) as pixiv:
        novel = pixiv.novels.detail(novel_id)
        text = pixiv.novels.text(novel_id).text
    (folder / f"{novel.id}.txt").write_text(f"{novel.title}\n\n{text}\n", encoding="utf-8")
