"""What openapi.py puts together: schemas, requests, answers, examples, each described for itself."""
