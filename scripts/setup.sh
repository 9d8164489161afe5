#!/bin/sh
# Installs what is needed on a Debian machine, and nothing that is there already.
# usage: scripts/setup.sh build      what `make demo` needs: a C compiler
#        scripts/setup.sh            what `make test` needs: also the services that tests start
# The programs are found by name, so any other way of installing them is as good.
set -eu

missing=""
need() { # need PACKAGE PROGRAM...: the package is wanted unless every program is found
    package=$1
    shift
    for program in "$@"; do
        command -v "$program" >/dev/null 2>&1 || { missing="$missing $package"; return; }
    done
}

PATH="$PATH:/usr/sbin:/sbin"
need "gcc libc6-dev" cc
if [ "${1:-test}" = test ]; then
    # PostgreSQL's server programs are outside of PATH on Debian.
    if ! command -v initdb >/dev/null 2>&1 && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
        missing="$missing postgresql"
    fi
    need nginx-light nginx
    need rpm rpmbuild
    need createrepo-c createrepo_c
    need dnf dnf
    # `dnf download` is a plugin: no program of its own to look for.
    [ -e /usr/lib/python3/dist-packages/dnf-plugins/download.py ] || missing="$missing dnf-plugins-core"
    # A library.
    [ -e /usr/lib/python3/dist-packages/librepo ] || missing="$missing python3-librepo"
    need aria2 aria2c
    need rsync rsync
    need vsftpd vsftpd
    # A library.
    [ -e /usr/lib/python3/dist-packages/pyftpdlib ] || missing="$missing python3-pyftpdlib"
fi
[ -n "$missing" ] || exit 0

run=""
if [ "$(id -u)" -ne 0 ]; then
    # With a terminal sudo may ask for the password; without one it must not have to.
    if command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true >/dev/null 2>&1; }; then
        run="sudo"
    else
        echo "setup: please install (as root: apt-get install$missing), then run this again" >&2
        exit 1
    fi
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: this is no Debian machine; please install what these Debian packages hold:$missing" >&2
    exit 1
fi
echo "setup: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# No service of a test package may start by itself: the tests start their own, on free ports.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $run tee "$policy" >/dev/null
    $run chmod 755 "$policy"
    trap '$run rm -f "$policy"' EXIT
fi
# shellcheck disable=SC2086
{ $run apt-get update -qq && $run apt-get install -y -qq --no-install-recommends $missing; } >/dev/null || {
    echo "setup: apt-get failed; please install by hand:$missing" >&2
    exit 1
}
