"""SQL of webhooks: subscriptions, the delivery queue, leases."""

from service.store.webhooks import (
    deliveries,
    leases,
    maintenance,
    matchers,
    pings,
    queue,
    recoveries,
    subscriptions,
)

__all__ = [
    "deliveries",
    "leases",
    "maintenance",
    "matchers",
    "pings",
    "queue",
    "recoveries",
    "subscriptions",
]
