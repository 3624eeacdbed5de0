"""Commands of `policytrail` that are more than a few lines, one file a noun."""
