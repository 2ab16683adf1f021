"""Every known failed answer of Pixiv comes out as the error that says what it means."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixmirror import errors
from pixmirror.pixiv import failures
from pixmirror.pixiv.failures import Expired
from pixmirror.pixiv.wire import Answer, Request


def classify(status, content_type, body, method, path, *, retry_after=None, headers=None, html=False, params=None):
    answer = Answer(status, content_type, body, retry_after, headers=headers or {})
    return failures.classify(answer, Request(method, "app-api.pixiv.net", path, params or {}, html=html))


HTML = b"<!DOCTYPE html><html><title>Just a moment...</title><body>captcha</body></html>"
CHALLENGE = (
    b"<!DOCTYPE html><html><head><title>Just a moment...</title><script>(function(){window._cf_chl_opt={cvId:'3'};"
    b"</script></head></html>"
)


def envelope(message="", user_message="", reason=""):
    details = {"user_message": user_message, "message": message, "reason": reason, "user_message_details": {}}
    return json.dumps({"error": details}).encode()


OAUTH = (
    "Error occurred at the OAuth process. Please check your Access Token to fix this. Error Message: invalid_grant"
)
OFFSET = json.dumps({"offset": ["offset must be no more than 5000"]})
CASES = {
    "expired token": (400, envelope(OAUTH), Expired),
    "no Authorization": (400, envelope(OAUTH.replace("invalid_grant", "invalid_request")), Expired),
    "401": (401, envelope("x"), Expired),
    "Rate Limit as 403": (403, envelope("Rate Limit"), errors.RateLimited),
    "Rate Limit as 400": (400, envelope("Rate Limit"), errors.RateLimited),
    "429 with nothing": (429, b"", errors.RateLimited),
    "not accepted": (400, envelope("Too many requests"), errors.RateLimited),
    "overuse": (403, envelope(user_message="Your access is currently restricted."), errors.RateLimited),
    "warned": (403, envelope(user_message="Overuse warning"), errors.AccountWarned),
    "warned with 429": (
        429,
        envelope("It imposes excessive loads on the servers"),
        errors.AccountWarned,
    ),
    "warned in Japanese": (400, envelope(user_message="過度なアクセスを確認しました"), errors.AccountWarned),
    "excessive alone": (403, envelope("Excessive requests"), errors.RateLimited),
    "gone user": (404, envelope(user_message="Your access is currently restricted."), errors.NotFound),
    "offset cap": (400, envelope(OFFSET), errors.OffsetCap),
    "validation": (400, envelope(json.dumps({"restrict": ["invalid"]})), errors.InvalidRequest),
    "400 with nothing": (400, b"", errors.InvalidRequest),
    "deleted work": (
        404,
        envelope(user_message="The creator has limited who can view this content"),
        errors.NotFound,
    ),
    "no such endpoint": (404, envelope(user_message="Specified end-point doesn't exist"), errors.EndpointGone),
    "no such endpoint, Japanese": (404, envelope("指定されたエンドポイントは存在しません"), errors.EndpointGone),
    "empty 404": (404, b"", errors.EndpointGone),
    "forbidden": (403, envelope("no"), errors.Forbidden),
    "500": (500, envelope("x"), errors.ServerError),
    "502 page": (502, HTML, errors.ServerError),
    "Cloudflare": (403, CHALLENGE, errors.Challenge),
    "Cloudflare with 503": (503, CHALLENGE, errors.Challenge),
    "a challenge with 200": (200, CHALLENGE, errors.Challenge),
    "a page with 403": (403, HTML, errors.UnexpectedPage),
    "a page with 404": (404, HTML, errors.UnexpectedPage),
    "maintenance with 200": (200, HTML, errors.UnexpectedPage),
    "Cloudflare's 1020": (403, b"error code: 1020", errors.Blocked),
    "Cloudflare's 1015": (403, b"error code: 1015\n", errors.RateLimited),
    "Cloudflare's 1015 with 429": (429, b"error code: 1015", errors.RateLimited),
    "Cloudflare's 522": (522, b"error code: 522", errors.ServerError),
    "Cloudflare's 1020 as JSON": (403, b'{"cloudflare_error":true,"error_code":1020}', errors.Blocked),
    "misdirected": (421, b"", errors.Blocked),
    "redirect": (302, b"", errors.UnexpectedPage),
}


@pytest.mark.parametrize("case", CASES)
def test_each_known_failure_is_told_apart(case):
    status, body, expected = CASES[case]
    kind = "text/html; charset=UTF-8" if body.startswith(b"<!") else "application/json"
    error = classify(status, kind, body, "GET", "/v1/x")
    assert type(error) is expected
    assert "GET /v1/x" in str(error)


def test_what_was_asked_for_is_no_failure():
    assert classify(200, "application/json", b"{}", "GET", "/x") is None
    assert classify(200, "text/html", b"<html>novel</html>", "GET", "/x", html=True) is None
    assert classify(200, "text/html", b'{"title":"<b>"}', "GET", "/x") is None


def test_html_without_a_content_type_is_seen():
    assert isinstance(classify(200, "", b"\n <html>", "GET", "/x"), errors.UnexpectedPage)


@pytest.mark.parametrize(
    ("status", "error"), [(404, errors.NotFound), (410, errors.NotFound), (403, errors.Forbidden)]
)
def test_a_page_that_refuses_where_a_page_was_due_is_about_the_one_asked_for(status, error):
    assert type(classify(status, "text/html", HTML, "GET", "/webview", html=True)) is error
    assert type(classify(status, "text/html", CHALLENGE, "GET", "/webview", html=True)) is (
        errors.Challenge if status == 403 else error
    )


RESTRICTED = envelope(user_message="Your access is currently restricted.")


@pytest.mark.parametrize("name", ["user_id", "illust_id", "novel_id"])
def test_what_is_refused_of_one_user_or_work_is_about_that_one(name):
    about = {name: 5, "offset": None}
    assert type(classify(403, "application/json", RESTRICTED, "GET", "/x", params=about)) is errors.Forbidden
    limit = envelope("Rate Limit")
    assert type(classify(403, "application/json", limit, "GET", "/x", params=about)) is errors.RateLimited
    nobody = {name: None, "restrict": "all"}
    assert type(classify(403, "application/json", RESTRICTED, "GET", "/x", params=nobody)) is errors.RateLimited


def test_a_challenge_is_known_by_its_header_too():
    headers = {"cf-mitigated": "challenge"}
    for status in (200, 403, 429, 503):
        assert type(classify(status, "text/html", HTML, "GET", "/x", headers=headers)) is errors.Challenge


@pytest.mark.parametrize(
    "page",
    [
        '<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1?ray=1"></script>',
        "<script>a.src='/cdn-cgi/challenge-platform/h/g/orchestrate/jsch/v1'</script>",
        '<script src="https://challenges.cloudflare.com/turnstile/v0/api.js"></script>',
        '<form id="challenge-form" action="/?__cf_chl_f_tk=x" method="POST">',
        '<div class="big cf-turnstile"></div>',
        "<div class=g-recaptcha data-sitekey=x></div>",
    ],
)
def test_a_challenge_is_known_by_its_markup(page):
    body = f"<!DOCTYPE html><html><head>{page}</head></html>".encode()
    assert type(classify(403, "text/html", body, "GET", "/x")) is errors.Challenge


@pytest.mark.parametrize(
    "page",
    [
        "<p>cf-turnstile g-recaptcha _cf_chl_opt challenge-platform Just a moment... captcha</p>",
        '<meta property="og:title" content="Just a moment: captcha">',
        "<script>\"use strict\";a.src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'</script>",
        '<a href="https://www.cloudflare.com/">Attention Required! | Cloudflare</a>',
    ],
)
def test_words_and_what_stands_on_ordinary_pages_make_no_challenge(page):
    body = f"<!DOCTYPE html><html><head>{page}</head></html>".encode()
    assert type(classify(403, "text/html", body, "GET", "/x")) is errors.UnexpectedPage


@pytest.mark.parametrize(
    ("page", "code"),
    [
        ('<div id="cf-error-details"><span class="cf-error-code">1020</span></div>', "1020"),
        ('<div id="cf-error-details"><span class="code-label">Error code <span>1009</span></span></div>', "1009"),
        ('<div class="p-0 cf-error-details"></div>', ""),
    ],
)
def test_the_page_of_a_blocked_address_is_known_by_its_markup(page, code):
    body = f"<!DOCTYPE html><html><title>Access denied</title>{page}</html>".encode()
    error = classify(403, "text/html", body, "GET", "/x")
    assert type(error) is errors.Blocked
    assert code in str(error)
    assert type(classify(404, "text/html", body, "GET", "/x")) is errors.UnexpectedPage


def test_a_limit_carries_retry_after():
    error = classify(429, "", b"", "GET", "/x", retry_after=12)
    assert isinstance(error, errors.RateLimited)
    assert error.retry_after == 12


def test_what_pixiv_says_is_kept_but_short():
    error = classify(404, "application/json", envelope(user_message="long " * 500), "GET", "/x")
    assert "long long" in str(error)
    assert len(str(error)) < 300


def test_a_work_called_rate_limit_is_no_limit():
    assert classify(200, "application/json", b'{"illusts":[{"title":"Rate Limit"}]}', "GET", "/x") is None


@given(st.integers(100, 599), st.text(max_size=20), st.binary(max_size=60))
def test_any_answer_at_all_is_classified_without_breaking(status, kind, body):
    error = classify(status, kind, body, "GET", "/x")
    assert error is None or isinstance(error, errors.PixivError)
    assert (error is None) <= (status < 300)
