#!/bin/bash
# setup.sh          build the lab under $LAB (default: ~/.cache/uml-lab) from Debian packages
# setup.sh --check  say whether this machine could: status 0, or 3 and why not
#
# Nothing is installed on the machine and no root is needed. Packages are kept in $LAB/debs and not downloaded again.
set -e
export LAB=${LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/uml-lab}
here=$(dirname "$(readlink -f "$0")")
processor=${LAB_CPUINFO:-/proc/cpuinfo}  # another file: to try what is done on another processor
shim=$LAB/ptrace-regset.so
tools="iproute2 dnsmasq-base busybox-static kmod iputils-ping network-manager dbus-daemon udev"

no() { echo "no lab: $*" >&2; exit 3; }

stamp=$(cat "$here/setup.sh" "$here/fetch.sh" /etc/debian_version 2>/dev/null | cksum | tr ' ' -)
built() { [ -x "$LAB/uml/usr/bin/linux.uml" ] && [ "$(cat "$LAB/built" 2>/dev/null)" = "$stamp" ]; }

if ! built; then
    [ "$(uname -sm)" = "Linux x86_64" ] || no "User-Mode Linux is packaged for Linux on x86_64 only, this is $(uname -sm)"
    command -v apt-get dpkg >/dev/null || no "it is built from Debian packages, and apt-get and dpkg are not here"
    apt-cache show user-mode-linux >/dev/null 2>&1 ||
        no "apt knows no package user-mode-linux: this has to be Debian (12 was tried), and \`apt-get update\` must have run"
fi
case "$LAB$here" in *' '*) no "its paths become kernel arguments and must not have spaces: $LAB, $here" ;; esac
amx() { grep -q amx_tile "$processor"; }
! amx || command -v cc >/dev/null ||
    no "this processor has AMX, on which User-Mode Linux boots only with a shim, and there is no C compiler (cc) to build it"
[ "${1:-}" != --check ] || exit 0

mkdir -p "$LAB/scripts"
for f in "$here"/*; do  # renamed into place: a running umlrun is re-read by bash
    [ -f "$f" ] || continue
    cp -p "$f" "$LAB/scripts/.new.$$"
    mv "$LAB/scripts/.new.$$" "$LAB/scripts/${f##*/}"
done
rm -f "$shim"
! amx || cc -shared -fPIC -O2 -o "$shim" "$here/ptrace-regset.c" || no "the shim for processors with AMX could not be built"
built && exit 0
echo "building the lab in $LAB (about 50 MB of packages, a minute)"
"$here/fetch.sh" "$LAB/uml" user-mode-linux || no "package user-mode-linux could not be had"
# shellcheck disable=SC2086
"$here/fetch.sh" "$LAB/tools" $tools || no "one of the packages could not be had: $tools"
mkdir -p "$LAB/tools/usr/lib/modules"
echo "$stamp" > "$LAB/built"
