"""The DIMSE services of the listener, a module each: a function that answers one request."""
