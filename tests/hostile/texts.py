"""Texts of strangers: kept as they are said, and harmless wherever they are shown."""

# In a page of the gallery each stands as the words that it is: nothing of it runs, nor is an element or attribute.
TEXTS = (
    "<x-hostile onclick=ran=1 style='position:fixed'>",
    "<script>ran=1</script>",
    '"><img src=x onerror=ran=1>',
    "' onfocus=ran=1 autofocus x='",
    "javascript:ran=1",
    "</script></style></title></textarea></template><svg onload=ran=1>",
    "{{ 7*7 }}{% raw %}${ran=1}<%= ran %>",
    "a\u202eb\u2066c\u0000d\x07e\u2028f\x1b[31m\r\n",
    "👩‍👩‍👧‍👦🏳️‍🌈" * 3,
    "%00%2e%2e/..\\",
)

# The same, for titles and names of people.
NAMES = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }} {% raw %}",
    "a\u202eb\u2066c\u0000d\x07e\u2028f",
    "</script></title></textarea><svg onload=alert(1)>",
    "x" * 10_000,
)

# HTML in which strangers say the rest: its words are shown, and what leads away, runs or changes the page is not.
CAPTION = (
    '<script>ran=1</script><img src="http://evil.example/x.png" onerror="ran=1"><x-hostile>as it is</x-hostile>'
    '<a href="javascript:ran=1">go</a><a href="//evil.example/">there</a><base href="http://evil.example">'
    '<iframe src="http://evil.example"></iframe><form action="http://evil.example"><style>*{display:none}</style>'
    '<b onclick="ran=1" style="position:fixed">bold</b>'
)

# The text of a novel: markup of Pixiv's own that leads nowhere, and HTML that is text.
NOVEL = "\n".join(
    (
        "[chapter:<script>alert(1)</script>]",
        "<img src=x onerror=alert(1)>[[rb:<b>x</b> > <i onclick=alert(1)>y</i>]]",
        "[[jumpuri:go > javascript:alert(1)]] [[jumpuri:go > //evil.example/x]] [[jumpuri:go > data:text/html,x]]",
        "\u202eright to left\u2066 and \x00 nothing \x1b[31m",
        "[pixivimage:999999999999999-9999] [uploadedimage:1] [jump:9999]",
        "　" * 5000 + "x" * 5000,
        '</article></main><form action="https://evil.example/"><button>Log in</button></form>',
    )
)

# A terminal shows the words; no command prints a character that controls, nor a line that seems to be ours.
TERMINAL = "\x1b]0;owned\x07\x1b[2J\x9b31m\x85\r\u202eevil\u2066\u2028\nHealthy.\x7f 初音ミク 😀"

# The same for the log: it stays one entry.
LOG_LINE = "\x1b[2J\x9b31m\x07\r\u202e\u2028title\n2026-11-29 12:00:00 INFO    All is well."
