# shellcheck shell=bash
# Sourced by the other scripts: how a step is announced, timed and counted. Knows nothing of what a step does.
#
#   step NAME COMMAND…   runs the command, shows its output, remembers the result; never ends the script
#   finish               prints the table of steps, the runners' own summaries and `N passed, N failed`

step_began=$SECONDS
step_logs=${STEP_LOGS:-target/step-logs}
step_table=()
step_summaries=()
step_passed=0
step_failed=0
step_broken=0

# Prints "PASSED FAILED" as the runners in a log summed themselves up (nextest, cargo test, vitest, node --test).
step_counts() {
  sed 's/\x1b\[[0-9;]*[A-Za-z]//g' "$1" | awk '
    function take(word,    i) { for (i = 2; i <= NF; i++) if (index($i, word) == 1) return $(i - 1) + 0; return 0 }
    /^ *Summary \[.*tests? run:/ || /^test result:/ || /^ *Tests +[0-9]+ (passed|failed)/ {
      passed += take("passed"); failed += take("failed") + take("timed"); next
    }
    /^(#|ℹ) pass [0-9]+$/ { passed += $3 }
    /^(#|ℹ) fail [0-9]+$/ { failed += $3 }
    END { print passed + 0, failed + 0 }'
}

step_summary_lines() {
  sed 's/\x1b\[[0-9;]*[A-Za-z]//g' "$1" |
    grep -E '^ *Summary \[|^test result:|^ *Tests +[0-9]+ (passed|failed)|^(#|ℹ) (pass|fail) [0-9]+$' || true
}

step() {
  local name=$1 log status=0 from=$SECONDS passed failed verdict=ok
  shift
  mkdir -p "$step_logs"
  log=$step_logs/$(printf '%s' "$name" | tr -c 'A-Za-z0-9' '-').log
  printf '\n=== %s  (%d s so far)\n' "$name" $((SECONDS - step_began))
  "$@" 2>&1 | tee "$log" || status=${PIPESTATUS[0]}
  read -r passed failed < <(step_counts "$log")
  if [ "$status" -ne 0 ]; then
    verdict="FAILED, see $log"
    step_broken=$((step_broken + 1))
    [ "$failed" -gt 0 ] || failed=1
  elif [ $((passed + failed)) -eq 0 ]; then
    passed=1
  fi
  step_passed=$((step_passed + passed))
  step_failed=$((step_failed + failed))
  step_table+=("$(printf '%-28s %5d s   %s' "$name" $((SECONDS - from)) "$verdict")")
  local line
  while IFS= read -r line; do
    [ -z "$line" ] || step_summaries+=("$name: $line")
  done < <(step_summary_lines "$log")
}

finish() {
  printf '\n=== steps\n'
  printf '%s\n' "${step_table[@]}"
  printf '%-28s %5d s\n' total $((SECONDS - step_began))
  if [ "${#step_summaries[@]}" -gt 0 ]; then
    printf '\n=== what the runners said\n'
    printf '%s\n' "${step_summaries[@]}"
  fi
  printf '\n%d passed, %d failed\n' "$step_passed" "$step_failed"
  [ "$step_broken" -eq 0 ] && [ "$step_failed" -eq 0 ]
}
