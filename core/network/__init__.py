"""DICOM over TCP: associations, the listener with its services, and the calls we make."""
