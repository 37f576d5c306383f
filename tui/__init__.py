"""The two faces of the station: the console and the command line."""
