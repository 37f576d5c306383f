#!/bin/sh
# Installs the peers of other makes that the interop tests speak with, where that is possible:
# as root on Debian. Elsewhere it says in one line what is left out.
set -eu

needed=""
command -v storescu >/dev/null || needed="dcmtk"
command -v Orthanc >/dev/null || [ -x /usr/sbin/Orthanc ] || needed="$needed orthanc"
# Not a peer: it makes the certificates for the tests of TLS.
command -v openssl >/dev/null || needed="$needed openssl"

# Tests that want one of these are skipped without it, tool by tool.
wanted=""
# It checks the demo's studies against the standard.
command -v dciodvfy >/dev/null || wanted="dicom3tools"
# Further makes of clients and servers.
command -v gdcmscu >/dev/null || wanted="$wanted libgdcm-tools"
command -v simple_storage >/dev/null || wanted="$wanted ctn"
# The console is used over SSH, and tried over it.
command -v sshd >/dev/null || [ -x /usr/sbin/sshd ] || wanted="$wanted openssh-server"
[ -n "$needed$wanted" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "peers: cannot install ${needed:-what is only wanted:$wanted} here: the interop tests that need it are left out"
    exit 0
fi

export DEBIAN_FRONTEND=noninteractive
# A service that Debian starts by itself would take Orthanc's ports.
if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
log=$(mktemp)
apt-get update -q >"$log" 2>&1 || true
install() {
    apt-get install -y -q --no-install-recommends "$@" >>"$log" 2>&1
}
# shellcheck disable=SC2086  # two words are two packages
if [ -n "$needed" ] && ! install $needed; then
    tail -5 "$log" >&2
    echo "peers: $needed could not be installed: the interop tests that need it are left out"
fi
for package in $wanted; do
    install "$package" || echo "peers: $package could not be installed: its tests are left out"
done
rm -f "$log"
