#!/bin/sh
# Takes the restic-manager agent off this machine. Its data and configuration stay, unless --purge is given; backups
# in the repository are never touched.
#
#   uninstall.sh [--purge] [--yes] [--dry-run]
set -u

name=restic-manager-agent
lib_dir=/usr/local/lib/restic-manager
link=/usr/local/bin/$name
data_dir=/var/lib/$name
config_dir=/etc/restic-manager
unit=/etc/systemd/system/$name.service

purge=no
yes=no
dry_run=no

say() { printf '%s\n' "$*"; }

# fail WHAT-HAPPENED WHAT-TO-DO-NEXT
fail() {
  printf 'error: %s\n  next: %s\n' "$1" "$2" >&2
  exit 1
}

# act SAYING COMMAND…: says it, and does it unless this is a dry run
act() {
  say "$1"
  shift
  [ "$dry_run" = yes ] || "$@" || fail "that did not work: $*" "put it right, then run this again: it takes up where it stopped"
}

confirm_purge() {
  [ "$purge" = yes ] && [ "$yes" = no ] && [ "$dry_run" = no ] || return 0
  host=$(uname -n)
  say "--purge deletes $data_dir: this machine's identity, its job history and its copy of the repository password."
  say "Without the recovery kit or another copy of that password, its backups can then not be opened by anybody."
  printf 'Type the name of this machine (%s) to go on: ' "$host"
  answer=
  if (: </dev/tty) 2>/dev/null; then read -r answer </dev/tty; else read -r answer; fi
  [ "$answer" = "$host" ] || fail "\"$answer\" is not \"$host\"; nothing was removed" "run this without --purge to keep the data"
}

main() {
  while [ $# -gt 0 ]; do
    case $1 in
      --purge) purge=yes ;;
      --yes) yes=yes ;;
      --dry-run) dry_run=yes ;;
      *) fail "unknown option: $1" "usage: uninstall.sh [--purge] [--yes] [--dry-run]" ;;
    esac
    shift
  done
  [ "$(id -u)" -eq 0 ] || [ "$dry_run" = yes ] || fail "this has to run as root" "run it with sudo, or in a root shell"
  confirm_purge

  if [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1; then
    if [ -e "$unit" ]; then
      act "stopping the service; a backup that runs is ended and recorded" systemctl disable --now --quiet $name
      act "removing $unit" rm -f "$unit"
      act "telling systemd" systemctl daemon-reload
    fi
  else
    say "systemd is not running here: end \"$name run\" yourself, and take it out of whatever starts it"
    act "removing $unit" rm -f "$unit"
  fi
  act "removing $link" rm -f "$link"
  act "removing $lib_dir" rm -rf "$lib_dir"
  if [ "$purge" = yes ]; then
    act "removing $data_dir" rm -rf "$data_dir"
    act "removing $config_dir" rm -rf "$config_dir"
  else
    say "kept: $data_dir and $config_dir (--purge removes them)"
  fi
  say "done. The snapshots in the repository are untouched. In the panel, retire this host to end its alerts."
}

main "$@"
