"""The URL of a receiver: the target byte for byte, scheme and host without case."""

import pytest

from service.webhooks.receiver_url import parse_receiver_url


@pytest.mark.parametrize(
    "target",
    [
        "/a%2Fb/../c",
        "/%3A/%41/%7e/%zz/100%",
        "/./a//b/",
        "/a;b=1?q=%2F+%20&q=&&=",
        "/?",
        "/a?b?c",
        "/{id}/|/[x]/'\"<>^`\\",
        "/@user:name/:80",
        "//other.example/x",
    ],
)
def test_a_target_is_sent_byte_for_byte(target: str) -> None:
    for end in ("", "#", "#fragment?/"):
        assert parse_receiver_url(f"https://receiver.example{target}{end}").raw_path_qs == target


@pytest.mark.parametrize(
    ("target", "sent"),
    [("", "/"), ("?a=1", "/?a=1"), ("/é/€?ü", "/%C3%A9/%E2%82%AC?%C3%BC"), ("/%C3%A9é", "/%C3%A9%C3%A9")],
)
def test_only_what_no_request_line_may_hold_is_encoded(target: str, sent: str) -> None:
    assert parse_receiver_url(f"https://receiver.example{target}").raw_path_qs == sent


@pytest.mark.parametrize(
    ("origin", "parts"),
    [
        ("HTTPS://Receiver.EXAMPLE", ("https", "receiver.example", 443)),
        ("hTTp://receiver.example:8080", ("http", "receiver.example", 8080)),
        ("https://B\u00dcCHER.example", ("https", "xn--bcher-kva.example", 443)),
        ("https://127\u30020\u30020\u30021", ("https", "127.0.0.1", 443)),
        ("https://[2606:4700::ABCD]:8443", ("https", "2606:4700::abcd", 8443)),
    ],
)
def test_scheme_and_host_are_without_case(origin: str, parts: tuple[str, str, int]) -> None:
    url = parse_receiver_url(f"{origin}/Hook")
    assert ((url.scheme, url.raw_host, url.port), url.raw_path_qs) == (parts, "/Hook")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a/",
        "https:a",
        "/hook",
        "https://",
        "https://:80/",
        "https://a\\b/",
        "https://a:70000/",
        "https://receiver.example\\@elsewhere.example/",
        "https://receiver.example:443\\@elsewhere.example:443/",
        "https://%61.example/",
        "https://a%2e.example/",
    ],
)
def test_a_url_without_a_valid_host_or_port_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_receiver_url(url)
