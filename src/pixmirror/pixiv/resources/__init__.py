"""The functions of `pixiv.app` and `pixiv.web` as the clients offer them: by name, without their first argument.

`app` and `web` list each function once; `forms` says what becomes of it in the async client and in the blocking
one, for readers, type checkers and at run time; `pages` is what a list gives.
"""
