//! Recovery codes by their hashes. Each is removed when it is used.

use wire::id::Hash32;

use super::{StoreError, Tx, people::PersonId};

/// These and no others from now on.
pub fn replace(tx: &Tx<'_>, person: PersonId, codes: &[Hash32]) -> Result<(), StoreError> {
    remove_all(tx, person)?;
    let mut insert = tx.prepare_cached("INSERT INTO recovery_codes (person, code) VALUES (?1, ?2)")?;
    for code in codes {
        insert.execute((person.0, &code.0[..]))?;
    }
    Ok(())
}

/// `false`: no such code, or it was used already.
pub fn take(tx: &Tx<'_>, person: PersonId, code: &Hash32) -> Result<bool, StoreError> {
    let taken = tx
        .prepare_cached("DELETE FROM recovery_codes WHERE person = ?1 AND code = ?2")?
        .execute((person.0, &code.0[..]))?;
    Ok(taken == 1)
}

pub fn remove_all(tx: &Tx<'_>, person: PersonId) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM recovery_codes WHERE person = ?1")?.execute([person.0])?;
    Ok(())
}
