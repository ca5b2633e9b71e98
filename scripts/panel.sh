# shellcheck shell=bash
# Sourced by check, test, run and release: the panel's npm scripts and the runner of Rust tests, by one name each.

# panel_script NAME: the npm script of that name; a panel without it is a mistake, not a pass.
panel_script() { npm run --silent --prefix panel "$1"; }

panel_has() { [ -f panel/package.json ] && node -e 'process.exit(process.argv[1] in require("./panel/package.json").scripts ? 0 : 1)' "$1"; }

# The coordinator embeds panel/dist when it is compiled: it has to be there, and to be that of these sources.
panel_build_if_stale() {
  local newer
  [ -f panel/package.json ] || { mkdir -p panel/dist; return 0; }
  if [ -f panel/dist/index.html ]; then
    newer=$(find panel -path panel/node_modules -prune -o -path panel/dist -prune -o -path panel/test-results -prune -o \
      -type f -newer panel/dist/index.html -print -quit)
    [ -n "$newer" ] || return 0
  fi
  panel_script build
}

panel_ready() { step "panel: build" panel_build_if_stale; }

# What a browser loads before the first page stands: the files that index.html names, gzipped.
panel_budget() {
  local limit_kb=260 total=0 file size
  [ -f panel/dist/index.html ] || { echo "panel/dist/index.html is missing: build the panel first" >&2; return 1; }
  while IFS= read -r file; do
    size=$(gzip -9 -c "panel/dist/$file" | wc -c)
    printf '%8d bytes gzipped  %s\n' "$size" "$file"
    total=$((total + size))
  done < <(grep -oE '(src|href)="[^"]+\.(js|css)"' panel/dist/index.html | sed 's/^[^"]*"\.\{0,1\}\/\{0,1\}//; s/"$//' | sort -u)
  printf '%8d bytes in all, %d allowed\n' "$total" $((limit_kb * 1000))
  [ "$total" -gt 0 ] || { echo "index.html names no script: is it the built one?" >&2; return 1; }
  [ "$total" -le $((limit_kb * 1000)) ] || { echo "the first load is over its budget: move code behind a lazy page" >&2; return 1; }
}

rust_tests() {
  if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --no-fail-fast "$@"
  else
    cargo test --no-fail-fast "$@"
  fi
}
