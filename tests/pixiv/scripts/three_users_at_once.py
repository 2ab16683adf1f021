"""Profiles and newest works of several users, asked for together; the pace stays that of one client."""

import asyncio

from pixmirror.pixiv import Client


async def main(token: str, user_ids: list[int]) -> None:
    async with Client(token) as pixiv, asyncio.TaskGroup() as group:
        profiles = [group.create_task(pixiv.users.detail(user_id)) for user_id in user_ids]
        newest = [group.create_task(pixiv.users.illusts(user_id)) for user_id in user_ids]
    for profile, page in zip(profiles, newest, strict=True):
        artist, works = profile.result(), page.result()
        print(artist.user.name, artist.profile.total_illusts, [work.id for work in works[:3]])
