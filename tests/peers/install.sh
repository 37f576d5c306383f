#!/bin/sh
# Installs the peers of other makes that the interop tests speak with, where that is possible:
# as root on Debian. Elsewhere it says in one line what is left out.
set -eu

missing=""
command -v storescu >/dev/null || missing="dcmtk"
command -v Orthanc >/dev/null || [ -x /usr/sbin/Orthanc ] || missing="$missing orthanc"
# Not a peer: it makes the certificates for the tests of TLS.
command -v openssl >/dev/null || missing="$missing openssl"
# Not a peer: it checks the demo's studies against the standard, and its test is skipped without it.
command -v dciodvfy >/dev/null || missing="$missing dicom3tools"
# Further makes of clients and servers; their tests are skipped without them.
command -v gdcmscu >/dev/null || missing="$missing libgdcm-tools"
command -v simple_storage >/dev/null || missing="$missing ctn"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    # A service that Debian starts by itself would take Orthanc's ports.
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod +x /usr/sbin/policy-rc.d
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    log=$(mktemp)
    # shellcheck disable=SC2086  # two words are two packages
    if apt-get update -q >"$log" 2>&1 && apt-get install -y -q --no-install-recommends $missing >>"$log" 2>&1; then
        rm -f "$log"
        exit 0
    fi
    tail -5 "$log" >&2
    rm -f "$log"
fi
echo "peers: $missing not installed and cannot be from here: the interop tests that need them are left out"
