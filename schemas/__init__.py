"""The record and everything around it as marshmallow schemas; importable without the service."""
