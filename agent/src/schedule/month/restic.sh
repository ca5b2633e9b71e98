#!/bin/sh
# A restic that keeps what it is told in small files, and reads the clock of the month: it needs no time of its own.
case "$RESTIC_REPOSITORY" in rest:*) at=main mark=a ;; *) at=usb mark=b ;; esac
notes="$dir/$at"
tag='' host='' target='' last=''
for word in "$@"; do
  case "$word" in
    --tag=*) tag=${word#--tag=} ;;
    --host=*) host=${word#--host=} ;;
    --target=*) target=${word#--target=} ;;
  esac
  last=$word
done
snapshots_of() { # all of them, or those of a tag
  known=''
  [ ! -e "$notes/snapshots$1" ] || read -r known < "$notes/snapshots$1"
  echo "[${known#,}]"
}
case "$1" in
version) echo "restic 0.19.1 compiled with go1.26.4 on linux/amd64" ;;
init) mkdir -p "$notes"; echo 0 > "$notes/count"; echo '{"message_type":"initialized"}' ;;
cat)
  [ -d "$notes" ] || { echo '{"message_type":"exit_error","code":10,"message":"Fatal: repository does not exist"}' >&2; exit 10; }
  printf '{"version":2,"id":"%s%063d"}\n' "$mark" 0 ;;
backup)
  [ "$2" = --help ] && { echo '  --group-by group'; exit 0; }
  read -r count < "$notes/count"; count=$((count + 1)); echo "$count" > "$notes/count"
  read -r now < "$dir/now"
  id=$(printf '%s%063d' "$mark" "$count")
  snapshot="{\"id\":\"$id\",\"time\":\"$now\",\"hostname\":\"$host\",\"username\":\"root\",\"paths\":[\"$last\"],\"tags\":[\"$tag\"]}"
  for list in snapshots "snapshots-$tag"; do
    known=''
    [ ! -e "$notes/$list" ] || read -r known < "$notes/$list"
    echo "$known,$snapshot" > "$notes/$list"
  done
  echo "$last" > "$notes/source-$id"
  echo "{\"message_type\":\"summary\",\"files_new\":1,\"total_files_processed\":1,\"backup_start\":\"$now\",\"snapshot_id\":\"$id\"}" ;;
snapshots) snapshots_of '' ;;
forget) echo "[{\"keep\":$(snapshots_of "-$tag"),\"remove\":null,\"reasons\":null}]" ;;
stats) echo '{"total_size":1,"snapshots_count":1}' ;;
prune) printf 'total prune: 0 blobs / 0 B\ndone\n' ;;
check) echo 'no errors were found' ;;
list | unlock) ;;
ls)
  read -r source < "$notes/source-$last"
  echo '{"message_type":"snapshot"}'
  echo "{\"message_type\":\"node\",\"type\":\"file\",\"path\":\"$source/file\",\"size\":5,\"mtime\":\"2027-01-01T00:00:00Z\"}" ;;
restore)
  read -r source < "$notes/source-$last"
  mkdir -p "$target$source" && cp -p "$source/file" "$target$source/file"
  echo '{"message_type":"summary","total_files":1,"files_restored":1,"total_bytes":5,"bytes_restored":5}' ;;
*) echo "what is $1?" >&2; exit 1 ;;
esac
