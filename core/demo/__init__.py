"""A simulated PACS with sample studies, all made on the spot."""
