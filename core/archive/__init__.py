"""What the station holds: objects on disk, and a TinyDB index that finds them."""
