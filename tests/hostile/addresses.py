"""Addresses that lead where nothing may: nothing is sent, opened or moved there."""

# Hosts that seem to be Pixiv's: InvalidRequest, and no request is sent.
HOSTS = ("example.com", "127.0.0.1", "pixiv.net", "app-api.pixiv.net.evil.org", "")

# Addresses of files in answers: InvalidRequest, and no request is sent.
FILES = (
    "https://evil.example/x.jpg",
    "file:///etc/passwd",
    "https://i.pximg.net:8443/x.jpg",
    "https://user:pw@i.pximg.net/x.jpg",
    "https://i.pximg.net@evil.example/x.jpg",
    "//i.pximg.net/x.jpg",
    "https://[::1/x.jpg",
    "https://i.pximg.net/a b.jpg",
    "https://i.pximg.net:99999/x.jpg",
    "",
)

# Where the image host may send us: the file is not fetched from there.
REDIRECTS = ("https://evil.example/x.png", "http://127.0.0.1:9/x.png", "ftp://i.pximg.net/x")

# Paths that leave the mirror: FileError, and nothing outside is touched.
PATHS = ("../out.jpg", "/etc/passwd", "7/../../out.jpg")

# Requests to the gallery: a sentence and a status from 400 to 499, and no line in the log.
REQUESTS = (
    ("GET", "/%00"),
    ("GET", "/static/%00"),
    ("GET", "/static/..%2f..%2f..%2fetc%2fpasswd"),
    ("GET", "/%ff%fe"),
    ("GET", "//evil.example/"),
    ("GET", "/works?at=" + "9" * 400),
    ("GET", "/works?at=%00&at=%ff"),
    ("GET", "/w/" + "9" * 300),
    ("GET", "/thumb/1-" + "g" * 64 + ".webp"),
    ("GET", "/file/../../catalogue.db"),
    ("GET", "/file/1-" + "0" * 64 + ".jpg%0d%0aX:y"),
    ("GET", "/" + "a/" * 4000),
    ("PUT", "/works"),
    ("DELETE", "/"),
    ("OPTIONS", "/works"),
    ("TRACE", "/works"),
    ("POST", "/works"),
    ("POST", "/static/gallery.css"),
)
