"""Storage Commitment Push Model, PS3.4 annex J: a promise that objects are kept, in both roles."""
