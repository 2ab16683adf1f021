"""Ten scripts as users of the library write them, async and blocking; run against the demo and checked as strictly
typed by tests/pixiv/test_scripts.py. `wrong.py` holds what type checkers must find.
"""
