"""Every known failed answer of Pixiv comes out as the error that says what it means."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixmirror import errors
from pixmirror.pixiv.failures import Expired, classify

HTML = b"<!DOCTYPE html><html><title>Just a moment...</title></html>"


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
    "overuse": (403, envelope(user_message="Your access is currently restricted."), errors.RateLimited),
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
    "Cloudflare": (403, HTML, errors.Challenge),
    "maintenance with 200": (200, HTML, errors.Challenge),
    "redirect": (302, b"", errors.BadResponse),
}


@pytest.mark.parametrize("case", CASES)
def test_each_known_failure_is_told_apart(case):
    status, body, expected = CASES[case]
    kind = "text/html; charset=UTF-8" if body == HTML else "application/json"
    error = classify(status, kind, body, "GET", "/v1/x")
    assert type(error) is expected
    assert "GET /v1/x" in str(error)


def test_what_was_asked_for_is_no_failure():
    assert classify(200, "application/json", b"{}", "GET", "/x") is None
    assert classify(200, "text/html", b"<html>novel</html>", "GET", "/x", html=True) is None
    assert isinstance(classify(200, "text/html", HTML, "GET", "/x", html=True), errors.Challenge)


def test_html_without_a_content_type_is_seen():
    assert isinstance(classify(200, "", b"\n <html>", "GET", "/x"), errors.Challenge)


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
