"""`make bench-webhooks`: what follows a write."""
