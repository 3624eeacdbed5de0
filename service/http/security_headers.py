"""Headers that stop browsers from executing or sharing a response. gunicorn's worker sends them too."""

#: The defaults of every response; a page with scripts sends its own policy.
SECURITY_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
