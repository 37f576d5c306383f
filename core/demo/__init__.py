"""A simulated PACS with sample studies, all made on the spot."""

from core.demo.studies import make_studies, write_studies

__all__ = ["make_studies", "write_studies"]
