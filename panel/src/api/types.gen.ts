// Generated from the Rust types of the wire crate by `wire/tests/ts_types.rs`. Do not edit: change the Rust type and run
// RM_UPDATE=1 cargo test -p restic-manager-wire --test ts_types

/**
 * One thing an operator wants of one agent.
 */
export type Action = { "do": "run", groups: Array<GroupName>,
/**
 * KiB/s for these runs alone.
 */
upload_kib_s: number | null, } | { "do": "cancel", job: JobId, } | { "do": "probe", repository: RepositoryName, } | { "do": "refresh", repository: RepositoryName, } | { "do": "set_plan", base_revision: number, plan: Plan, secrets: Array<SealedSecret>, } | { "do": "set_secret", secret: SealedSecret, } | { "do": "confirm_plan", revision: number, };

/**
 * An admin's word that exactly this agent, under this name, belongs to the fleet.
 */
export type Admission = { fleet: FleetId, agent_fingerprint: Fingerprint, name: string, tags: Array<string>, issued_at: UnixMs, expires_at: UnixMs,
/**
 * The agent that this one takes the place of.
 */
replaces: AgentId | null, };

export type AgentBinaryView = { arch: string, version: string, sha256: Hash32, size_bytes: number, };

/**
 * An agent: its Ed25519 public key.
 */
export type AgentId = string;

/**
 * `POST /pending/{agent}/approve`: 409 when the fingerprint is not the waiting host's any more.
 */
export type ApproveRequest = { admission: SignedDocument, };

/**
 * A repository's destination. Fields are what a person types; [`Backend::location`] is restic's spelling.
 */
export type Backend = { "kind": "local", path: string, } | { "kind": "sftp", host: string, port: number | null, user: string, path: string, } | { "kind": "rest",
/**
 * `http://` or `https://`, without user and password.
 */
url: string, path: string, } | { "kind": "s3",
/**
 * `https://host[:port]`; Amazon's is `https://s3.amazonaws.com`.
 */
endpoint: string, bucket: string, prefix: string, region: string | null, } | { "kind": "b2", bucket: string, prefix: string, } | { "kind": "azure", container: string, prefix: string, } | { "kind": "gs", bucket: string, prefix: string, } | { "kind": "rclone", remote: string, path: string, };

/**
 * Bytes that JSON carries as base64url without padding (RFC 4648 §5).
 */
export type Base64Bytes = string;

/**
 * An X25519 public key: a Noise static key.
 */
export type ChannelKey = string;

/**
 * A coordinator that agents may talk to and take routine orders from.
 */
export type Coordinator = { id: CoordinatorId, channel: ChannelKey, name: string, };

/**
 * A coordinator: its Ed25519 public key.
 */
export type CoordinatorId = string;

export type CoordinatorView = { id: CoordinatorId, channel: ChannelKey, name: string, public_url: string, };

/**
 * Why an agent may be here.
 */
export type Credential = { "by": "none" } | { "by": "admission", admission: SignedDocument, } | { "by": "token", token: SignedDocument, proof: TokenProof, } | { "by": "token_key", token: TokenKey, proof: TokenProof, };

/**
 * `GET /cron?expression=&zone=&n=`: what a crontab means.
 */
export type CronView = { next: Array<UnixMs>,
/**
 * Why it is not a crontab.
 */
problem: string | null, };

export type ErrorCode = "bad_request" | "invalid_field" | "invalid_cursor" | "not_signed_in" | "wrong_credentials" | "forbidden" | "not_found" | "method_not_allowed" | "conflict" | "stale" | "expired" | "bad_signature" | "too_large" | "unsupported_media" | "too_many_requests" | "setup_needed" | "setup_closed" | "bad_bootstrap_token" | "cross_origin" | "storage_unavailable" | "internal";

export type Event = { "event": "host", agent: AgentId, } | { "event": "job", agent: AgentId, job: JobId, } | { "event": "pending" } | { "event": "tokens" } | { "event": "order", agent: AgentId, } | { "event": "live", agent: AgentId, live: Live, } | { "event": "lagged" } | { "event": "signed_out" };

export type Explanation = { message: string, hint: string, };

/**
 * JSON carries 64 lower-case hex digits, as for every hash; `Display` is the form for people.
 */
export type Fingerprint = string;

/**
 * A fleet: the fingerprint of its first root key.
 */
export type FleetId = string;

/**
 * `GET /fleet`: the trust everything rests on.
 */
export type FleetView = { fleet: FleetId,
/**
 * `SHA256:` and hex in groups.
 */
fingerprint: string, words: Array<string>, coordinator: CoordinatorView,
/**
 * From version 1 to the current one, each with its exact bytes.
 */
statements: Array<SignedDocument>, operators: Array<OperatorView>, version: string, };

/**
 * What is backed up together, under one tag.
 */
export type Group = { repository: RepositoryName,
/**
 * Absolute paths.
 */
includes: Array<string>,
/**
 * restic exclude patterns.
 */
excludes: Array<string>,
/**
 * A directory that holds a file of one of these names is left out.
 */
exclude_if_present: Array<string>, one_file_system: boolean, retention: Retention, retry: Retry, };

/**
 * A group of a plan; unique per host, and the tag of its snapshots.
 */
export type GroupName = string;

/**
 * A SHA-256 hash.
 */
export type Hash32 = string;

/**
 * What a host is. Also the body of the journal's `host.facts`.
 */
export type HostFacts = { hostname: string,
/**
 * Such as `linux`.
 */
os: string,
/**
 * Such as `Debian GNU/Linux 12`.
 */
os_version: string,
/**
 * Such as `x86_64`.
 */
arch: string, agent_version: string,
/**
 * Absent: no restic was found.
 */
restic_version: string | null,
/**
 * IANA name of the host's zone.
 */
zone: string, };

/**
 * One row of `GET /hosts`.
 */
export type HostRow = { agent: AgentId, name: string, tags: Array<string>, presence: PresenceView, last_seen: UnixMs | null, os: string, arch: string, agent_version: string, behind: boolean, last_backup: LastBackup | null, next_run: UnixMs | null,
/**
 * Bytes that a restore of the newest snapshots would write, or the stored bytes where that is not known.
 */
size_bytes: number | null, snapshots: number, repository: RepositoryReadiness,
/**
 * Jobs queued or running.
 */
active_jobs: number,
/**
 * Orders that wait for the host.
 */
waiting_orders: number,
/**
 * When exactly one enabled schedule covers every group: the groups that "run now" starts.
 */
run_now: Array<string>, };

/**
 * `GET /hosts/{agent}`.
 */
export type HostView = { row: HostRow, facts: HostFacts, binding: KeyBinding, fingerprint: string, words: Array<string>,
/**
 * What made it a member: whoever seals a secret to it checks that up to the root, instead of believing the
 * coordinator.
 */
credential: Credential, journal: JournalView, plan_revision: number,
/**
 * A plan edit waits for the host.
 */
plan_waiting: boolean, repositories: Array<RepositoryView>,
/**
 * Something only a person can resolve: a rolled-back disk, a fork.
 */
trouble: string | null, };

/**
 * `GET /fleet/install`: what a person pastes on a new host.
 */
export type InstallView = {
/**
 * Downloads, verifies, installs and announces. A token goes in front as `RM_TOKEN=… `.
 */
linux: string,
/**
 * Where the agent is installed already.
 */
enrol: string, agents: Array<AgentBinaryView>,
/**
 * Why there is no install command, when no agent binary is served.
 */
unavailable: string | null, };

/**
 * One run of one kind of work at one agent (UUID version 7, so that ids sort by time).
 */
export type JobId = string;

/**
 * What a job does.
 */
export type JobKind = "init" | "probe" | "backup" | "forget" | "snapshots" | "stats";

/**
 * What a job added up to. Fields that do not apply to a kind are absent.
 */
export type JobNumbers = { snapshot?: string, files_new?: number, files_changed?: number, files_unmodified?: number,
/**
 * Files looked at.
 */
files_total?: number,
/**
 * Bytes looked at.
 */
bytes_total?: number,
/**
 * Bytes that were new, before compression.
 */
bytes_added?: number,
/**
 * Bytes that were new, as stored; absent before restic 0.17.
 */
bytes_stored?: number, snapshots_removed?: number, snapshots_kept?: number, };

/**
 * Where a job stands. `queued → running →` one of the others; those never change again.
 */
export type JobState = "queued" | "running" | "succeeded" | "incomplete" | "failed" | "cancelled" | "interrupted" | "skipped";

/**
 * What a job is about: its kind and on what.
 */
export type JobSubject = { kind: JobKind, repository: RepositoryName, group: GroupName | null, };

/**
 * One row of `GET /hosts/{agent}/jobs`, and the whole of `GET /hosts/{agent}/jobs/{job}`.
 */
export type JobView = { agent: AgentId, host: string, job: JobId, kind: JobKind, repository: RepositoryName, group: GroupName | null, origin: Origin, state: JobState, reason: Reason | null,
/**
 * The reason in plain words, and what to do next.
 */
explanation: Explanation | null, numbers: JobNumbers, queued_at: UnixMs, started_at: UnixMs | null, finished_at: UnixMs | null,
/**
 * The last known, while it runs and somebody watches.
 */
progress: Progress | null, };

/**
 * How much of the host's journal is here, and that it verifies.
 */
export type JournalView = { epoch: number, seq: number, verified_at: UnixMs | null, };

/**
 * As it travels: nothing here counts before [`KeyBinding::verify`].
 */
export type KeyBinding = { id: AgentId, seal: SealKey, channel: ChannelKey, generation: number, sig: Signature64, };

export type LastBackup = { job: JobId, state: JobState, at: UnixMs, };

export type Limits = {
/**
 * KiB/s; absent means unlimited.
 */
upload_kib_s: number | null,
/**
 * KiB/s; absent means unlimited.
 */
download_kib_s: number | null,
/**
 * -20 to 19, as nice(1).
 */
nice: number | null, };

/**
 * Ephemeral: lost without harm.
 */
export type Live = { "live": "progress", job: JobId, progress: Progress, } | { "live": "log", job: JobId, lines: Array<LogLine>, };

/**
 * One line of a job's log.
 */
export type LogLine = {
/**
 * Counts from 0 within the job.
 */
n: number, at: UnixMs, stream: LogStream, text: string, };

export type LogStream = "agent" | "stdout" | "stderr";

/**
 * `GET /hosts/{agent}/jobs/{job}/log?after=`: lines from `after` on, at most 2,000.
 */
export type LogView = { lines: Array<LogLine>,
/**
 * Ask again with this; absent when the job is over and all lines are here.
 */
next: number | null,
/**
 * Lines that are journalled, not only live.
 */
complete: boolean, };

/**
 * When the repositories are looked after. Absent cadence: never by itself.
 */
export type Maintenance = { forget: string | null, };

/**
 * `GET /session`: who am I?
 */
export type MeView = { user: string, role: Role, session_expires_at: UnixMs, };

export type NumbersAt = { at: UnixMs, stored_bytes: number, snapshots: number, };

/**
 * A person's device key and what it may sign.
 */
export type Operator = { key: OperatorKey, name: string, role: Role, };

/**
 * An operator's device key (Ed25519 public).
 */
export type OperatorKey = string;

export type OperatorView = { key: OperatorKey, name: string, role: Role, fingerprint: string, };

/**
 * One wish, addressed to one agent, executed at most once.
 */
export type Order = { fleet: FleetId, agent: AgentId, id: OrderId, issued_at: UnixMs, expires_at: UnixMs,
/**
 * Who wanted it, as people call them.
 */
person: string, action: Action, };

/**
 * One order, made once and executed at most once.
 */
export type OrderId = string;

/**
 * Why an agent does not do what an order says.
 */
export type OrderRefusalCode = "bad_signature" | "misaddressed" | "unknown_statement" | "replayed" | "not_authorised" | "expired" | "stale_revision" | "invalid_plan" | "bad_secret" | "policy" | "not_found" | "unsupported" | "unavailable";

/**
 * `POST /hosts/{agent}/orders`: a routine action, or a grave order signed in the browser.
 */
export type OrderRequest = { routine: Action, } | { grave: SignedDocument, };

export type OrderState = "waiting" | "sent" | "answered" | "withdrawn" | "expired";

/**
 * One order and what became of it.
 */
export type OrderView = { order: OrderId, agent: AgentId,
/**
 * `run`, `set_plan`, …
 */
action: string, person: string, issued_at: UnixMs, expires_at: UnixMs, state: OrderState, outcome: Outcome | null, answered_at: UnixMs | null, };

/**
 * Who or what wanted the job.
 */
export type Origin = { "by": "schedule", schedule: ScheduleName, due_at: UnixMs, } | { "by": "catch_up", schedule: ScheduleName, due_at: UnixMs, } | { "by": "retry", job: JobId, attempt: number, } | { "by": "operator", person: string, order: OrderId, } | { "by": "local" } | { "by": "maintenance", due_at: UnixMs, } | { "by": "follow", job: JobId | null, };

export type Outcome = { "outcome": "accepted", jobs: Array<JobId>,
/**
 * The plan's revision afterwards, when the order changed it.
 */
revision: number | null, } | { "outcome": "refused", code: OrderRefusalCode, message: string, hint: string, };

export type OutcomeCounts = { succeeded: number, incomplete: number, failed: number,
/**
 * Cancelled, interrupted and skipped.
 */
other: number, };

/**
 * One page of a list. `next` is an opaque cursor for the page after; absent on the last.
 */
export type Page<T> = { items: Array<T>, next: string | null,
/**
 * How many there are in all, where that is known without counting.
 */
total: number | null, };

/**
 * A host at the door: `GET /pending`.
 */
export type PendingView = { agent: AgentId, binding: KeyBinding,
/**
 * 64 hex digits: what the admission names.
 */
agent_fingerprint: Hash32,
/**
 * As people compare it.
 */
fingerprint: string, words: Array<string>, hostname: string, os: string, arch: string, agent_version: string, restic_version: string | null,
/**
 * Where the connection came from.
 */
address: string, since: UnixMs, expires_at: UnixMs, connected: boolean,
/**
 * The name of a host that already has this host name.
 */
collides_with: string | null, };

/**
 * Everything a host does by itself.
 */
export type Plan = { repositories: { [key in RepositoryName]: Repository }, groups: { [key in GroupName]: Group }, schedules: { [key in ScheduleName]: Schedule }, maintenance: Maintenance, limits: Limits, presence: Presence, };

/**
 * `POST /plan/check`: would this plan do?
 */
export type PlanCheckRequest = {
/**
 * Checked as it is: a plan that does not even parse is a problem with a field, not an error.
 */
plan: Plan, };

export type PlanCheckView = { problems: Array<PlanProblem>, warnings: Array<PlanWarning>, };

/**
 * One thing that is wrong, with the path of the field as JSON and TOML name it.
 */
export type PlanProblem = {
/**
 * Such as `groups.default.includes[0]`.
 */
field: string, message: string, };

/**
 * `GET /hosts/{agent}/plan`; its `ETag` is the revision.
 */
export type PlanView = { revision: number, plan: Plan, changed_by: string | null, changed_at: UnixMs | null,
/**
 * Secrets are sealed to this key.
 */
seal: SealKey,
/**
 * The secrets the agent holds: slot and revision, never the value.
 */
secrets: Array<SecretView>, warnings: Array<PlanWarning>,
/**
 * Set while the endpoint's own file governs the plan.
 */
read_only: string | null, };

/**
 * A valid plan that will surprise somebody.
 */
export type PlanWarning = { "what": "retention_finer_than_schedule", group: GroupName, rule: string, } | { "what": "never_scheduled", group: GroupName, };

export type Presence = "always_on" | "intermittent";

/**
 * The dot in front of a host.
 */
export type PresenceView = "online" | "offline" | "asleep" | "never_seen";

/**
 * `application/problem+json`.
 */
export type Problem = {
/**
 * `about:blank#<code>`; the code is what programs compare.
 */
type: string, code: ErrorCode, title: string, status: number,
/**
 * What happened, to what.
 */
detail: string,
/**
 * What to do next.
 */
hint: string,
/**
 * The fields that are wrong, when the request had fields.
 */
fields?: Array<PlanProblem>,
/**
 * Seconds until it is worth trying again.
 */
retry_after_s?: number, };

/**
 * The live state of a running job, at most once a second. Ephemeral: never journalled.
 */
export type Progress = {
/**
 * 0 to 1; restic's own estimate.
 */
fraction: number, files_done: number, files_total: number, bytes_done: number, bytes_total: number,
/**
 * Over the last seconds.
 */
bytes_per_s: number, remaining_s: number | null, current: Array<string>, errors: number, };

/**
 * The versions of this protocol that a program speaks, both inclusive.
 */
export type ProtocolRange = { min: number, max: number, };

/**
 * Why a job is not a plain success. One closed list, so that every surface explains it the same way.
 */
export type Reason = { "code": "unreadable_items", items: Array<string>, more: number, } | { "code": "missing_paths", paths: Array<string>, } | { "code": "nothing_to_back_up", paths: Array<string>, } | { "code": "repository_missing" } | { "code": "repository_not_ours", message: string, } | { "code": "wrong_password" } | { "code": "locked", owner: string | null, pid: number | null, since: UnixMs | null, } | { "code": "unreachable", address: string, message: string, } | { "code": "no_space", message: string, } | { "code": "forbidden", message: string, } | { "code": "restic_missing" } | { "code": "restic_too_old", needed: string, found: string, } | { "code": "secret_missing", slot: string, } | { "code": "not_in_plan", what: string, } | { "code": "empty_policy" } | { "code": "retention_held", message: string, } | { "code": "already_waiting" } | { "code": "cancelled_by", person: string, } | { "code": "agent_stopped" } | { "code": "agent_died" } | { "code": "restic", exit: number | null, message: string, } | { "code": "contradiction", message: string, } | { "code": "internal", message: string, };

/**
 * What an agent answered to an order. Journalled, then sent.
 */
export type Receipt = { number: number, order: OrderId, outcome: Outcome, };

/**
 * Why somebody is not let in, and what to do about it.
 */
export type Refusal = { code: RefusalCode, message: string, hint: string, supported?: ProtocolRange | null, };

export type RefusalCode = "rejected" | "protocol" | "fleet" | "identity" | "credential" | "busy" | "wait_over" | "duplicate" | "journal" | "fork" | "frame" | "unavailable" | "revoked";

export type Repository = { backend: Backend, };

/**
 * A repository of a plan; unique per host.
 */
export type RepositoryName = string;

/**
 * The size of a repository at one time.
 */
export type RepositoryNumbers = {
/**
 * Bytes stored, all packs.
 */
stored_bytes: number,
/**
 * Bytes before compression; absent where the version does not say.
 */
uncompressed_bytes: number | null,
/**
 * Bytes that a restore of all snapshots would write; absent when not asked for.
 */
restore_bytes: number | null, snapshots: number, blobs: number | null, };

/**
 * Whether a repository can be used.
 */
export type RepositoryReadiness = "unknown" | "needs_secret" | "ready" | "unusable";

/**
 * One repository of a host.
 */
export type RepositoryView = { name: RepositoryName,
/**
 * restic's spelling of the destination, without credentials.
 */
location: string, readiness: RepositoryReadiness, reason: Reason | null,
/**
 * restic's own id of the repository.
 */
restic_id: string | null, checked_at: UnixMs | null, numbers: RepositoryNumbers | null, snapshots: number, history: Array<NumbersAt>, };

/**
 * What `forget` keeps, in restic's terms. All absent: everything is kept and forget never runs.
 */
export type Retention = { keep_last: number, keep_hourly: number, keep_daily: number, keep_weekly: number, keep_monthly: number, keep_yearly: number,
/**
 * restic's duration, such as `14d` or `2y5m7d3h`.
 */
keep_within: string | null, };

/**
 * How often a failed backup is tried again, waiting twice as long each time, 30 minutes at most.
 */
export type Retry = { max: number, backoff_s: number, };

/**
 * What a person or their key may do; each includes the one below.
 */
export type Role = "viewer" | "operator" | "admin";

/**
 * A fleet's root key (Ed25519 public).
 */
export type RootKey = string;

export type Schedule = {
/**
 * Five fields or `@daily` and friends, as Vixie cron means them.
 */
cron: string,
/**
 * IANA name; absent means the host's own zone.
 */
zone: string | null, enabled: boolean, groups: Array<GroupName>,
/**
 * Runs start up to this much later, always the same for one host and schedule.
 */
jitter_s: number, };

/**
 * A schedule of a plan; unique per host.
 */
export type ScheduleName = string;

/**
 * One row of `GET /hosts/{agent}/schedules`.
 */
export type ScheduleView = { name: ScheduleName, cron: string,
/**
 * The zone it is read in, the host's own when the plan names none.
 */
zone: string, enabled: boolean, groups: Array<GroupName>, jitter_s: number,
/**
 * The next five, jitter included, as the agent computes them.
 */
next: Array<UnixMs>, last: LastBackup | null, };

/**
 * An X25519 public key that secrets are sealed to.
 */
export type SealKey = string;

/**
 * A secret on its way to one machine.
 */
export type SealedSecret = { slot: string, revision: number,
/**
 * HPKE: `enc ‖ ciphertext`.
 */
box: Base64Bytes, };

export type SecretView = { slot: string, revision: number, at: UnixMs, };

/**
 * `POST /setup/check`: would this start work? Nothing is written.
 */
export type SetupCheck = { token: string, user: string, password: string, };

/**
 * The answer to [`SetupCheck`].
 */
export type SetupCheckView = {
/**
 * The statements of the fleet that this coordinator serves already, from version 1: its people were lost with its
 * database. Setting up then sends one of them again, or the next. Empty on a true first start.
 */
statements: Array<SignedDocument>, };

/**
 * `POST /setup`: the first admin and the fleet's first statement, in one step. Answers with [`MeView`].
 */
export type SetupRequest = { token: string, user: string, password: string,
/**
 * Version 1, signed by the root; its one operator is this browser's key. Where the fleet is known already: its
 * highest statement once more, or the one after it.
 */
statement: SignedDocument, };

/**
 * `GET /setup`, for everybody: is there somebody already, and whose coordinator is this?
 */
export type SetupView = { needed: boolean, coordinator: CoordinatorView,
/**
 * The least length of a password.
 */
password_min: number, version: string, };

/**
 * `POST /session`.
 */
export type SignInRequest = { user: string, password: string, };

/**
 * An Ed25519 signature, 64 bytes, carried as base64url.
 */
export type Signature64 = string;

/**
 * `{ "doc", "by", "sig" }` as it travels; what it says is known after [`Signed::verify`] alone.
 */
export type SignedDocument = {
/**
 * The exact bytes of the JSON document.
 */
doc: Base64Bytes, by: SignerKey, sig: Signature64, };

/**
 * Any Ed25519 public key that signed a document.
 */
export type SignerKey = string;

/**
 * One snapshot of a repository.
 */
export type Snapshot = {
/**
 * 64 hex digits.
 */
id: string, time: UnixMs, hostname: string, paths: Array<string>, tags: Array<string>,
/**
 * The tag that is one of the plan's groups, if any.
 */
group: GroupName | null,
/**
 * Bytes and files of the whole snapshot; restic ≥ 0.17.
 */
size_bytes: number | null, files: number | null,
/**
 * Bytes this snapshot added to the repository; restic ≥ 0.17.
 */
added_bytes: number | null, };

/**
 * One row of `GET /hosts/{agent}/snapshots`.
 */
export type SnapshotRow = { repository: RepositoryName, snapshot: Snapshot, };

export type Statement = { fleet: FleetId,
/**
 * Counts from 1.
 */
version: number,
/**
 * The hash of the version before; zeros for version 1.
 */
previous: Hash32, issued_at: UnixMs, root: RootKey, recovery: SealKey, coordinators: Array<Coordinator>, operators: Array<Operator>, };

/**
 * `GET /fleet/tiles`.
 */
export type TilesView = { hosts: number, online: number,
/**
 * Backups that ended in the last 24 hours, by outcome.
 */
last_day: OutcomeCounts, protected_bytes: number, snapshots: number,
/**
 * Hosts whose agent is older than the coordinator.
 */
behind: number, pending: number, };

/**
 * A token's terms, signed by an operator or admin.
 */
export type Token = { fleet: FleetId, token: TokenKey,
/**
 * What the secrets below are sealed to.
 */
seal: SealKey,
/**
 * `*` stands for anything, so `web-*` admits `web-7`.
 */
name_pattern: string, tags: Array<string>,
/**
 * How many agents it admits.
 */
uses: number, issued_at: UnixMs, expires_at: UnixMs,
/**
 * The first plan of whoever redeems it.
 */
plan: Plan | null, secrets: Array<SealedSecret>, };

/**
 * A token's key (Ed25519 public).
 */
export type TokenKey = string;

/**
 * The token key's signature over the redeeming agent's binding.
 */
export type TokenProof = string;

/**
 * `POST /tokens`: public halves only; the seed stays in the maker's browser.
 */
export type TokenRequest = { token: SignedDocument, };

export type TokenUse = { agent: AgentId, name: string, at: UnixMs, };

export type TokenView = { token: TokenKey, name_pattern: string, tags: Array<string>, uses: number, used_by: Array<TokenUse>, issued_at: UnixMs, expires_at: UnixMs, made_by: string, revoked_at: UnixMs | null,
/**
 * Whether the token brings a plan with it.
 */
with_plan: boolean, };

/**
 * A point in time: milliseconds since the Unix epoch, UTC.
 */
export type UnixMs = number;
