"""Jobs: what takes a while, in threads of its own, with progress that anybody may watch."""
