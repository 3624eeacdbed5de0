"""What finding events costs, and what it finds."""
