"""Jobs: what takes a while, in threads of its own, with progress that anybody may watch."""

from core.transfers.importing import import_job
from core.transfers.move import MoveOrder, move_job, title
from core.transfers.queue import JobQueue, Progress
from core.transfers.send import send_job

__all__ = ["JobQueue", "MoveOrder", "Progress", "import_job", "move_job", "send_job", "title"]
