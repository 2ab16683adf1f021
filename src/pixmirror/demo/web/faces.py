"""People as the JSON of the web: users, rows of following lists, and what people say."""

from pixmirror.demo import addresses
from pixmirror.demo.shapes import Json, View
from pixmirror.demo.web.shapes import ident, thumb
from pixmirror.demo.world import Comment, Key, User


def person(view: View, user: User, full: bool) -> Json:
    """/ajax/user/{id}, short or full."""
    world = view.world
    short: Json = {
        "userId": ident(user.id),
        "name": user.name,
        "image": addresses.avatar(world, user, "_50"),
        "imageBig": addresses.avatar(world, user),
        "premium": user.id % 4 == 0,
        "isFollowed": view.follows(user.id),
        "isMypixiv": False,
        "isBlocking": False,
        "background": None,
        "sketchLiveId": None,
        "partial": int(full),
        "acceptRequest": world.draw("requests", user.id) % 5 == 0,
        "sketchLives": [],
    }
    if not full:
        return short
    hidden = {"name": None, "region": None, "prefecture": None, "privacyLevel": None}
    return short | {
        "following": sum(f.restrict == "public" for f in world.follows.get(user.id, {}).values()),
        "followedBack": False,
        "comment": user.comment,
        "commentHtml": user.comment,
        "webpage": f"https://example.com/{user.id}" if user.id % 3 == 0 else None,
        "social": {"twitter": {"url": f"https://twitter.com/example_{user.id}"}} if user.id % 2 else [],
        "canSendMessage": True,
        "region": hidden,
        "age": {"name": None, "privacyLevel": None},
        "birthDay": {"name": None, "privacyLevel": None},
        "gender": {"name": None, "privacyLevel": None},
        "job": {"name": None, "privacyLevel": None},
        "workspace": {"userWorkspacePc": "demo", "userWorkspaceTool": "pen"} if user.id % 2 else None,
        "official": False,
        "group": None,
    }


def preview(view: View, user: User, illusts: list[Key], novels: list[Key]) -> Json:
    """Return a row of a following list."""
    return {
        "userId": ident(user.id),
        "userName": user.name,
        "profileImageUrl": addresses.avatar(view.world, user),
        "userComment": user.comment,
        "following": view.follows(user.id),
        "followed": False,
        "isBlocking": False,
        "isMypixiv": False,
        "illusts": [thumb(view, key) for key in illusts],
        "novels": [thumb(view, key) for key in novels],
        "acceptRequest": view.world.draw("requests", user.id) % 5 == 0,
    }


def comment(view: View, item: Comment) -> Json:
    """Return a comment; who left is a deleted user, with a name that says so."""
    world = view.world
    author = None if item.user_id is None else world.users[item.user_id]
    thread = world.threads[item.medium, item.work_id]
    shape: Json = {
        "userId": ident(author.id) if author else "0",
        "userName": author.name if author else "deleted user",
        "isDeletedUser": author is None,
        "img": addresses.avatar(world, author) if author else f"{addresses.STATIC}/no_profile.png",
        "id": ident(item.id),
        "comment": item.text,
        "stampId": None if item.stamp_id is None else ident(item.stamp_id),
        "commentDate": addresses.iso(item.ms)[:16].replace("T", " "),
        "commentParentId": None if item.parent_id is None else ident(item.parent_id),
        "commentUserId": ident(author.id) if author else "0",
        "editable": item.user_id == view.viewer,
    }
    if item.parent_id is not None:
        return shape | {"commentRootId": ident(item.parent_id), "replyToUserId": None, "replyToUserName": None}
    answered = any(world.comments[item.medium, number].parent_id == item.id for number in thread)
    return shape | {"hasReplies": answered}
