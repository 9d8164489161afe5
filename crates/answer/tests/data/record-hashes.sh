#!/bin/sh
# Records the hashes of the recorded data, one SHA256SUMS per folder. Run it only after a new recording.
set -eu
cd "$(dirname "$0")"
for folder in */; do
    (cd "$folder" && find . -type f ! -name SHA256SUMS ! -name README.md | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)
done
