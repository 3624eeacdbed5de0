"""The rules of events: normalization, verification, patches, merges and writes."""
