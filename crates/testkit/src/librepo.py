"""Fetches the metadata of a repository with librepo into a folder, checksums verified.

usage: librepo.py metalink|mirrorlist URL FOLDER
Prints as JSON where the files are and, in order, which mirrors were named.
"""

import json
import os
import sys

import librepo

kind, url, folder = sys.argv[1:]
handle = librepo.Handle()
handle.repotype = librepo.YUMREPO
handle.checksum = True
handle.destdir = folder
handle.connecttimeout = 10
setattr(handle, {"metalink": "metalinkurl", "mirrorlist": "mirrorlisturl"}[kind], url)
result = librepo.Result()
try:
    handle.perform(result)
except librepo.LibrepoException as error:
    sys.exit(f"librepo: {error.args[1]}")
# Its other members tell about the repository as a whole, or are the answer that named the mirrors.
repodata = os.path.join(folder, "repodata")
files = [path for path in result.yum_repo.values() if isinstance(path, str) and os.path.dirname(path) == repodata]
print(json.dumps({"mirrors": handle.mirrors, "files": files}))
