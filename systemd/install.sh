#!/bin/sh
# Install edge-emo as a service on Raspberry Pi OS or another Debian, or upgrade it:
#
#   sudo systemd/install.sh [--from WHEEL|FOLDER] [NAME] [options of 'edge-emo service install']
#   sudo systemd/install.sh picamera
#   sudo systemd/install.sh door --camera rtsp://user:password@host/stream
#
# Without --from it installs the checkout that it lies in.
set -eu

prefix=/opt/edge-emo
say() { echo "install.sh: $*" >&2; }
fail() { say "error: $*"; exit 1; }

from=$(dirname "$(readlink -f "$0")")/..
if [ "${1:-}" = --from ]; then
    from=${2:?"--from needs a wheel or a folder"}
    shift 2
fi
[ -f "$from" ] || [ -f "$from/setup.cfg" ] || fail "$from is no wheel and no checkout of edge-emo"
[ "$(id -u)" = 0 ] || fail "this needs root: run it with sudo"

python=/usr/bin/python3
[ -x $python ] || python=$(command -v python3) || fail "no python3: run 'apt install python3'"
version=$($python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
case $version in
3.11 | 3.12 | 3.13) ;;
*) fail "Python $version is none of 3.11, 3.12, 3.13" ;;
esac

need() { # module, Debian package
    $python -c "import $1" 2>/dev/null && return
    say "installing $2"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null ||
        fail "$2 cannot be installed: run 'apt update' and try again"
}
need ensurepip python3-venv
bits=$($python -c 'import struct; print(8 * struct.calcsize("P"))')
if [ "$bits" = 32 ]; then
    [ "$version" = 3.11 ] || fail "on 32-bit ARM tflite-runtime needs Python 3.11, as of Bookworm"
    need cv2 python3-opencv
    [ -f /usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml ] || need no_module opencv-data
fi
case " $* " in *" picamera"*) need picamera2 python3-picamera2 ;; esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The system's packages are seen, for picamera2; so its numpy, which they were built with, must stay.
numpy=$($python -c 'import numpy; print(numpy.__version__)' 2>/dev/null || true)
echo "${numpy:+numpy==$numpy}" >"$work/constraints"

# After an upgrade of the system its new Python needs a new environment.
[ -d "$prefix/lib/python$version" ] || rm -rf "$prefix"
$python -m venv --system-site-packages "$prefix"
pip() { "$prefix/bin/python" -m pip --disable-pip-version-check --quiet --no-cache-dir "$@"; }

if [ -d "$from" ]; then # built from a copy: setuptools leaves its files beside the source
    mkdir "$work/source"
    tar -C "$from" --exclude=./.git --exclude='./.venv*' --exclude=./runs --exclude=./build \
        --exclude='./*.egg-info' -cf - . | tar -C "$work/source" -xf -
    pip wheel --no-deps -w "$work" "$work/source"
    from=$(ls "$work"/*.whl)
fi
say "installing $(basename "$from") into $prefix"
if [ "$bits" = 32 ]; then
    # Named one by one: below a 64-bit kernel pip believes in a 64-bit system, and nobody but Debian builds
    # OpenCV for 32-bit ARM.
    pip install --force-reinstall --no-deps "$from"
    "$prefix/bin/python" -c 'import importlib.metadata, re
for need in importlib.metadata.requires("edge-emo"):
    if re.match("click|tflite-runtime", need) and "extra" not in need: print(need.partition(";")[0])
' >"$work/needs"
    pip install --upgrade -c "$work/constraints" -r "$work/needs"
else
    pip install --upgrade -c "$work/constraints" "$from"
    pip install --force-reinstall --no-deps "$from" # also a new build of the same version
fi

# A PC gets OpenCV's desktop build, which a system without X cannot import. Both builds lie in one
# folder: removing one leaves the other without its files.
if ! "$prefix/bin/python" -c 'import cv2' 2>/dev/null; then
    pip uninstall --yes opencv-python
    pip install --force-reinstall --no-deps 'opencv-python-headless>=4.8,<5'
fi

rm -rf "$work"
exec "$prefix/bin/edge-emo" service install "$@"
