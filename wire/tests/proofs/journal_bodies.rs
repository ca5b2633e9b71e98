//! Bodies: each kind is read back as it was written, from the wire's point of view: by its bytes.

use serde_json::json;
use wire::{
    id::JobId,
    job::Origin,
    journal::{
        BodyError, JobFinished, JobQueued, Kind, Local, LogChunk, OrderReceipt, PlanRevision, RecordBody,
    },
    plan::Plan,
};

fn from_json<T: RecordBody>(value: &serde_json::Value) -> T {
    T::from_bytes(value.to_string().as_bytes()).unwrap()
}

const JOB: &str = "0192f0c1-7a3b-7c1e-9f00-3b1f0a2c4d5e";

#[test]
fn a_queued_job_reads_flat() {
    let value = json!({
        "job": JOB, "kind": "backup", "repository": "main", "group": "default",
        "origin": { "by": "schedule", "schedule": "nightly", "due_at": 5 }, "later": true,
    });
    let body: JobQueued = from_json(&value);
    assert_eq!(body.subject.group.as_ref().unwrap().as_str(), "default");
    assert_eq!(JobQueued::from_bytes(&body.to_bytes().unwrap()).unwrap(), body);
    assert_eq!(JobQueued::KIND, Kind::JobQueued);
}

#[test]
fn missing_fields_have_defaults() {
    let body: JobFinished = from_json(&json!({ "job": JOB, "state": "succeeded" }));
    assert!(body.reason.is_none() && body.state.is_over() && body.log_lines == 0);
    let origin = json!({ "by": "retry", "job": JOB, "attempt": 2 });
    let body: JobQueued = from_json(
        &json!({ "job": JOB, "kind": "prune", "repository": "main", "group": null, "origin": origin }),
    );
    assert!(matches!(body.origin, Origin::Retry { attempt: 2, of: None, .. }), "{:?}", body.origin);
    assert_eq!(serde_json::to_value(&body.origin).unwrap(), origin);
    let body: PlanRevision = from_json(&json!({ "revision": 1, "plan": {}, "by": { "by": "file" } }));
    assert_eq!((body.plan, body.changes.len()), (Plan::default(), 0));
}

#[test]
fn a_receipt_keeps_its_outcome_beside_whose_wish_it_was() {
    let value = json!({
        "number": 3, "order": JOB, "outcome": { "outcome": "refused", "code": "expired", "message": "m", "hint": "h" },
        "action": "run", "person": "ada",
    });
    let body: OrderReceipt = from_json(&value);
    assert_eq!((body.receipt.number, body.person.as_deref()), (3, Some("ada")));
    assert_eq!(OrderReceipt::from_bytes(&body.to_bytes().unwrap()).unwrap(), body);
}

#[test]
fn a_body_of_the_future_is_an_error_that_names_its_kind() {
    let error = Local::from_bytes(br#"{"what":"teleported"}"#).unwrap_err();
    assert!(matches!(error, BodyError::Unreadable { kind: "local", .. }), "{error}");
}

#[test]
fn a_log_chunk_is_binary() {
    let job: JobId = JOB.parse().unwrap();
    let chunk = LogChunk { job, index: 258, compressed: b"zstd" };
    let bytes = chunk.to_bytes();
    assert_eq!(bytes.len(), 24);
    assert_eq!(&bytes[16..20], [0, 0, 1, 2]);
    assert_eq!(LogChunk::from_bytes(&bytes), Ok(chunk));
    assert_eq!(LogChunk::from_bytes(&bytes[..19]), Err(BodyError::LogChunk { found: 19 }));
}
