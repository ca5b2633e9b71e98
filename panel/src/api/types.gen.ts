// Generated from the Rust types of the wire crate by `wire/tests/ts_types.rs`. Do not edit: change the Rust type and run
// RM_UPDATE=1 cargo test -p restic-manager-wire --test ts_types

/**
 * `GET /account`.
 */
export type AccountView = { me: MeView, email: string | null,
/**
 * The name of the provider that vouches for the person: then there is no password here.
 */
provider: string | null, has_totp: boolean, passkeys: Array<PasskeyView>,
/**
 * Recovery codes that were not used.
 */
recovery_codes: number,
/**
 * Whether the person's role takes a second factor.
 */
factor_required: boolean, };

/**
 * One thing an operator wants of one agent.
 */
export type Action = { "do": "run", groups: Array<GroupName>,
/**
 * KiB/s for these runs alone.
 */
upload_kib_s: number | null,
/**
 * KiB/s for these runs alone.
 */
download_kib_s?: number, } | { "do": "cancel", job: JobId, } | { "do": "probe", repository: RepositoryName, } | { "do": "refresh", repository: RepositoryName, } | { "do": "set_plan", base_revision: number, plan: Plan, secrets: Array<SealedSecret>,
/**
 * Why, in the person's words; 500 characters at most.
 */
note?: string, } | { "do": "set_secret", secret: SealedSecret, } | { "do": "confirm_plan", revision: number, } | { "do": "dry_run", group: GroupName, settings: Group | null, } | { "do": "preview_retention", group: GroupName, retention: Retention, } | { "do": "maintain", repository: RepositoryName, task: MaintenanceTask, groups: Array<GroupName>,
/**
 * Of a check, instead of the plan's.
 */
read_data_percent: number | null, } | { "do": "unlock", repository: RepositoryName,
/**
 * As the person saw them; none: the dead ones alone. When others are there by then, nothing is removed.
 */
locks: Array<string>, } | { "do": "copy", group: GroupName, to: RepositoryName, snapshots: Array<string>, } | { "do": "reinit", repository: RepositoryName, } | { "do": "adopt", repository: RepositoryName, snapshots: Array<string>, } | { "do": "release", repository: RepositoryName,
/**
 * Of the slot `repository/NAME/admin`.
 */
secret: SealedSecret, } | { "do": "claims", repository: RepositoryName, claimants: Array<Owner>, } | { "do": "restore", repository: RepositoryName,
/**
 * 64 hex digits.
 */
snapshot: string,
/**
 * What comes back, directories before what lies in them: of the picks that a path lies in, the last one decides.
 * Empty: everything.
 */
picks: Array<Pick>, target: RestoreTarget, overwrite: Overwrite, ownership: Ownership,
/**
 * Read what was written again, and compare.
 */
verify: boolean,
/**
 * Say what would be written, and write nothing.
 */
dry_run: boolean,
/**
 * What becomes of the job that runs on that repository now.
 */
meanwhile: Meanwhile,
/**
 * The repository is another host's, whose credential is lent for this one job. The order is then held in memory
 * alone, wherever it passes.
 */
lent?: Lent, } | { "do": "lend", repository: RepositoryName,
/**
 * Whose keys these are was checked by whoever signs.
 */
to: KeyBinding, to_name: string,
/**
 * The restore's.
 */
job: JobId, } | { "do": "download", repository: RepositoryName,
/**
 * 64 hex digits.
 */
snapshot: string, path: RawPath,
/**
 * Absent: the bytes of one file.
 */
archive?: ArchiveFormat,
/**
 * Made for this download alone, by whoever signs.
 */
to: SealKey, } | { "do": "rename", name: string, tags: Array<string>, } | { "do": "retire",
/**
 * This agent's own id once more: nobody retires by a slip.
 */
agent: AgentId, };

/**
 * Who did it.
 */
export type Actor = { "kind": "person", name: string, role: Role, } | { "kind": "token", token: string, name: string, role: Role, } | { "kind": "console" } | { "kind": "coordinator" } | { "kind": "nobody", name: string, };

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
 * `POST /account/keys`: this browser's key is mine.
 */
export type AnnounceKeyRequest = { key: OperatorKey,
/**
 * The browser or computer.
 */
name: string,
/**
 * By the key, over the domain `restic-manager/v1/key-announcement`, the fleet's id and the person's name
 * (docs/PROTOCOL.md): who announces a key has it.
 */
proof: Signature64, };

/**
 * One line of an answer, also as the API streams it.
 */
export type AnswerLine = { "part": Part } | { "end": End };

/**
 * The token itself is shown this once.
 */
export type ApiTokenMade = { token: ApiTokenView,
/**
 * For `Authorization: Bearer`.
 */
secret: string, };

/**
 * `POST /api-tokens`. Answers with [`ApiTokenMade`].
 */
export type ApiTokenRequest = { name: string, role: Role,
/**
 * Whole days from now, 1 to 3,660; left out: it does not expire.
 */
days?: number, };

/**
 * A program's key to the API.
 */
export type ApiTokenView = { id: number, name: string,
/**
 * At most this; never more than its maker may at that moment.
 */
role: Role,
/**
 * Who made it.
 */
person: string, created_at: UnixMs, expires_at: UnixMs | null, used_at: UnixMs | null, revoked_at: UnixMs | null,
/**
 * Nobody gets in by it: expired, revoked, or its maker is disabled.
 */
dead: boolean, };

/**
 * `POST /pending/{agent}/approve`: 409 when the fingerprint is not the waiting host's any more.
 */
export type ApproveRequest = { admission: SignedDocument, };

/**
 * How a directory is packed.
 */
export type ArchiveFormat = "tar" | "zip";

/**
 * What was done. The words are what `action=` of the list takes.
 */
export type AuditAction = "set_up" | "sign_in" | "sign_in_refused" | "sign_out" | "session_end" | "provider_sign_out" | "person_invite" | "person_join" | "setup_link_make" | "setup_link_use" | "person_change" | "person_disable" | "person_enable" | "person_sign_out" | "password_change" | "totp_add" | "totp_remove" | "passkey_add" | "passkey_remove" | "recovery_codes_make" | "recovery_code_use" | "factors_reset" | "api_token_make" | "api_token_revoke" | "key_announce" | "key_forget" | "statement_publish" | "host_approve" | "host_reject" | "host_remove" | "token_make" | "token_revoke" | "order_give" | "order_withdraw" | "escrow_take" | "template_keep" | "template_remove" | "refused" | "audit_trim";

/**
 * `GET /audit/chain`: how far the chain was checked just now.
 */
export type AuditChainView = {
/**
 * The oldest record that is kept.
 */
first: number | null,
/**
 * The newest. Beyond `verified` where nothing is broken: ask again, a long chain is checked part by part.
 */
last: number | null,
/**
 * Every record up to here holds.
 */
verified: number | null,
/**
 * The first that does not, and why.
 */
broken: string | null, };

/**
 * A record in its place.
 */
export type AuditView = { seq: number,
/**
 * The chain's hash after it.
 */
hash: Hash32, at: UnixMs, actor: Actor,
/**
 * Where the request came from; absent on the coordinator's own machine.
 */
address?: string, action: AuditAction, target?: Target,
/**
 * What changed, as far as it is no secret.
 */
before?: unknown, after?: unknown, };

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
endpoint: string, bucket: string, prefix: string, region: string | null, } | { "kind": "b2", bucket: string, prefix: string, } | { "kind": "azure", container: string, prefix: string, } | { "kind": "gs", bucket: string, prefix: string, } | { "kind": "swift", container: string, prefix: string, } | { "kind": "rclone", remote: string, path: string, };

/**
 * Bytes that JSON carries as base64url without padding (RFC 4648 §5).
 */
export type Base64Bytes = string;

/**
 * One difference between two snapshots.
 */
export type Change = {
/**
 * As restic writes it; what is no text is replaced. A directory's ends in `/`.
 */
path: string, change: ChangeKind, };

export type ChangeKind = "added" | "removed" | "changed" | "metadata" | "type";

export type ChangeSize = {
/**
 * The number of the change.
 */
n: number,
/**
 * Bytes in the older snapshot.
 */
before?: number, after?: number, };

/**
 * An X25519 public key: a Noise static key.
 */
export type ChannelKey = string;

export type CheckResult = {
/**
 * How much of the data was read; 0: none, only the structure was looked at.
 */
read_data_percent: number,
/**
 * restic's words, at most 100.
 */
problems: Array<string>, };

/**
 * What a schedule wants of the machine before it runs.
 */
export type Conditions = {
/**
 * Not on battery. A machine without a battery is always on mains power.
 */
mains_power: boolean,
/**
 * The way out is not a metered connection. Where nothing says, it is not.
 */
unmetered: boolean,
/**
 * The repository answers.
 */
reachable: boolean, };

/**
 * One's current password once more, before something that a borrowed session should not do.
 */
export type ConfirmRequest = {
/**
 * Not asked of whom a provider vouches for.
 */
password?: string, };

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

/**
 * An operator key that a browser or a terminal told of, or that the fleet's statement names.
 */
export type DeviceKeyView = { key: OperatorKey,
/**
 * What people compare before they approve it.
 */
fingerprint: string, words: Array<string>,
/**
 * Whose it is; absent where the statement names a key that nobody announced here.
 */
person: string | null, person_id: number | null,
/**
 * What the person is now: a key should not sign for more. Where `role` is higher, or the person is disabled, an
 * admin should publish a statement that says so.
 */
person_role: Role | null,
/**
 * Whether its person is disabled.
 */
person_disabled: boolean,
/**
 * The browser or computer, as its owner called it.
 */
name: string,
/**
 * What it may sign, by the fleet's statement. Absent: it waits for an admin.
 */
role: Role | null, announced_at: UnixMs | null, used_at: UnixMs | null, };

export type DiffTotal = { items: number, bytes: number, };

/**
 * What a comparison adds up to. Directories count among the items, and have no bytes.
 */
export type DiffTotals = { added: DiffTotal, removed: DiffTotal,
/**
 * Bytes as they are after.
 */
changed: DiffTotal, metadata: DiffTotal,
/**
 * Changes that were not told one by one, because there are too many.
 */
untold: number, };

export type DrillMismatch = { path: string,
/**
 * Such as `content differs`, `size is 3, not 5`.
 */
what: string, };

/**
 * What a drill tried. Files and bytes restored are the job's numbers.
 */
export type DrillResult = { snapshot: string, files: number,
/**
 * Of these, the source was unchanged since, and was compared byte by byte.
 */
compared_with_source: number,
/**
 * At most 100.
 */
mismatches: Array<DrillMismatch>, };

/**
 * A file or directory, as restic names it.
 */
export type DryRunItem = { path: string, change: ItemChange, files: number, bytes: number, };

/**
 * What a group would back up now. Files and bytes in all are the job's numbers.
 */
export type DryRunResult = {
/**
 * Each include with what lies below it, in the group's order.
 */
includes: Array<DryRunItem>,
/**
 * The largest files, at most 200.
 */
largest: Array<DryRunItem>,
/**
 * Includes that do not exist.
 */
missing: Array<string>,
/**
 * What cannot be read, at most 100.
 */
unreadable: Array<string>, };

export type End = { "end": "done" } | { "end": "failed", code: OrderRefusalCode, message: string, hint: string, };

/**
 * `POST /hosts/{agent}/lend` and `POST /hosts/{agent}/download`: an order that is held in memory alone, and whose answer
 * comes back here.
 */
export type ErrandRequest = { grave: SignedDocument, };

export type ErrorCode = "bad_request" | "invalid_field" | "invalid_cursor" | "not_signed_in" | "wrong_credentials" | "wrong_factor" | "factor_needed" | "bad_setup_link" | "sso_refused" | "sso_unavailable" | "forbidden" | "last_admin" | "name_taken" | "name_of_disabled" | "provider_managed" | "not_found" | "method_not_allowed" | "conflict" | "stale" | "expired" | "bad_signature" | "too_large" | "unsupported_media" | "too_many_requests" | "setup_needed" | "setup_closed" | "bad_bootstrap_token" | "cross_origin" | "host_absent" | "host_silent" | "host_refused" | "storage_unavailable" | "internal";

/**
 * Opens with the kit's recovery key, for purpose *escrow*.
 */
export type EscrowBox = { slot: string, revision: number,
/**
 * The recovery key that it was sealed to.
 */
recovery: SealKey, box: SealedBox, };

/**
 * Everything that the recovery kit opens, in one file: where each repository is, and what opens it, sealed.
 */
export type EscrowBundle = {
/**
 * `restic-manager escrow`.
 */
format: string,
/**
 * 1.
 */
version: number, fleet: FleetId, made_at: UnixMs, hosts: Array<EscrowHost>, };

export type EscrowHost = { agent: AgentId,
/**
 * In the fleet.
 */
name: string,
/**
 * The name that its snapshots bear.
 */
hostname: string, repositories: { [key in RepositoryName]: Backend }, boxes: Array<EscrowBox>, };

/**
 * `POST /fleet/escrow`: of these hosts, or of all.
 */
export type EscrowRequest = { hosts: Array<AgentId>, };

export type Event = { "event": "host", agent: AgentId, } | { "event": "job", agent: AgentId, job: JobId, } | { "event": "pending" } | { "event": "tokens" } | { "event": "order", agent: AgentId, } | { "event": "live", agent: AgentId, live: Live, } | { "event": "lagged" } | { "event": "signed_out" };

export type Explanation = { message: string, hint: string, };

/**
 * What proves a person besides their password.
 */
export type Factor = "totp" | "passkey";

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
exclude_if_present: Array<string>, one_file_system: boolean, retention: Retention, retry: Retry, hooks?: Hooks,
/**
 * Each new snapshot is copied to this repository of the plan as well.
 */
copy_to?: RepositoryName, };

/**
 * A group of a plan; unique per host, and the tag of its snapshots.
 */
export type GroupName = string;

/**
 * A SHA-256 hash.
 */
export type Hash32 = string;

/**
 * A file or directory that was looked for. What is no text in its name came back from restic as replacement characters.
 */
export type Hit = { path: string, kind: NodeKind, size?: number, mtime: UnixMs, };

/**
 * Why old snapshots are kept for the time being. Backups are never held.
 */
export type Hold = { cause: HoldCause,
/**
 * Absent: it concerns all of the host's repositories.
 */
repository: RepositoryName | null,
/**
 * What happened, and what a person can do.
 */
message: string, at: UnixMs, };

/**
 * What holds retention back; [`HoldCause::Claims`] holds prune and check.
 */
export type HoldCause = "clock_jumped" | "clock_disagrees" | "epoch_begun" | "future_snapshot" | "unknown_snapshot" | "claims";

/**
 * Which hook runs.
 */
export type Hook = "inherit" | "none" | "secret" | { "file": string };

/**
 * Before and after a backup: of a host, its defaults; of a group, its own.
 */
export type Hooks = {
/**
 * Fails: the backup does not begin.
 */
pre: Hook,
/**
 * Always runs; its failure changes nothing.
 */
post: Hook,
/**
 * Each of them is ended after this; absent: the host's, and 300 seconds where that says nothing either.
 */
timeout_s: number | null, };

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
 * What its restic can do of what not every one can, by the names of the agent's table of features.
 */
restic_can?: Array<string>,
/**
 * IANA name of the host's zone.
 */
zone: string,
/**
 * What the endpoint refuses from afar.
 */
policy?: PolicyFacts, };

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
run_now: Array<string>,
/**
 * The stored size on each of the last 30 days, oldest first, as a share of the largest: 0 to 100. Empty while
 * nothing is known; a day without a measure has the one before.
 */
trend: Array<number>,
/**
 * Something holds retention or upkeep back.
 */
held: boolean,
/**
 * It left the fleet, and counts for nothing here any more.
 */
retired?: boolean,
/**
 * Another host took its place, and it counts for nothing here any more.
 */
replaced?: boolean, };

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
plan_waiting: boolean, repositories: Array<RepositoryView>, trouble: TroubleView | null,
/**
 * What holds retention or upkeep back.
 */
holds: Array<Hold>,
/**
 * It left the fleet: takes no more orders, and backs up on its own.
 */
retired_at: UnixMs | null,
/**
 * The host whose place it took: its earlier jobs and snapshots stand there.
 */
replaces: ReplacedView | null,
/**
 * The host that took its place: this one may come back no more.
 */
replaced_by: ReplacedView | null, };

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
 * `POST /invitation/check`: is this setup link good, and whose is it? Nothing is written.
 */
export type InvitationCheck = { token: string, };

/**
 * `POST /invitation`: chooses the password and signs in. Answers with [`MeView`].
 */
export type InvitationRequest = { token: string, password: string, };

export type InvitationView = { user: string, expires_at: UnixMs,
/**
 * The least length of a password.
 */
password_min: number, };

/**
 * `POST /people`. Answers with [`SetupLinkView`].
 */
export type InviteRequest = { name: string, email?: string, role: Role, };

/**
 * Whose turn it is at the disk, as ionice(1).
 */
export type IoPriority = "idle" | "low";

/**
 * Against the snapshot before.
 */
export type ItemChange = "new" | "changed" | "unmodified";

/**
 * One run of one kind of work at one agent (UUID version 7, so that ids sort by time).
 */
export type JobId = string;

/**
 * What a job does.
 */
export type JobKind = "init" | "probe" | "backup" | "forget" | "snapshots" | "stats" | "dry_run" | "retention_preview" | "prune" | "check" | "unlock" | "copy" | "drill" | "restore";

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
bytes_stored?: number, snapshots_removed?: number, snapshots_kept?: number,
/**
 * Snapshots that a copy brought over.
 */
snapshots_copied?: number,
/**
 * Bytes that a prune gave back.
 */
bytes_freed?: number,
/**
 * Things that a check or drill found wrong.
 */
problems?: number, locks_removed?: number, };

/**
 * All absent: as the plan says.
 */
export type JobOptions = {
/**
 * KiB/s for this run alone.
 */
upload_kib_s?: number,
/**
 * KiB/s for this run alone.
 */
download_kib_s?: number,
/**
 * Of a check: how much of the data it reads, 0 to 100; 0 reads none.
 */
read_data_percent?: number,
/**
 * Of a dry run: the group as somebody is about to save it.
 */
group?: Group,
/**
 * Of a retention preview: the policy as somebody is about to save it.
 */
retention?: Retention,
/**
 * Of a copy: the destination.
 */
to?: RepositoryName,
/**
 * Of a copy: these snapshots; all of the group's when empty.
 */
snapshots?: Array<string>,
/**
 * Of an init: one that was ready is there no more, and may be made again.
 */
anew?: boolean,
/**
 * Of an unlock: the locks that the person saw and wants gone, alive or not; only dead ones when empty.
 */
locks?: Array<string>,
/**
 * Of a keeper's forget: the host whose snapshots it is about, as restic names it.
 */
ward?: string,
/**
 * Of a restore: what comes back, and where to. What was lent for it is named here without its box.
 */
restore?: Restore,
/**
 * Of a forget or prune: uses the credential that was released to this host's memory.
 */
released?: boolean, };

/**
 * One shape per kind that has one.
 */
export type JobResult = { "of": "dry_run" } & DryRunResult | { "of": "retention" } & RetentionResult | { "of": "check" } & CheckResult | { "of": "unlock" } & UnlockResult | { "of": "drill" } & DrillResult | { "of": "restore" } & RestoreResult;

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
explanation: Explanation | null, numbers: JobNumbers, options: JobOptions,
/**
 * Told of one job alone: a list leaves it out.
 */
result: JobResult | null,
/**
 * What this host's version of restic does not say or do.
 */
lacks: Array<Lack>, queued_at: UnixMs, started_at: UnixMs | null, finished_at: UnixMs | null,
/**
 * The last known, while it runs and somebody watches.
 */
progress: Progress | null, };

/**
 * How much of the host's journal is here, and that it verifies.
 */
export type JournalView = { epoch: number, seq: number, verified_at: UnixMs | null, };

export type KeptSnapshot = { id: string, time: UnixMs,
/**
 * restic's words for the rules that keep it, such as `daily snapshot`; empty where it would go.
 */
rules: Array<string>, };

/**
 * As it travels: nothing here counts before [`KeyBinding::verify`].
 */
export type KeyBinding = { id: AgentId, seal: SealKey, channel: ChannelKey, generation: number, sig: Signature64, };

/**
 * Something that this version of restic does not say or do.
 */
export type Lack = {
/**
 * The field or flag, such as `bytes_stored` or `skip_if_unchanged`.
 */
what: string,
/**
 * The first version that has it, such as `0.17`.
 */
needed: string, };

export type LastBackup = { job: JobId, state: JobState, at: UnixMs, };

/**
 * The credential of another host's repository, sealed to the host that restores, for one job.
 */
export type Lent = {
/**
 * The host that the repository is of, dead or alive.
 */
source: AgentId, source_name: string,
/**
 * The job's id is given with the order: the credential is good for that one alone.
 */
job: JobId,
/**
 * HPKE: `enc ‖ ciphertext` of a [`LentCredential`], docs/PROTOCOL.md §4.
 */
box: Base64Bytes, };

/**
 * What was lent, sealed to the host that the order names.
 */
export type LentView = { box: Base64Bytes, };

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
nice: number | null, io?: IoPriority, };

/**
 * Ephemeral: lost without harm.
 */
export type Live = { "live": "progress", job: JobId, progress: Progress, } | { "live": "log", job: JobId, lines: Array<LogLine>, };

/**
 * Somebody's lock on a repository.
 */
export type Lock = {
/**
 * 64 hex digits.
 */
id: string,
/**
 * The host whose process made it.
 */
hostname: string, username: string, pid: number, since: UnixMs, exclusive: boolean,
/**
 * It is this host's own, and its process is gone.
 */
dead: boolean,
/**
 * It is there and could not be read, torn perhaps: only its id is known, the rest is empty.
 */
unread?: boolean, };

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
 * The cadences, in the host's own zone. Each is a crontab; absent, or `never` (for TOML, which knows no null): not by
 * itself. A field that is left out has its default.
 */
export type Maintenance = {
/**
 * Of every group, by its own policy.
 */
forget: string | null,
/**
 * Of every repository that this host owns.
 */
prune: string | null,
/**
 * Of every repository that this host owns.
 */
check: string | null,
/**
 * How much of the data a check reads, 0 to 100; 0 looks at the structure alone.
 */
check_read_data_percent: number,
/**
 * Of every group.
 */
drill: string | null,
/**
 * At most so many files are restored.
 */
drill_files: number,
/**
 * At most so much is restored, in MiB.
 */
drill_mib: number, };

/**
 * What maintenance does.
 */
export type MaintenanceTask = "forget" | "prune" | "check" | "drill";

/**
 * One row of `GET /hosts/{agent}/maintenance`: a task of a repository.
 */
export type MaintenanceView = { repository: RepositoryName, task: MaintenanceTask,
/**
 * Absent: not by itself.
 */
cron: string | null, zone: string, last: LastBackup | null, next: UnixMs | null,
/**
 * Why it does not run here, in plain words: held back, another owner, only a keeper may.
 */
held: string | null, };

/**
 * `GET /session`: who am I?
 */
export type MeView = { user: string, role: Role,
/**
 * Absent for a token that does not expire.
 */
session_expires_at: UnixMs | null,
/**
 * The person's role takes a second factor, and they have none: until they add one in their account, nothing else is
 * answered.
 */
must_add_factor: boolean, };

export type Meanwhile = "wait" | "cancel";

/**
 * `GET …/measure`: what lies below a path.
 */
export type MeasureView = { files: number, directories: number, bytes: number, };

/**
 * An entry of a directory.
 */
export type Node = { name: RawPath, kind: NodeKind,
/**
 * Of a file.
 */
size?: number, mtime: UnixMs,
/**
 * The permission bits, with set-user-id and the like: 12 bits.
 */
mode: number, uid: number, gid: number, user?: string, group?: string,
/**
 * Of a link.
 */
target?: RawPath,
/**
 * Of a directory: the id of its tree, by which it is opened. Two with one id have the same in them.
 */
tree?: string, };

export type NodeKind = "file" | "directory" | "link" | "other";

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
 * What an order asks for, by the names that matter to whoever decides about it: bounded, whatever the order holds, and
 * never what it carries. What it does not name is absent.
 */
export type OrderAbout = {
/**
 * The first of them.
 */
groups?: Array<GroupName>, repository?: RepositoryName, task?: MaintenanceTask, job?: JobId,
/**
 * The first of them, by their short ids.
 */
snapshots?: Array<string>,
/**
 * The first paths that come back, or the one that is downloaded; long ones are cut. None of a restore: everything.
 */
paths?: Array<string>,
/**
 * So many more groups, paths, snapshots or tags than are named.
 */
more?: number,
/**
 * So many paths below those are left out.
 */
left_out?: number,
/**
 * Where a restore writes.
 */
target?: RestoreTarget,
/**
 * The host whose repository a restore reads.
 */
source?: string,
/**
 * The host that is lent to, the repository that is copied to, or what the host is to be called.
 */
to?: string,
/**
 * The first tags that the host is to have.
 */
tags?: Array<string>, slot?: string,
/**
 * Why the plan changes, in the person's words.
 */
note?: string, };

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
action: string,
/**
 * Absent: it asks for nothing by name, or was kept by a coordinator that did not write it down.
 */
about?: OrderAbout, person: string, issued_at: UnixMs, expires_at: UnixMs, state: OrderState, outcome: Outcome | null, answered_at: UnixMs | null, };

/**
 * Who or what wanted the job.
 */
export type Origin = { "by": "schedule", schedule: ScheduleName, due_at: UnixMs, } | { "by": "catch_up", schedule: ScheduleName, due_at: UnixMs, } | { "by": "retry", job: JobId, attempt: number,
/**
 * How many attempts there are, the first included, as the plan stood when this one began to wait. Absent: an
 * older agent did not say.
 */
of?: number, } | { "by": "operator", person: string, order: OrderId, } | { "by": "local" } | { "by": "maintenance", due_at: UnixMs, } | { "by": "follow", job: JobId | null, };

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
 * What happens to a file that is there already. In restic's words; all but `always` need restic 0.17.
 */
export type Overwrite = "always" | "if_changed" | "if_newer" | "never";

/**
 * The one host that prunes and checks a shared repository.
 */
export type Owner = { agent: AgentId,
/**
 * As people call it, so that the others can say who owns.
 */
name: string, };

/**
 * Whose the files are afterwards.
 */
export type Ownership = "keep" | "by_name" | "drop";

/**
 * One page of a list. `next` is an opaque cursor for the page after; absent on the last.
 */
export type Page<T> = { items: Array<T>, next: string | null,
/**
 * How many there are in all, where that is known without counting.
 */
total: number | null, };

/**
 * Part of an answer: at most 256 KiB as JSON.
 */
export type Part = { "part": "nodes", nodes: Array<Node>, } | { "part": "directory", trail: Array<string>, } | { "part": "measured", files: number, directories: number, bytes: number,
/**
 * False: it still counts.
 */
done: boolean, } | { "part": "hits", snapshot: string, hits: Array<Hit>, } | { "part": "changes", changes: Array<Change>, } | { "part": "sizes", sizes: Array<ChangeSize>, } | { "part": "compared", totals: DiffTotals, } | { "part": "lent", box: Base64Bytes, };

/**
 * `POST /session/passkey/begin`: a challenge for a passkey that knows its person. No body is needed.
 */
export type PasskeyChallengeView = { ticket: string,
/**
 * For `navigator.credentials.get` or `create`.
 */
options: unknown, };

/**
 * `POST /account/passkeys`: what `navigator.credentials.create` gave. Answers with [`RecoveryCodesView`].
 */
export type PasskeyRequest = { ticket: string, name: string, credential: unknown, };

/**
 * `POST /session/passkey`. Answers with [`MeView`].
 */
export type PasskeySignInRequest = { ticket: string, credential: unknown, };

export type PasskeyView = {
/**
 * The credential's id.
 */
id: Base64Bytes, name: string, created_at: UnixMs, used_at: UnixMs | null, };

/**
 * `POST /account/password`. Every other session of the person ends.
 */
export type PasswordRequest = { current: string, new: string, };

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
 * `PATCH /people/{person}`: what is left out stays.
 */
export type PersonEdit = {
/**
 * An empty text removes it.
 */
email?: string, role?: Role, };

export type PersonState = "active" | "setup_pending" | "disabled";

/**
 * One person, by the number that stays theirs whatever they are called.
 */
export type PersonView = { id: number, name: string, email: string | null, role: Role, state: PersonState,
/**
 * The name of the identity provider that vouches for the person: then it says name, e-mail and role, and nobody
 * changes them here.
 */
provider: string | null, created_at: UnixMs, signed_in_at: UnixMs | null, factors: Array<Factor>,
/**
 * Sessions that are alive.
 */
sessions: number, };

/**
 * A tick, or one taken away again below a ticked directory.
 */
export type Pick = {
/**
 * Absolute, as it stands in the snapshot.
 */
path: RawPath, take: boolean, };

/**
 * An address, kept as the secret `ping/NAME`, that is called when backups begin and end, healthchecks style: the
 * address itself on success, `/start` and `/fail` appended for the others.
 */
export type Ping = { start: boolean, success: boolean, failure: boolean,
/**
 * Of these groups; of all when empty.
 */
groups: Array<GroupName>, };

/**
 * A ping address of a plan; unique per host.
 */
export type PingName = string;

/**
 * Everything a host does by itself.
 */
export type Plan = { repositories: { [key in RepositoryName]: Repository }, groups: { [key in GroupName]: Group }, schedules: { [key in ScheduleName]: Schedule }, maintenance: Maintenance, limits: Limits, presence: Presence,
/**
 * The host's default hooks, for every group that does not say otherwise.
 */
hooks?: Hooks, pings?: { [key in PingName]: Ping },
/**
 * The name that this host's snapshots bear, when it is another than the machine's own: of a host that took the place
 * of one that is gone.
 */
hostname?: string, };

/**
 * One difference between two plans.
 */
export type PlanChange = { "what": "repository_added", repository: RepositoryName, } | { "what": "repository_changed", repository: RepositoryName, } | { "what": "repository_removed", repository: RepositoryName, } | { "what": "group_added", group: GroupName, } | { "what": "group_changed", group: GroupName, } | { "what": "group_removed", group: GroupName, } | { "what": "schedule_added", schedule: ScheduleName, } | { "what": "schedule_changed", schedule: ScheduleName, } | { "what": "schedule_removed", schedule: ScheduleName, } | { "what": "maintenance_changed" } | { "what": "limits_changed" } | { "what": "presence_changed" } | { "what": "hooks_changed", group: GroupName | null, } | { "what": "pings_changed" } | { "what": "hostname_changed" };

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
 * One thing that keeps the file from being the plan. No value of the file stands in it.
 */
export type PlanFileProblem = {
/**
 * Counts from 1; absent: it is nowhere in particular.
 */
line: number | null,
/**
 * Such as `groups.default.includes[0]`; empty: it is no field's.
 */
field: string, message: string, };

/**
 * One thing that is wrong, with the path of the field as JSON and TOML name it.
 */
export type PlanProblem = {
/**
 * Such as `groups.default.includes[0]`.
 */
field: string, message: string, };

/**
 * One row of `GET /hosts/{agent}/plan/history`, newest first.
 */
export type PlanRevisionView = {
/**
 * Where its record stands, opaque: a disk that was set back may use a number twice.
 */
place: string, revision: number, at: UnixMs,
/**
 * A person's name, `a token`, `plan.toml` or `the endpoint's terminal`.
 */
by: string, note: string | null,
/**
 * Against the revision before.
 */
changes: Array<PlanChange>, };

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
read_only: string | null,
/**
 * Why the endpoint's own file is not taken as it stands: the plan shown here stays in force.
 */
file_problems: Array<PlanFileProblem>, };

/**
 * A valid plan that will surprise somebody.
 */
export type PlanWarning = { "what": "retention_finer_than_schedule", group: GroupName, rule: string, } | { "what": "never_scheduled", group: GroupName, };

/**
 * The endpoint's policy, as its agent.toml has it: read, never written, from afar.
 */
export type PolicyFacts = { refuse_destination_changes: boolean, refuse_hooks: boolean,
/**
 * Actions by name.
 */
refuse_orders: Array<string>,
/**
 * No restore where the files were.
 */
refuse_in_place?: boolean,
/**
 * Restores go below these directories alone; none: there is no such limit.
 */
restore_below?: Array<string>,
/**
 * The retention floor.
 */
keep_at_least: Retention | null, };

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
 * Who or what is in the way, by its id: with `name_of_disabled` the person.
 */
subject?: string,
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
 * An identity provider that people may come by.
 */
export type ProviderView = { id: string, name: string, };

/**
 * A name or a path of a snapshot. Written as the text that it is, where it is UTF-8; a byte that is not part of any
 * stands as `\xHH`, and a backslash as two. Every path has one spelling, so that two that look alike are the same.
 */
export type RawPath = string;

/**
 * Why a job is not a plain success. One closed list, so that every surface explains it the same way.
 */
export type Reason = { "code": "unreadable_items", items: Array<string>, more: number, } | { "code": "missing_paths", paths: Array<string>, } | { "code": "nothing_to_back_up", paths: Array<string>, } | { "code": "repository_missing" } | { "code": "repository_not_ours", message: string, } | { "code": "wrong_password" } | { "code": "credential_refused",
/**
 * Such as `repository/main/password`.
 */
slots: Array<string>, message: string, } | { "code": "locked", owner: string | null, pid: number | null, since: UnixMs | null, } | { "code": "unreachable", address: string, message: string, } | { "code": "no_space", message: string, } | { "code": "forbidden", message: string, } | { "code": "restic_missing" } | { "code": "restic_too_old", needed: string, found: string, } | { "code": "secret_missing", slot: string, } | { "code": "not_in_plan", what: string, } | { "code": "empty_policy" } | { "code": "retention_held", message: string, } | { "code": "not_owner", owner: string, } | { "code": "owner_unclear", hosts: Array<string>, } | { "code": "append_only" } | { "code": "hook_failed", exit: number | null, message: string, } | { "code": "damaged", problems: number, first: string, } | { "code": "drill_failed", problems: number, first: string, } | { "code": "nothing_restored",
/**
 * Files that alone are more than a drill may restore.
 */
too_large: number,
/**
 * Files whose names are no text.
 */
unnamed: number, } | { "code": "paths_silent", paths: Array<string>, message: string, } | { "code": "certificate", message: string, } | { "code": "locks_changed" } | { "code": "not_copied", snapshots: Array<string>, } | { "code": "abandoned", why: string, } | { "code": "already_waiting" } | { "code": "cancelled_by", person: string, } | { "code": "agent_stopped" } | { "code": "agent_died" } | { "code": "restic", exit: number | null, message: string, } | { "code": "contradiction", message: string, } | { "code": "target_taken", target: string, } | { "code": "target_forbidden", target: string, message: string, } | { "code": "target_full", target: string, needed_bytes: number, free_bytes: number, } | { "code": "not_restored", items: Array<string>, more: number, first: string, } | { "code": "not_in_snapshot", what: string, } | { "code": "lent_gone", source: string, } | { "code": "internal", message: string, };

/**
 * What an agent answered to an order. Journalled, then sent.
 */
export type Receipt = { number: number, order: OrderId, outcome: Outcome, };

/**
 * Shown this once. Empty where the codes of before still count.
 */
export type RecoveryCodesView = { codes: Array<string>, };

/**
 * Why somebody is not let in, and what to do about it.
 */
export type Refusal = { code: RefusalCode, message: string, hint: string, supported?: ProtocolRange | null, };

export type RefusalCode = "rejected" | "protocol" | "fleet" | "identity" | "credential" | "busy" | "wait_over" | "duplicate" | "journal" | "fork" | "frame" | "unavailable" | "revoked";

/**
 * The other one of two hosts, of which one took the other's place.
 */
export type ReplacedView = { agent: AgentId, name: string, };

export type Repository = { backend: Backend,
/**
 * The everyday credential can only add: forget and prune need the admin credential.
 */
append_only?: boolean,
/**
 * Who prunes and checks it, where several hosts share it; absent: this host, as long as it is alone there.
 */
owner?: Owner,
/**
 * On a keeper: the hosts whose snapshots it forgets, with the policies of their own plans.
 */
wards?: Array<Ward>, };

/**
 * `GET /hosts/{agent}/repositories/{repository}/history?days=`: a point per day at most, oldest first.
 */
export type RepositoryHistoryView = { days: number, points: Array<NumbersAt>, };

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
restic_id: string | null, checked_at: UnixMs | null, numbers: RepositoryNumbers | null, snapshots: number, history: Array<NumbersAt>,
/**
 * The reason in plain words, and what to do next.
 */
explanation: Explanation | null,
/**
 * As they were last seen.
 */
locks: Array<Lock>, locks_at: UnixMs | null,
/**
 * Snapshots that retention does not trust.
 */
doubtful: number,
/**
 * Other hosts of the fleet that use the same repository, by restic's id: the first hundred by their names.
 */
sharing: Array<SharingView>,
/**
 * How many there are.
 */
sharing_total: number,
/**
 * The plan names an owner who is not, or no longer, in the fleet: nobody prunes and checks it.
 */
owner_gone: boolean, };

/**
 * Bring files of one snapshot back.
 */
export type Restore = { repository: RepositoryName,
/**
 * 64 hex digits.
 */
snapshot: string,
/**
 * What comes back, directories before what lies in them: of the picks that a path lies in, the last one decides.
 * Empty: everything.
 */
picks: Array<Pick>, target: RestoreTarget, overwrite: Overwrite, ownership: Ownership,
/**
 * Read what was written again, and compare.
 */
verify: boolean,
/**
 * Say what would be written, and write nothing.
 */
dry_run: boolean,
/**
 * What becomes of the job that runs on that repository now.
 */
meanwhile: Meanwhile,
/**
 * The repository is another host's, whose credential is lent for this one job. The order is then held in memory
 * alone, wherever it passes.
 */
lent?: Lent, };

export type RestoreItem = { path: string,
/**
 * restic's word: `restored`, `updated`, `unchanged`, `deleted`.
 */
action: string, bytes: number, };

/**
 * What a restore brought back, also one that was cut short: what is there by then stays there.
 */
export type RestoreResult = { snapshot: string,
/**
 * Where to, as the endpoint spells it; `/` when in place.
 */
target: string,
/**
 * Files and directories that were written, or would be.
 */
restored: number, restored_bytes: number,
/**
 * Left as they were: the overwrite rule said so.
 */
skipped: number, skipped_bytes: number,
/**
 * Came back incompletely or not at all, at most 100.
 */
failed: Array<DrillMismatch>, failed_total: number,
/**
 * Whether what was written was read again and compared: files that were.
 */
verified?: number,
/**
 * Of a dry run: the first 200 items that would be written or left.
 */
would: Array<RestoreItem>,
/**
 * What a person should know, such as owners that could not be kept.
 */
warnings: Array<string>, };

/**
 * Where files come back to.
 */
export type RestoreTarget = { "to": "fresh" } | { "to": "directory", path: string,
/**
 * What lies in this directory of the snapshot comes to lie in the target itself, instead of below its whole path.
 */
base?: RawPath, } | { "to": "in_place",
/**
 * The host's name as somebody typed it: nobody does this by a slip.
 */
host: string, };

/**
 * What `forget` keeps, in restic's terms. All absent: everything is kept and forget never runs.
 */
export type Retention = { keep_last: number, keep_hourly: number, keep_daily: number, keep_weekly: number, keep_monthly: number, keep_yearly: number,
/**
 * restic's duration, such as `14d` or `2y5m7d3h`.
 */
keep_within: string | null,
/**
 * Snapshots with one of these tags are pinned: no rule removes them. Not a rule of its own.
 */
keep_tags?: Array<string>, };

/**
 * What a policy would do to a group's snapshots. At most 1,000 of each; the job's numbers count them all.
 */
export type RetentionResult = { keep: Array<KeptSnapshot>, remove: Array<KeptSnapshot>, };

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
jitter_s: number,
/**
 * A run that is due waits until they hold, and then runs once.
 */
conditions?: Conditions, };

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
 * `enc(32) ‖ ciphertext`, base64url in JSON.
 */
export type SealedBox = string;

/**
 * A secret on its way to one machine.
 */
export type SealedSecret = { slot: string, revision: number,
/**
 * HPKE: `enc ‖ ciphertext`.
 */
box: Base64Bytes, };

/**
 * `POST /session/second-factor`: one of the three. Answers with [`MeView`].
 */
export type SecondFactorRequest = { ticket: string,
/**
 * Six digits of the code generator.
 */
code?: string, recovery_code?: string,
/**
 * What `navigator.credentials.get` gave.
 */
passkey?: unknown, };

/**
 * The answer to a password that was right and is not enough: `POST /session/second-factor` with this ticket.
 */
export type SecondFactorView = {
/**
 * Good for five minutes and a few tries.
 */
ticket: string, factors: Array<Factor>,
/**
 * Whether one of the person's recovery codes would do.
 */
recovery: boolean,
/**
 * For `navigator.credentials.get`, where the person has a passkey.
 */
passkey?: unknown, };

export type SecretView = { slot: string,
/**
 * The one in use.
 */
revision: number, at: UnixMs,
/**
 * The highest that the host was given; above `revision` while that one waits to be tried, or was refused. The next
 * to give is one more.
 */
newest: number, };

/**
 * One of one's own sessions.
 */
export type SessionView = {
/**
 * Names it; opens nothing.
 */
id: Hash32, current: boolean, created_at: UnixMs, used_at: UnixMs, expires_at: UnixMs, address: string | null,
/**
 * As the browser called itself.
 */
device: string | null, provider: string | null, };

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
 * The link by which an invited person chooses a password. Shown this once.
 */
export type SetupLinkView = { person: PersonView, link: string, expires_at: UnixMs, };

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
 * Another host that uses the same repository: also one row of `GET /hosts/{agent}/repositories/{repository}/sharing`.
 */
export type SharingView = { agent: AgentId, name: string,
/**
 * What it is called in that host's plan.
 */
repository: RepositoryName,
/**
 * Whom that host's plan names as the one who prunes and checks.
 */
owner: Owner | null, };

/**
 * `POST /session`.
 */
export type SignInRequest = { user: string, password: string, };

/**
 * `GET /session/ways`, for everybody: how one may sign in here.
 */
export type SignInWaysView = { providers: Array<ProviderView>,
/**
 * Whether a passkey may be used: browsers take one for a name over https, or on this very machine.
 */
passkeys: boolean, };

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
 * The answer to `DELETE /session`.
 */
export type SignedOutView = {
/**
 * Where the browser ends the provider's session too, when a provider began this one.
 */
provider_url: string | null, };

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
added_bytes: number | null,
/**
 * Why retention does not trust it, if it does not.
 */
doubt?: SnapshotDoubt | null, };

/**
 * What is wrong with a snapshot. Until somebody looks, nothing of its group is removed.
 */
export type SnapshotDoubt = "unknown" | "future";

/**
 * One row of `GET /hosts/{agent}/snapshots`.
 */
export type SnapshotRow = { repository: RepositoryName, snapshot: Snapshot, };

/**
 * `POST /sso/finish`: what the provider gave the browser. Sets the session's cookie.
 */
export type SsoFinishRequest = { code: string, state: string,
/**
 * Who says so (RFC 9207): the parameter of the same name, where the provider gave one.
 */
iss?: string, };

/**
 * The answer to [`SsoFinishRequest`].
 */
export type SsoFinishView = { me: MeView,
/**
 * A path of the panel.
 */
return_to: string, };

/**
 * `POST /sso/{provider}/start`.
 */
export type SsoStartRequest = {
/**
 * A path of the panel to go to afterwards; anything else is `/`.
 */
return_to?: string, };

/**
 * Where the browser goes to sign in.
 */
export type SsoStartView = { url: string, };

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
 * On what.
 */
export type Target = { kind: TargetKind, id: string,
/**
 * As people called it then.
 */
name: string, };

export type TargetKind = "person" | "session" | "api_token" | "key" | "fleet" | "host" | "token" | "template" | "route" | "audit";

/**
 * `PUT /templates/{name}`.
 */
export type TemplateRequest = { plan: Plan, };

/**
 * A plan that is kept to be given to hosts: `GET /templates`, `PUT /templates/{name}`.
 */
export type TemplateView = {
/**
 * Unique whatever its case.
 */
name: string,
/**
 * Of its repositories only the names count, for its groups: a host keeps its own destinations.
 */
plan: Plan, made_by: string, changed_at: UnixMs, };

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
behind: number, pending: number,
/**
 * Hosts where something holds retention or upkeep back.
 */
held?: number, };

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
 * `POST /account/totp/confirm`. Answers with [`RecoveryCodesView`].
 */
export type TotpConfirmRequest = { code: string, };

/**
 * `POST /account/totp`: what the code generator is told. It counts once a code was shown.
 */
export type TotpView = {
/**
 * Base32.
 */
secret: string,
/**
 * `otpauth://`, for a QR code.
 */
uri: string, };

/**
 * `GET /hosts/{agent}/repositories/{repository}/snapshots/{snapshot}/tree`: a page of one directory, in restic's order.
 */
export type TreeView = {
/**
 * The ids of the trees that were gone through, the directory's own last.
 */
trail: Array<string>, nodes: Array<Node>,
/**
 * How many entries the directory has; with `name`, how many fit.
 */
total: number,
/**
 * Bytes of the files in it, without those of its directories.
 */
bytes: number,
/**
 * Cursor for the page after; absent on the last.
 */
next: string | null, };

export type TroubleKind = "set_back" | "fork" | "doubled" | "namesake";

/**
 * Something that only a person can resolve.
 */
export type TroubleView = { kind: TroubleKind,
/**
 * What happened, and what to do next.
 */
message: string, };

/**
 * A point in time: milliseconds since the Unix epoch, UTC.
 */
export type UnixMs = number;

export type UnlockResult = { removed: Array<Lock>,
/**
 * Still there: their processes live, or are another host's.
 */
left: Array<Lock>, };

/**
 * A host whose snapshots a keeper forgets, with the policies of that host's own plan.
 */
export type Ward = { agent: AgentId,
/**
 * As restic names it in the host's snapshots.
 */
hostname: string,
/**
 * The revision of the host's plan that the policies were taken from.
 */
revision: number,
/**
 * By group, which is the tag.
 */
groups: { [key in GroupName]: Retention }, };
