"""What a script says whose refresh token is wrong, or was revoked."""

from pixmirror.errors import TokenRejected
from pixmirror.pixiv.blocking import Client


def main(token: str, user_id: int) -> None:
    with Client(token) as pixiv:
        try:
            print(pixiv.users.detail(user_id).user.name)
        except TokenRejected as failure:
            print("Log in again:", failure)
