# shellcheck shell=bash
# Sourced by the other scripts: how the panel, the programs and the tests are built and run, by one name each.

# panel_script NAME: the npm script of that name; a panel without it is a mistake, not a pass.
panel_script() { npm run --silent --prefix panel "$1"; }

# The coordinator embeds panel/dist when it is compiled: it has to be there, and to be that of these sources.
panel_build_if_stale() {
  local newer
  if [ -f panel/dist/index.html ]; then
    newer=$(find panel -path panel/node_modules -prune -o -path panel/dist -prune -o -path panel/test-results -prune -o \
      -type f -newer panel/dist/index.html -print -quit)
    [ -n "$newer" ] || return 0
  fi
  panel_script build
}

panel_ready() { step "panel: build" panel_build_if_stale; }

# Always the whole workspace: a part of it would be compiled anew, with other features of the same crates.
programs_build() { cargo build --workspace --bins --profile "${1:-dev}"; }

rust_tests() {
  if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --no-fail-fast "$@"
  else
    cargo test --no-fail-fast "$@"
  fi
}
