"""Run by a Python that has gallery-dl: `gallery_dl_run.py TASK.json`, with every request sent to the stand-in.

Its fastest documented configuration: no waiting between requests or files, no .part files, no times set on files,
nothing printed, its cache in memory, and nothing asked of the website (its default asks that about every artist).
"""
# mypy: ignore-errors

import json
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import requests
from gallery_dl import config, job
from requests.adapters import HTTPAdapter

task = json.loads(Path(sys.argv[1]).read_text())
bases = {host: urlsplit(base) for host, base in task["hosts"].items()}


class Loopback(HTTPAdapter):
    """Changes the address of a request in place: nothing is copied, so that it costs next to nothing."""

    def send(self, request, **how):
        asked = urlsplit(request.url)
        base = bases.get(asked.hostname)
        if base is None:
            raise requests.exceptions.InvalidURL(request.url)
        real, request.url = request.url, urlunsplit(asked._replace(scheme=base.scheme, netloc=base.netloc))
        answer = super().send(request, **{**how, "proxies": {}})
        answer.url = request.url = real
        return answer


adapter = Loopback()
requests.Session.get_adapter = lambda session, url: adapter
options = {
    "sleep": 0,
    "sleep-request": 0,
    "sleep-retries": 0,
    "sleep-extractor": 0,
    "retries": 1,
    "fallback": False,
    "sanity": False,
    "refresh-token": task["token"],
    **task["options"],
}
for key, value in options.items():
    config.set(("extractor",), key, value)
config.set(("downloader",), "part", False)
config.set(("downloader",), "mtime", False)
config.set(("output",), "mode", "null")
config.set(("cache",), "file", ":memory:")
sys.exit(job.DownloadJob(task["url"]).run())
