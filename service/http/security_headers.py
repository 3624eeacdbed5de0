"""Headers that keep a browser from making more of an answer than the data it is. Known to gunicorn's worker as well."""

#: What every answer says that does not say otherwise: a page with scripts sets a policy of its own.
SECURITY_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
