#!/bin/bash
# Runs as root in the machine of test_systemd.py, whose systemd is the real one; prints a line for each thing that holds.
set -u
export PATH=/opt/pixmirror/bin:/usr/sbin:/usr/bin:/sbin:/bin
holds() { if "${@:2}"; then echo "HOLDS: $1"; else echo "FAILS: $1"; fi; }
within() { local end=$((SECONDS + 150)); until "$@"; do ((SECONDS < end)) || return 1; sleep 0.5; done; }
asked() { curl -s -m 20 --unix-socket "$(echo /run/pixmirror/*-http.sock)" "http://localhost/$1"; }
code() { asked readyz | grep -q "\"code\": $1,"; }
says() { systemctl show -p StatusText pixmirror | grep -q "$1"; }
stored() { asked metrics | grep -q "^pixmirror_files{state=\"stored\"} $1.0"; }
journal() { journalctl --no-pager -q -u "$1" | grep -qF "$2"; }
active() { systemctl is-active -q pixmirror; }
pid() { systemctl show -p MainPID --value pixmirror; }
restarted() { active && [ "$(pid)" != "$1" ]; }
no_core() { grep -q '^Max core file size *0 *0 ' "/proc/$(pid)/limits"; }

useradd --system --user-group --home-dir /var/lib/pixmirror --shell /usr/sbin/nologin pixmirror
cp /units/*.service /etc/systemd/system/
mkdir -p /etc/systemd/system/pixmirror.service.d /mnt/nas
cp /units/nas.conf /etc/systemd/system/pixmirror.service.d/
systemctl daemon-reload
truncate -s 64M /nas.img && mkfs.ext4 -q /nas.img
systemctl start standin mnt-nas.mount
install -d -o pixmirror -g pixmirror /mnt/nas/pixmirror

holds "it starts" systemctl start pixmirror
holds "it mirrors onto the NAS" within stored 6
holds "readyz says so, at the address as well" within curl -sf -m 20 -o /dev/null http://127.0.0.1:9108/readyz
holds "it leaves no core" no_core
umount -l /mnt/nas
holds "it says that the NAS went" within code 6
holds "systemctl status has the first line" within says "media folder is not there"
holds "it stays up all the same" active
mv /nas.img /away.img
holds "it starts without the NAS, which cannot be mounted" systemctl restart pixmirror
holds "it says that the NAS is not there" within code 6
mv /away.img /nas.img
systemctl reset-failed mnt-nas.mount
systemctl start mnt-nas.mount
holds "it goes on by itself when the NAS is back" within code 0
before=$(pid)
kill -KILL "$before"
holds "it comes back after a kill" within restarted "$before"
holds "it is well after a kill" within code 0
holds "there is no kill of procps here" test ! -e /bin/kill
echo 'every = ' >>/etc/pixmirror/config.toml
systemctl reload pixmirror
holds "a broken config is refused at a reload" within journal pixmirror "Config not read again"
holds "the old config stays" active
systemctl restart pixmirror
holds "a broken config is a failure for good at a start" within systemctl is-failed -q pixmirror
holds "which is said as critical, with its exit status" within journal 'pixmirror-failed@*' "failed for good (exit-code 2)"
sed -i '$d' /etc/pixmirror/config.toml
systemctl reset-failed
holds "it starts when the config is mended" systemctl start pixmirror
holds "it stops, all on disk" systemctl stop pixmirror
holds "it ended well" grep -q '=success' <(systemctl show -p Result pixmirror)
journalctl --no-pager -q -n 60 -u pixmirror -u 'pixmirror-failed@*' -u mnt-nas.mount
echo THE-END
