"""The handshake of the CloudEvents webhook specification: a receiver is asked whether we may send, and says so."""

from service.webhooks.sender import Reply, Sender

#: What rates are told in: deliveries a minute.
_ANY = "*"

_NOT_REACHED = ("timeout", "unreachable", "unknown_name", "bad_tls", "not_http")
_NOT_NOW, _FAULT = (408, 425, 429), 500


async def ask(sender: Sender, url: str, *, origin: str, rate: int | None) -> Reply:
    """What the receiver answers when it is asked whether `origin` may send, `rate` a minute where it is limited."""
    asked = {"WebHook-Request-Origin": origin, "User-Agent": "Policytrail"}
    return await sender.send("OPTIONS", url, asked | ({"WebHook-Request-Rate": str(rate)} if rate else {}))


def agrees(reply: Reply, origin: str) -> bool:
    """Whether the answer says yes to `origin`. Its status alone is no consent."""
    return reply.accepted and reply.header("webhook-allowed-origin") in (origin, _ANY)


def is_no_answer(reply: Reply) -> bool:
    """Whether that may be otherwise in a while: the receiver was not reached, or said itself that it cannot now."""
    return reply.outcome in _NOT_REACHED or reply.status in _NOT_NOW or (reply.status or 0) >= _FAULT


def allowed_rate(reply: Reply) -> int | None:
    """The deliveries a minute that the receiver will take at most; None where it does not say."""
    said = (reply.header("webhook-allowed-rate") or "").strip()
    most_digits = 6
    return int(said) if said.isascii() and said.isdigit() and len(said) <= most_digits and int(said) else None
