#!/bin/sh
# Installs edge-emo on an emulated ARM Debian as its user would, runs the demo clip there and on this
# machine with the same versions of the packages, and compares the records.
#
#   sudo tests/device/arm.sh [bookworm|trixie] [arm64|armhf] [FOLDER]
#
# Needs debootstrap, qemu-user-static and the network. FOLDER keeps the system for the next time. The
# mirror is debootstrap's own, or $MIRROR. The processor is that of a Raspberry Pi 4. $PICTURES is a
# folder of your own pictures, on which both machines' detectors are compared too; with a boxes.csv
# they are also the face exam there.
set -eu
suite=${1:-bookworm}
arch=${2:-arm64}
work=${3:-/var/tmp/edge-emo-arm}
root=$work/$suite-$arch
here=$work/here-$suite-$arch
repository=$(dirname "$(readlink -f "$0")")/../..
size=640x360 # qemu takes minutes for the clip already
unset PIP_FIND_LINKS
step() { echo "== $(date +%H:%M) $*"; }

case $arch in
arm64) emulator=aarch64 emulated="QEMU_CPU=cortex-a72" machine=8 ;;
armhf) emulator=arm emulated="QEMU_CPU=cortex-a15" machine=7 ;; # qemu has no 32-bit A72
*) echo "no such architecture: $arch" && exit 2 ;;
esac
binfmt=/proc/sys/fs/binfmt_misc
[ -e $binfmt/register ] || mount -t binfmt_misc binfmt_misc $binfmt
if [ ! -e $binfmt/qemu-$emulator ]; then # F: the interpreter is held open, so a chroot need not have it
    sed "s#/usr/libexec/qemu-binfmt/$emulator-binfmt-P:OPF#/usr/bin/qemu-$emulator-static:F#" \
        /usr/lib/binfmt.d/qemu-$emulator.conf | tr -d '\n' >$binfmt/register
fi

if [ ! -e "$root/made" ]; then
    step "making a $suite system for $arch in $root"
    mkdir -p "$work"
    debootstrap --arch="$arch" --variant=minbase \
        --include=systemd,python3-venv,python3-numpy,ca-certificates "$suite" "$root" \
        ${MIRROR:-} >"$work/debootstrap-$suite-$arch.log"
    touch "$root/made"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
rm -rf "$root/src" "$root/out" "$root/opt/edge-emo"
mkdir -p "$root/src" "$root/out"
git -C "$repository" ls-files -z --cached --others --exclude-standard |
    tar -C "$repository" --null --ignore-failed-read -T - -cf - | tar -C "$root/src" -xf -

# Qemu lets the host's processor be seen, on which XNNPACK's look at it fails: show the Pi's instead.
for core in 0 1 2 3; do
    printf 'processor\t: %s\nBogoMIPS\t: 108.00\n' $core
    printf 'Features\t: half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm '
    printf 'fp asimd crc32 cpuid\nCPU implementer\t: 0x41\nCPU architecture: %s\n' $machine
    printf 'CPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n\n'
done >"$root/cpuinfo"
mount --bind /proc "$root/proc"
trap 'umount "$root/proc/cpuinfo"; umount "$root/proc" "$root/sys"' EXIT
mount --bind "$root/cpuinfo" "$root/proc/cpuinfo"
mount --bind -o ro /sys "$root/sys"
in_root() {
    chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root $emulated "$@"
}

step "installing as on a Pi: $(in_root uname -m), $(in_root python3 --version)"
before=$(du -sxm --exclude=src "$root" | cut -f1)
[ "$arch" = arm64 ] || in_root apt-get update -qq # OpenCV comes from Debian
in_root sh /src/systemd/install.sh 0 --no-start
program=/opt/edge-emo/bin
step "disk: $(in_root du -sm $program/.. | cut -f1) MB in /opt/edge-emo, $(($(du -sxm --exclude=src "$root" | cut -f1) - before)) MB in all, of which (MB)"
in_root sh -c 'cd /opt/edge-emo/lib/python3*/site-packages && du -sm * | sort -rn | head -8'
step "packages"
in_root $program/python -m pip --disable-pip-version-check freeze --local | grep -v edge-emo | tee "$work/freeze"
numpy=$(in_root $program/python -c 'import numpy; print(numpy.__version__)')
opencv=$(in_root $program/python -c 'import cv2; print(cv2.__version__)')
step "doctor"
in_root $program/edge-emo doctor || true
step "demo clip on $arch"
in_root $program/edge-emo run --source demo --size $size --jsonl /out/there.jsonl
status=0
wrong() { echo "WRONG: $*" && status=1; }
if [ "${PICTURES:-}" ]; then
    step "pictures on $arch"
    rm -rf "$root/pictures"
    cp -rL "$PICTURES" "$root/pictures"
    in_root $program/edge-emo run --source /pictures --jsonl /out/pictures.jsonl
fi

step "the detector's file, missing and damaged: one line that names Haar"
file=$(in_root $program/python -c 'from edge.inference.model_file import find_model; print(find_model("face-finder", None))')
sound=$root/out/sound
mv "$root$file" "$sound"
for fault in missing truncated damaged empty; do
    case $fault in
    truncated) head -c 20000 "$sound" >"$root$file" ;;
    damaged) cp "$sound" "$root$file" && printf XXXX | dd of="$root$file" bs=1 seek=30000 conv=notrunc status=none ;;
    empty) : >"$root$file" ;;
    esac
    in_root $program/edge-emo run --source demo --jsonl - >"$work/out" 2>"$work/said" && wrong "$fault: status 0"
    [ "$(wc -l <"$work/said")" = 1 ] && [ ! -s "$work/out" ] || wrong "$fault: not one line"
    grep -q -e '--detector haar' "$work/said" || wrong "$fault: Haar is not named"
    echo "$fault: $(cat "$work/said")"
done
in_root $program/edge-emo doctor | grep -A1 'detector' || true
in_root $program/edge-emo run --source demo --size $size --detector haar --jsonl /out/haar.jsonl ||
    wrong "Haar does not run without the file"
mv "$sound" "$root$file"

step "the unit's command as the unit's user, a scripted camera, for a minute"
in_root systemd-analyze verify /etc/systemd/system/edge-emo@0.service || echo "(systemd-analyze: status $?)"
in_root install -d -o edge-emo-0 -g edge-emo /var/lib/edge-emo/0 # as systemd does before a start
in_root EDGE_EMO_CAMERA=mock runuser -u edge-emo-0 -- timeout --preserve-status 60 \
    sh -c "cd /var/lib/edge-emo/0 && exec $program/edge-emo run --config /etc/edge-emo/0.toml" ||
    wrong "the unit's command ended with status $?"
in_root sh -c 'cat /var/lib/edge-emo/0/*.jsonl | wc -l; tail -n 1 /var/lib/edge-emo/0/*.jsonl | cut -c 1-200'

step "bench on $arch"
in_root $program/edge-emo bench --frames 10 --rounds 1 || wrong "bench"
[ ! -e "$root/pictures/boxes.csv" ] || in_root $program/edge-emo bench --faces /pictures || wrong "bench --faces"

step "demo clip on $(uname -m), the same versions"
python3 -m venv "$here"
pip() { "$here/bin/pip" install --quiet --disable-pip-version-check "$@" 2>"$work/pip.log" || { cat "$work/pip.log" && exit 1; }; }
grep -q opencv "$work/freeze" || pip --no-deps "opencv-python-headless==$opencv.*"
pip "numpy==$numpy" -r "$work/freeze"
pip --no-deps "$root/src"
rm -f "$here.jsonl"
(cd / && "$here/bin/edge-emo" run --source demo --size $size --jsonl "$here.jsonl")
step "comparison"
compare() { python3 "$repository/tests/device/compare.py" "$@" || status=1; }
compare "$here.jsonl" "$root/out/there.jsonl"
if [ "${PICTURES:-}" ]; then
    rm -f "$here-pictures.jsonl"
    (cd / && "$here/bin/edge-emo" run --source "$root/pictures" --jsonl "$here-pictures.jsonl")
    compare "$here-pictures.jsonl" "$root/out/pictures.jsonl"
fi
in_root $program/edge-emo service uninstall --purge >/dev/null
exit $status
