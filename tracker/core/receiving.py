"""How files from a browser are received: in memory while they are small, and then on a disk without a name.

A named temporary file outlives a process that is killed, outside the database, where nobody erases what is in it.
"""

import tempfile
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

# The most bytes of one file that are kept. Of a larger one the rest is only counted, so that `size` tells, and no
# request fills the disk.
MOST_BYTES = 32 * 2**20


class NamelessFileUploadHandler(FileUploadHandler):
    """Keeps a file that is too large for memory where no folder lists it: it is gone with the process."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.kept = 0
        # Closed with the request, which outlives this method.
        self.file = tempfile.TemporaryFile()  # noqa: SIM115

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        kept = raw_data[: MOST_BYTES - self.kept]
        self.kept += len(kept)
        self.file.write(kept)

    def file_complete(self, file_size: int) -> UploadedFile:
        self.file.seek(0)
        return UploadedFile(
            self.file, self.file_name, self.content_type, file_size, self.charset, self.content_type_extra
        )

    def upload_interrupted(self) -> None:
        if hasattr(self, "file"):
            self.file.close()
