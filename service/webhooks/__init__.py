"""Webhooks: the worker that matches changes with subscriptions and delivers them."""
