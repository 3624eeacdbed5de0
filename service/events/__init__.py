"""The rules of the subject: what follows from what a client says of an event."""
