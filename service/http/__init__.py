"""HTTP's own matters, one concept a file. Nothing is imported here: gunicorn reads from it before gevent patches."""
