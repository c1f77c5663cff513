#!/bin/sh
# Installs edge-emo on an emulated 64-bit ARM Debian as its user would, runs the demo clip there and on
# this machine with the same versions of the packages, and compares the records.
#
#   sudo tests/device/arm64.sh [bookworm|trixie] [FOLDER]
#
# Needs debootstrap, qemu-user-static and the network. FOLDER keeps the system for the next time.
set -eu
suite=${1:-bookworm}
work=${2:-/var/tmp/edge-emo-arm64}
root=$work/$suite
repository=$(dirname "$(readlink -f "$0")")/../..
unset PIP_FIND_LINKS
step() { echo "== $*"; }

binfmt=/proc/sys/fs/binfmt_misc
[ -e $binfmt/register ] || mount -t binfmt_misc binfmt_misc $binfmt
if [ ! -e $binfmt/qemu-aarch64 ]; then # F: the interpreter is held open, so a chroot need not have it
    sed 's#/usr/libexec/qemu-binfmt/aarch64-binfmt-P:OPF#/usr/bin/qemu-aarch64-static:F#' \
        /usr/lib/binfmt.d/qemu-aarch64.conf | tr -d '\n' >$binfmt/register
fi

if [ ! -d "$root" ]; then
    step "making a $suite system for arm64 in $root"
    mkdir -p "$work"
    debootstrap --arch=arm64 --variant=minbase \
        --include=systemd,python3-venv,python3-numpy,ca-certificates "$suite" "$root" \
        http://deb.debian.org/debian >"$work/debootstrap.log"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
rm -rf "$root/src" "$root/out" "$root/opt/edge-emo"
mkdir -p "$root/src" "$root/out"
tar -C "$repository" --exclude=./.git --exclude='./.venv*' --exclude=./runs -cf - . | tar -C "$root/src" -xf -
mountpoint -q "$root/proc" || mount --bind /proc "$root/proc"
trap 'umount "$root/proc"' EXIT
in_root() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root "$@"; }

step "installing as on a Pi"
in_root sh /src/systemd/install.sh 0 --no-start
program=/opt/edge-emo/bin
step "disk: $(in_root du -sm $program/.. | cut -f1) MB, of which (MB)"
in_root sh -c 'cd /opt/edge-emo/lib/python3*/site-packages && du -sm * | sort -rn | head -8'
step "packages"
in_root $program/python -m pip --disable-pip-version-check freeze --local | grep -v edge-emo | tee "$work/freeze"
system_numpy=$(in_root $program/python -c 'import numpy; print(numpy.__version__)')
step "doctor"
in_root $program/edge-emo doctor || true
step "demo clip on arm64"
in_root $program/edge-emo run --source demo --jsonl /out/arm64.jsonl

step "demo clip on $(uname -m), the same versions"
python3 -m venv "$work/here-$suite"
"$work/here-$suite/bin/pip" install --quiet --disable-pip-version-check \
    "numpy==$system_numpy" -r "$work/freeze" 2>"$work/pip.log" || {
    cat "$work/pip.log"
    exit 1
}
rm -f "$work/here.jsonl"
(cd "$root/src" && "$work/here-$suite/bin/pip" install --quiet --disable-pip-version-check --no-deps .)
(cd / && "$work/here-$suite/bin/edge-emo" run --source demo --jsonl "$work/here.jsonl")
step "comparison"
python3 "$repository/tests/device/compare.py" "$work/here.jsonl" "$root/out/arm64.jsonl"
in_root $program/edge-emo service uninstall --purge >/dev/null
