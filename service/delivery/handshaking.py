"""The handshake of the CloudEvents webhook specification: a receiver is asked whether we may send, and says so."""

from service.delivery.sending import Reply, Sender

#: What rates are told in: deliveries a minute.
_ANY = "*"


async def ask(sender: Sender, url: str, *, origin: str, rate: int | None) -> Reply:
    """What the receiver answers when it is asked whether `origin` may send, `rate` a minute where it is limited."""
    asked = {"WebHook-Request-Origin": origin, "User-Agent": "Policytrail"}
    return await sender.send("OPTIONS", url, asked | ({"WebHook-Request-Rate": str(rate)} if rate else {}))


def agrees(reply: Reply, origin: str) -> bool:
    """Whether the answer says yes to `origin`. Its status alone is no consent."""
    return reply.accepted and reply.header("webhook-allowed-origin") in (origin, _ANY)


def allowed_rate(reply: Reply) -> int | None:
    """The deliveries a minute that the receiver will take at most; None where it does not say."""
    said = (reply.header("webhook-allowed-rate") or "").strip()
    most_digits = 6
    return int(said) if said.isascii() and said.isdigit() and len(said) <= most_digits and int(said) else None
