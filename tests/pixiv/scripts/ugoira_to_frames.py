"""The frames of an animation as pictures, named by their order and how long each shows."""

from pathlib import Path
from zipfile import ZipFile

from pixmirror.pixiv.blocking import Client


def main(token: str, illust_id: int, folder: Path) -> None:
    with Client(token) as pixiv:
        ugoira = pixiv.illusts.ugoira_metadata(illust_id)
        archive = pixiv.download(ugoira.zip_urls.medium, folder)
    with ZipFile(archive) as pictures:
        for number, frame in enumerate(ugoira.frames):
            name = f"{number:04}_{frame.delay}ms{Path(frame.file).suffix}"
            (folder / name).write_bytes(pictures.read(frame.file))
