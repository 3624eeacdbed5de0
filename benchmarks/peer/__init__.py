"""The peer of `make bench`: the same routes with FastAPI and asyncpg."""
