"""The door: everything a screen, a command line or a script may ask of a station."""

from core.station.station import Station

__all__ = ["Station"]
