"""Modalities out of the configuration of other programs: Orthanc's JSON, DCMTK's dcmqrscp.cfg."""
