"""A DICOM station that knows no screen; :class:`core.station.Station` is its door."""
