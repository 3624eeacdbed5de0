"""An example of each request and response body."""
